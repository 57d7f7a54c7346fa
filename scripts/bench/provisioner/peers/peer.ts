import type { BenchHost } from '../hosts.ts';

export const peerNames = ['ours', 'ansible', 'mitogen', 'pyinfra', 'floor'] as const;
export type PeerName = (typeof peerNames)[number];

/** Where a peer writes its files, and how it reaches the hosts. */
export interface Workplace {
  /** An empty folder of the peer's own. */
  readonly folder: string;
  /** The workload's local files. */
  readonly files: string;
  /** A folder with a short path: the path of a socket has at most 108 bytes, and that of a checkout may be longer. */
  readonly sockets: string;
  readonly hosts: readonly BenchHost[];
  /** The private key for root, and the known_hosts file. */
  readonly key: string;
  readonly knownHosts: string;
  readonly hostKey: string;
}

/** One local command that provisions all hosts; its time is measured. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A provisioner that is compared. */
export interface Peer {
  readonly name: PeerName;
  /** How to install it; undefined if it is installed. */
  missing(): string | undefined;
  /** Writes the workload in the peer's own language. */
  prepare(place: Workplace): Command;
  /** Whether the output of a converged run reports no change on each of `hosts` hosts. */
  isUnchanged?(output: string, hosts: number): boolean;
}

/** Whether `pattern` matches once for each host. */
export const each = (output: string, pattern: RegExp, hosts: number) =>
  [...output.matchAll(pattern)].length === hosts;
