import type { Batch, Resource } from '../language/resource.ts';
import type { Seen } from '../shell/exchange.ts';
import type { Script } from '../shell/sh.ts';

/** Turns the output of the probe scripts into one state per resource, in order. */
type Read = (seen: readonly Seen[]) => unknown[];

/**
 * The scripts that probe some resources: one for each resource with a script of its own, and one for all entries of
 * a batch.
 */
export function probesOf(resources: readonly Resource[]): { scripts: readonly Script[]; read: Read } {
  const scripts: Script[] = [];
  const own: { index: number; at: number; read(seen: Seen): unknown }[] = [];
  const batches = new Map<Batch<unknown, unknown>, { index: number; arg: unknown }[]>();
  for (const [index, { probe }] of resources.entries()) {
    if ('script' in probe)
      own.push({ index, at: scripts.push(probe.script) - 1, read: (seen) => probe.read(seen) });
    else batches.set(probe.batch, [...(batches.get(probe.batch) ?? []), { index, arg: probe.arg }]);
  }
  const first = scripts.length;
  for (const [batch, entries] of batches) scripts.push(batch.script(entries.map(({ arg }) => arg)));
  return {
    scripts,
    read: (seen) => {
      const states: unknown[] = new Array(resources.length);
      for (const { index, at, read } of own) states[index] = read(answer(seen, at));
      for (const [i, [batch, entries]] of [...batches].entries()) {
        const args = entries.map(({ arg }) => arg);
        const read = batch.read(answer(seen, first + i), args);
        for (const [j, { index }] of entries.entries()) states[index] = read[j];
      }
      return states;
    },
  };
}

function answer(seen: readonly Seen[], at: number): Seen {
  const found = seen[at];
  if (!found) throw new RangeError(`the host answered ${seen.length} probes, not ${at + 1}`);
  return found;
}
