import type { Host } from '../host.ts';
import type { Machine } from './machines.ts';

/** The roles that download images or packages, each with the variable that says from where. */
export const addresses = {
  docker: 'mirrors',
  image: 'mirrors',
  containerd: 'mirrors',
  kubernetes: 'repository',
  helm: 'url',
} as const;

export type Pull = keyof typeof addresses;

export interface ProviderOptions {
  readonly approach: string;
  readonly machines: Readonly<Record<string, Machine>>;
  /** Answers yes to every question, such as whether to install programs on this computer. */
  readonly yes: boolean;
  /** Which operating system to boot, for providers that can choose. */
  readonly image: string;
  /** The roles that download from addresses which nobody has specified: a provider may set these for its hosts. */
  readonly pulls?: readonly Pull[];
  /** Reports what the provider is waiting for. A later line replaces an earlier one of the same `topic`. */
  progress(topic: string, line: string): void;
  /** Called with the names of missing machines before any is created. Throws if they must not be created. */
  beforeCreating?(missing: readonly string[]): void;
  /** Shows a warning; without it, a warning is a line of progress. */
  warn?(message: string): void;
}

/** Where machines come from. */
export interface Provider {
  readonly name: 'qemu' | 'docker' | 'vagrant' | 'static';
  /** Whether this approach's machines are already running. Must be quick and must not use the network. */
  running(approach: string): Promise<boolean>;
  /** Brings the machines up if the provider can, and returns them as hosts. */
  hosts(options: ProviderOptions): Promise<Host[]>;
}
