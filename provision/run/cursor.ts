/**
 * The position of a host run in its list of resources, and what it has probed since the last change. Pure: no connection,
 * no clock. The rule it keeps: no decision is made on anything seen before the last change.
 */
export interface Cursor {
  /** The index of the resource that is decided next. */
  readonly at: number;
  /** How many resources the next probe covers. */
  readonly window: number;
  /** States by index, all of them seen after the last change. */
  readonly states: ReadonlyMap<number, unknown>;
  /** An earlier change is still pending (`--check`): the states may not hold. */
  readonly predicted: boolean;
}

/** The resources that one exchange probes. */
export interface Range {
  readonly from: number;
  readonly count: number;
}

/** Before the first exchange, which probes all resources. */
export const begin = (count: number): Cursor => ({
  at: 0,
  window: count,
  states: new Map(),
  predicted: false,
});

/** What to probe before the next resource can be decided; undefined when its state is known. */
export const toProbe = ({ at, window, states }: Cursor): Range | undefined =>
  states.has(at) ? undefined : { from: at, count: window };

/** After a probe. The next one covers twice as many: while nothing changes, n resources take log n exchanges. */
export const probed = (cursor: Cursor, range: Range, seen: readonly unknown[]): Cursor => ({
  ...cursor,
  window: 2 * cursor.window,
  states: statesOf(range, seen),
});

/** What the exchange that makes a change probes: the resource that changes, and the one after it. */
export const toProbeWithChange = ({ at }: Cursor): Range => ({ from: at, count: 2 });

/** After a change: everything seen before is forgotten. */
export const changed = (cursor: Cursor, range: Range, seen: readonly unknown[]): Cursor => ({
  ...cursor,
  window: 2,
  states: statesOf(range, seen),
});

/** What the exchange that runs a handler probes: the first resource of the next role. */
export const toProbeWithHandler = ({ at }: Cursor): Range => ({ from: at + 1, count: 1 });

/** After a handler: it may have changed anything. */
export const handled = (cursor: Cursor, range: Range, seen: readonly unknown[]): Cursor => ({
  ...cursor,
  window: 1,
  states: statesOf(range, seen),
});

/** After a change that `--check` left pending. */
export const pending = (cursor: Cursor): Cursor => ({ ...cursor, predicted: true });

/** On to the next resource. */
export const next = (cursor: Cursor): Cursor => ({ ...cursor, at: cursor.at + 1 });

const statesOf = ({ from }: Range, seen: readonly unknown[]): ReadonlyMap<number, unknown> =>
  new Map(seen.map((state, i) => [from + i, state]));
