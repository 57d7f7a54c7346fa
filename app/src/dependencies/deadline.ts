import { Unavailable } from './unavailable.ts';

/**
 * Resolves like `work`, or rejects with Unavailable and code TIMEOUT after the milliseconds. The work itself is not
 * cancelled. `mapError` converts the error that it rejects with.
 */
export function withDeadline<T>(
  dependency: string,
  milliseconds: number,
  work: Promise<T>,
  mapError = (error: unknown) => error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = afterDeadline(milliseconds, () =>
      reject(new Unavailable(dependency, 'TIMEOUT', `no response in ${milliseconds} ms`)),
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
 * Calls `onExpired` after the milliseconds and one more turn of the event loop. After this process was paused, timers
 * run before the sockets are read: the extra turn accepts a response that has already arrived. Returns a function that
 * cancels the deadline.
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
