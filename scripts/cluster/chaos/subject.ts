import type { Provisioned } from './provisioner.ts';

/** A cluster at one moment, as far as an experiment must know it. */
export interface Observation {
  /** Why it is not healthy, one line each. */
  readonly problems: readonly string[];
  /** Whether a part that has no data, such as the application, has fewer running replicas than wanted. */
  readonly underReplicated: boolean;
  /** The running replicas by id, each with the name of what it is a replica of. */
  readonly running: ReadonlyMap<string, string>;
  /** The names of what a part of the cluster scales by itself, at any time. */
  readonly autoscaled?: readonly string[];
}

/** The cluster that an experiment is made on, whatever runs it. */
export interface Subject {
  readonly approach: string;
  /** Distinguishes its results from others in the table of the same approach. */
  readonly variant?: string | undefined;
  /** The addresses of the application, one for each node. */
  readonly urls: readonly string[];
  /** The path that returns 200 while a node is in service. */
  readonly health: string;
  readonly progress: (line: string) => void;
  /** @throws ProvisionError if the cluster does not answer */
  observe(): Promise<Observation>;
  /** Waits under load, before the fault, until nothing scales. */
  settle?(): Promise<void>;
  /** Provisions, from another checkout or with more arguments if given. */
  provision(another?: { readonly from?: string; readonly words?: readonly string[] }): Promise<Provisioned>;
}
