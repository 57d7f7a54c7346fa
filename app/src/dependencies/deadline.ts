import { Unavailable } from './unavailable.ts';

/** What `work` comes to, or Unavailable with code TIMEOUT after the milliseconds: who waits is told, the work goes on. */
export function within<T>(dependency: string, milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Unavailable(dependency, 'TIMEOUT', `no answer in ${milliseconds} ms`)),
      milliseconds,
    );
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
