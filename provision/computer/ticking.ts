/**
 * Shows, each second, how long a long wait has lasted: `words: 12 s`. `say` changes the words meanwhile, and the
 * clock goes on.
 */
export async function ticking<T>(
  progress: (line: string) => void,
  words: string,
  work: (say: (words: string) => void) => Promise<T>,
): Promise<T> {
  const start = Date.now();
  let now = words;
  const tell = () => progress(`${now}: ${Math.round((Date.now() - start) / 1000)} s`);
  tell();
  const timer = setInterval(tell, 1000);
  try {
    return await work((next) => {
      now = next;
    });
  } finally {
    clearInterval(timer);
  }
}
