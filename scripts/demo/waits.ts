import type { Moment } from './recording.ts';

/**
 * No wait longer than so many seconds. A line that only says what is being waited for, and is written over the one
 * before, is part of the wait: such lines come faster then, and none is left out.
 */
export function shortened(moments: readonly Moment[], most: number): Moment[] {
  return waitsIn(moments).flatMap((wait) => {
    const seconds = wait.reduce((sum, { delay }) => sum + delay, 0);
    const factor = Math.min(1, most / (seconds || 1));
    return wait.map(({ delay, text }) => ({ delay: delay * factor, text }));
  });
}

/** Everything in groups, each of which ends with something new. */
function waitsIn(moments: readonly Moment[]): Moment[][] {
  const waits: Moment[][] = [[]];
  for (const moment of moments) {
    waits.at(-1)?.push(moment);
    if (isNew(moment)) waits.push([]);
  }
  return waits;
}

const isNew = ({ text }: Moment) => !text.startsWith('\r') || text.includes('\n');
