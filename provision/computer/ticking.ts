/**
 * Reports every second how long `work` has been running: `words: 12 s`. `work` can change the words with
 * `update`, which does not reset the time.
 */
export async function ticking<T>(
  progress: (line: string) => void,
  words: string,
  work: (update: (words: string) => void) => Promise<T>,
): Promise<T> {
  const start = Date.now();
  let now = words;
  const report = () => progress(`${now}: ${Math.round((Date.now() - start) / 1000)} s`);
  report();
  const timer = setInterval(report, 1000);
  try {
    return await work((next) => {
      now = next;
    });
  } finally {
    clearInterval(timer);
  }
}
