import type { Host } from '../host.ts';
import type { Machine } from './machines.ts';

export interface ProviderOptions {
  readonly approach: string;
  readonly machines: Readonly<Record<string, Machine>>;
  /** Answers yes to every question, such as whether to install programs on this computer. */
  readonly yes: boolean;
  /** Which operating system to boot, for providers that can choose. */
  readonly image: string;
  /** Whether the approach's roles pull container images: if so, a provider may set `docker.mirrors` for its hosts. */
  readonly pulls?: boolean;
  /** Reports what the provider is waiting for. A later line replaces an earlier one of the same `topic`. */
  progress(topic: string, line: string): void;
}

/** Where machines come from. */
export interface Provider {
  readonly name: 'qemu' | 'docker' | 'vagrant' | 'static';
  /** Whether this approach's machines are already running. Must be quick and must not use the network. */
  running(approach: string): Promise<boolean>;
  /** Brings the machines up if the provider can, and returns them as hosts. */
  hosts(options: ProviderOptions): Promise<Host[]>;
}
