import type { Script } from './sh.ts';

/** The result of one script: its exit code and its two output streams. */
export interface Seen {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A local file that is uploaded to `to` before the change's script runs. */
export interface Upload {
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
}

/** A script that may change the host. It runs under `set -e`; after `timeout` seconds its process group is killed. */
export interface Step {
  readonly script: Script;
  readonly timeout: number;
}

/** One round trip to one host: the steps in order, then all probes. If a step fails, the rest is skipped. */
export interface Request {
  /** Runs first, in the session's own shell, for what must last as long as the session (the lock). */
  readonly enter?: Script;
  readonly steps: readonly Step[];
  readonly probes: readonly Script[];
  /** Receives lines that a step writes to file descriptor 9 while it runs. */
  readonly progress?: (line: string) => void;
}

/** After a step that fails, the remaining steps and the probes are skipped and have no result. */
export interface Reply {
  readonly entered?: Seen;
  readonly steps: readonly Seen[];
  readonly probes: readonly Seen[];
  /** Set if the probes did not finish: they timed out (code 124) or are not valid shell. */
  readonly broken?: Seen;
}

/** A persistent `sh`, local or remote. */
export interface Shell {
  /** The number of exchanges so far, shown in the recap as round trips. */
  readonly roundTrips: number;
  /** @throws ProvisionError (unreachable) if no complete reply arrives; an incomplete reply is never a success. */
  exchange(request: Request): Promise<Reply>;
}

/** A shell on a host, open for the duration of a run. */
export interface Session extends Shell {
  /** Copies a local file to a new file on the host, mode 0600. `progress` receives the number of bytes sent so far. */
  upload(upload: Upload, progress: (bytes: number) => void): Promise<void>;
  /** Ends the connection immediately, after a second Ctrl-C. */
  abort(): void;
  close(): Promise<void>;
}
