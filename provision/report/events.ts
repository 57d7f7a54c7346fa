import type { Diff } from '../language/resource.ts';

/** One line of the recap: the result for one host. */
export interface HostRecap {
  readonly host: string;
  readonly ok: number;
  readonly changed: number;
  readonly failed: number;
  readonly unreachable: number;
  readonly handlers: number;
  readonly roundTrips: number;
  readonly seconds: number;
}

/** Everything a run reports. `--json` prints these objects, one per line. */
export type Event =
  | {
      event: 'start';
      approach: string;
      provider: string;
      /** If the user named no provider: why this one was chosen, and how to choose another. */
      why?: string;
      hosts: readonly string[];
      check: boolean;
    }
  | { event: 'progress'; topic: string; message: string }
  | { event: 'role'; host: string; role: string }
  | {
      event: 'resource';
      host: string;
      role: string;
      resource: string;
      status: 'ok' | 'changed' | 'pending' | 'skipped';
      predicted: boolean;
      changes: readonly { summary: string; diff?: Diff }[];
      seconds: number;
    }
  | {
      event: 'handler';
      host: string;
      role: string;
      handler: string;
      status: 'ran' | 'pending';
      seconds: number;
    }
  | { event: 'error'; host?: string; kind: string; message: string; said?: string; todo?: string }
  | { event: 'verify'; check: string; ok: boolean; seconds: number; answer?: string }
  | { event: 'warning'; message: string }
  /** What the code of the approach has found out. */
  | { event: 'note'; message: string }
  | {
      event: 'recap';
      exitCode: number;
      urls: readonly string[];
      hosts: readonly HostRecap[];
      seconds: number;
    };

/** Receives the events of a run. */
export type Reporter = (event: Event) => void;
