import type { BenchHost } from '../hosts.ts';

export const peerNames = ['ours', 'ansible', 'mitogen', 'pyinfra', 'floor'] as const;
export type PeerName = (typeof peerNames)[number];

/** Where a peer writes what it needs, and what it reaches the hosts with. */
export interface Workplace {
  /** An empty folder of the peer's own. */
  readonly folder: string;
  /** The workload's local files. */
  readonly files: string;
  /** A folder with a short path: that of a socket has at most 108 bytes, and a checkout may lie deeper. */
  readonly sockets: string;
  readonly hosts: readonly BenchHost[];
  /** Root's private key, and the file that knows the hosts' keys. */
  readonly key: string;
  readonly knownHosts: string;
  readonly hostKey: string;
}

/** One local command that makes all hosts so; its time is what is measured. */
export interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** One of those who are compared. */
export interface Peer {
  readonly name: PeerName;
  /** Why it cannot be measured here, with what to do about it; undefined when it can. */
  missing(): string | undefined;
  /** Writes the workload in the peer's own language. */
  prepare(place: Workplace): Command;
  /** Whether the output of a converged run says that nothing had to change, on each of so many hosts. */
  calm?(output: string, hosts: number): boolean;
}

/** Every line that `pattern` finds, once for each host. */
export const each = (output: string, pattern: RegExp, hosts: number) =>
  [...output.matchAll(pattern)].length === hosts;
