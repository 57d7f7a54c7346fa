import type { Observation } from './subject.ts';

/** The names of the replicas that no longer run, except those that may be replaced or are no longer needed. */
export function replacedIn(before: Observation, after: Observation, mayReplace: readonly string[]): string[] {
  const isAllowed = (name: string) => mayReplace.some((one) => name === one || name.endsWith(`_${one}`));
  const gone = [...before.running].filter(([id]) => !after.running.has(id)).map(([, name]) => name);
  const spare = new Map((before.autoscaled ?? []).map((name) => [name, fewer(name, before, after)]));
  return gone.filter((name) => {
    const left = spare.get(name) ?? 0;
    spare.set(name, left - 1);
    return left <= 0 && !isAllowed(name);
  });
}

/** By how many replicas something was scaled down. */
const fewer = (name: string, before: Observation, after: Observation): number =>
  countIn(before, name) - countIn(after, name);

const countIn = ({ running }: Observation, name: string): number =>
  [...running.values()].filter((one) => one === name).length;
