import type { Reporter } from './events.ts';

/** Writes one JSON object per line to stdout; the last one is the recap. */
export const jsonReporter: Reporter = (event) => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};
