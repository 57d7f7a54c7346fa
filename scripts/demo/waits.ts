import type { Moment } from './recording.ts';

/**
 * Shortens waits to `most` seconds. A progress line that overwrites the one before is part of the wait: such lines then
 * come faster, and none is left out.
 */
export function shortened(moments: readonly Moment[], most: number): Moment[] {
  return waitsIn(moments).flatMap((wait) => {
    const seconds = wait.reduce((sum, { delay }) => sum + delay, 0);
    const factor = Math.min(1, most / (seconds || 1));
    return wait.map(({ delay, text }) => ({ delay: delay * factor, text }));
  });
}

/** The moments in groups, each of which ends with new output. */
function waitsIn(moments: readonly Moment[]): Moment[][] {
  const waits: Moment[][] = [[]];
  for (const moment of moments) {
    waits.at(-1)?.push(moment);
    if (isNew(moment)) waits.push([]);
  }
  return waits;
}

const isNew = ({ text }: Moment) => !text.startsWith('\r') || text.includes('\n');
