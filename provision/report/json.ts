import type { Reporter } from './events.ts';

/** One JSON object a line on stdout; the last is the recap. What a person only waits for is left out. */
export const jsonReporter: Reporter = (event) => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
};
