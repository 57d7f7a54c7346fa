import type { Seen, Upload } from '../shell/exchange.ts';
import { lines, type Script } from '../shell/sh.ts';

/**
 * A read-only query of state that can change: either a script of its own, or an entry of a batch. One script probes
 * all entries of a batch in an exchange, so 30 files cost two processes instead of sixty.
 */
export type Probe<S> =
  | { readonly script: Script; read(seen: Seen): S }
  | { readonly batch: Batch<unknown, S>; readonly arg: unknown };

export interface Batch<A, S> {
  readonly name: string;
  script(args: readonly A[]): Script;
  /** One state for each argument, in the same order. */
  read(seen: Seen, args: readonly A[]): readonly S[];
}

/** A typed entry of a batch. */
export function batched<A, S>(batch: Batch<A, S>, arg: A): Probe<S> {
  return { batch: batch as Batch<unknown, S>, arg };
}

export interface Diff {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** One change to a host. */
export interface Change {
  /** What the change does, beginning with a verb: `install curl`, which a dry run prints as `would install curl`. */
  readonly summary: string;
  readonly diff?: Diff;
  readonly upload?: Upload;
  readonly script: Script;
}

/** Runs once at the end of a role if a resource that notifies it has changed. It remains pending until it succeeds. */
export interface Handler {
  readonly name: string;
  readonly script: Script;
}

/** A part of a host's desired state. `plan` is pure: it uses no connection, clock or file. */
export interface Resource<S = unknown> {
  /** The kind of resource, as written in a role: `file`, `apt.packages`. */
  readonly kind: string;
  /** Identifies the resource, for example a path or names of packages. Users see `kind name`. */
  readonly name: string;
  readonly probe: Probe<S>;
  /** The changes that lead from this state to the desired state; empty if they are the same. */
  plan(state: S): readonly Change[];
  readonly notify?: readonly Handler[];
  /** Seconds after which a change is killed with its process group; default: 600. */
  readonly timeout?: number;
  /** Its changes end with a reboot of the host. The run waits until the host answers again, and continues there. */
  readonly reboots?: boolean;
  /** What a person should do when a change fails: a command that shows more, for example. */
  readonly hint?: string;
  /** Merges the next resource of the same role into this one if one change can do both; otherwise undefined. */
  join?(next: Resource): Resource | undefined;
}

/** The option `notify: reload` or `notify: [reload, restart]`, which every resource takes. */
export interface Notify {
  notify?: Handler | readonly Handler[];
}

export function notified({ notify }: Notify): { notify?: readonly Handler[] } {
  return notify === undefined ? {} : { notify: [notify].flat() };
}

/** A handler is a value. Its scripts run in order; if one fails, the rest is skipped and the handler stays pending. */
export function handler(name: string, ...scripts: Script[]): Handler {
  return { name, script: lines(scripts) };
}
