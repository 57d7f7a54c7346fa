import type { Seen, Upload } from '../shell/exchange.ts';
import { lines, type Script } from '../shell/sh.ts';

/**
 * A read-only look at what can change. Either one script of its own, or an entry of a batch: all entries of the
 * same batch in one exchange are looked at by one script, so that 30 files cost two processes and not sixty.
 */
export type Probe<S> =
  | { readonly script: Script; read(seen: Seen): S }
  | { readonly batch: Batch<unknown, S>; readonly arg: unknown };

export interface Batch<A, S> {
  readonly name: string;
  script(args: readonly A[]): Script;
  /** One state for each argument, in their order. */
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

/** One thing that has to be done: what a person is told, and the shell that makes it so. */
export interface Change {
  readonly summary: string;
  readonly diff?: Diff;
  readonly upload?: Upload;
  readonly script: Script;
}

/** What runs once at the end of a role when something it was told about has changed. Owed until it succeeds. */
export interface Handler {
  readonly name: string;
  readonly script: Script;
}

/** One thing that should be so. `plan` is pure: no connection, no clock, no file; empty when it is already so. */
export interface Resource<S = unknown> {
  /** What it is a kind of, as a role writes it: `file`, `apt.packages`. */
  readonly kind: string;
  /** Which one: a path, names of packages. `kind name` is what a person reads. */
  readonly name: string;
  readonly probe: Probe<S>;
  plan(state: S): readonly Change[];
  readonly notify?: readonly Handler[];
  /** Seconds a change may take before its process group is killed; 600 unless said. */
  readonly timeout?: number;
  /** Joins the next resource of the same role to this one when both can be one change; undefined when not. */
  join?(next: Resource): Resource | undefined;
}

/** `notify: reload` or `notify: [reload, restart]`: the option every resource takes. */
export interface Notify {
  notify?: Handler | readonly Handler[];
}

export function notified({ notify }: Notify): { notify?: readonly Handler[] } {
  return notify === undefined ? {} : { notify: [notify].flat() };
}

/** A handler is a value: the scripts run in order, the first that fails ends it, and the debt stays. */
export function handler(name: string, ...scripts: Script[]): Handler {
  return { name, script: lines(scripts) };
}
