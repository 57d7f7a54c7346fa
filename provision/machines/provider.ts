import type { Host } from '../host.ts';
import type { Machine } from './machines.ts';

export interface ProviderOptions {
  readonly approach: string;
  readonly machines: Readonly<Record<string, Machine>>;
  /** Says yes to every question (installing host programs, say). */
  readonly yes: boolean;
  /** Which operating system to boot, for providers that can choose. */
  readonly image: string;
  /** The approach's roles pull container images: a provider may hand its hosts a mirror (`docker.mirrors`). */
  readonly pulls?: boolean;
  /** One line about what is being waited for. A later line replaces an earlier one of the same `topic`. */
  progress(topic: string, line: string): void;
}

/** Where machines come from. */
export interface Provider {
  readonly name: 'qemu' | 'docker' | 'vagrant' | 'static';
  /** True when this approach's machines are up already. Quick, and asks nothing of the network. */
  running(approach: string): Promise<boolean>;
  /** The machines as hosts, brought up first if the provider can do that. */
  hosts(options: ProviderOptions): Promise<Host[]>;
}
