import type { Script } from './sh.ts';

/** What one step of shell answered. `code` is its exit code; the two streams stand apart. */
export interface Seen {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A local file whose bytes must be on the host, at `to`, before the change's script runs. */
export interface Upload {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/** A piece of shell that may change something: run under `set -e`, its process group killed after `timeout` seconds. */
export interface Step {
  readonly script: Script;
  readonly timeout: number;
}

/** One script to one host: the steps in order until one fails, then all probes. */
export interface Request {
  /** Runs in the session's own shell, before all: what must last as long as the session (the lock). */
  readonly enter?: Script;
  readonly steps: readonly Step[];
  readonly probes: readonly Script[];
  /** Lines that a step writes to file descriptor 9 while it runs. */
  readonly progress?: (line: string) => void;
}

/** Steps that were not run, because one before them failed, have no answer; then the probes have none either. */
export interface Reply {
  readonly entered?: Seen;
  readonly steps: readonly Seen[];
  readonly probes: readonly Seen[];
  /** Set when the probes did not come to an end: out of time (code 124), or not shell at all. */
  readonly broken?: Seen;
}

/** A persistent `sh`, wherever it runs. */
export interface Shell {
  /** Exchanges so far: what a recap shows as round trips. */
  readonly roundTrips: number;
  /** @throws ProvisionError (unreachable) when no whole reply comes back: never a success by default. */
  exchange(request: Request): Promise<Reply>;
}

/** A shell on a host, for as long as a run lasts. */
export interface Session extends Shell {
  /** The bytes of a local file to a new file on the host, mode 0600. `progress` hears bytes sent so far. */
  upload(upload: Upload, progress: (bytes: number) => void): Promise<void>;
  /** Ends the connection at once: the second Ctrl-C. */
  abort(): void;
  close(): Promise<void>;
}
