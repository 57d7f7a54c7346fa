import { Unavailable } from './unavailable.ts';

/**
 * What `work` comes to, or Unavailable with code TIMEOUT after the milliseconds: who waits is told, the work goes on.
 * What it fails with is told in the words of `mapError`.
 */
export function withDeadline<T>(
  dependency: string,
  milliseconds: number,
  work: Promise<T>,
  mapError = (error: unknown) => error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = afterDeadline(milliseconds, () =>
      reject(new Unavailable(dependency, 'TIMEOUT', `no answer in ${milliseconds} ms`)),
    );
    work.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error) => {
        cancel();
        reject(mapError(error));
      },
    );
  });
}

/**
 * Calls `late` after the milliseconds and one more turn of the event loop: after a pause of this process, timers run
 * before what has arrived meanwhile is read, and an answer that is here is not late. Answers what cancels it.
 */
export function afterDeadline(milliseconds: number, onExpired: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    turn = setImmediate(onExpired);
  }, milliseconds);
  return () => {
    clearTimeout(timer);
    if (turn) clearImmediate(turn);
  };
}
