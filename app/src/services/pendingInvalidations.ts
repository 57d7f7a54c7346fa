/** Keys whose update the cache missed while it was unavailable. */
export interface PendingInvalidations {
  /** True while the cache may still contain the old value. */
  has(key: string): boolean;
  add(key: string): void;
  /** A later update reached the cache. */
  delete(key: string): void;
}

/** The pause between two retries, in milliseconds. */
const retryMilliseconds = 1000;

/**
 * Retries `invalidate` for each key until it succeeds, or for `seconds`, after which the cache has dropped the old value
 * by itself. This also bounds the list.
 */
export function pendingInvalidations(
  seconds: number,
  invalidate: (key: string) => Promise<boolean>,
): PendingInvalidations {
  const pending = new Map<string, number>();
  let waiting = false;
  const retry = async () => {
    for (const [key, until] of pending) {
      const done = Date.now() > until || (await invalidate(key));
      if (!done) break;
      // Keep the key if a newer update was missed meanwhile.
      if (pending.get(key) === until) pending.delete(key);
    }
    waiting = false;
    schedule();
  };
  const schedule = () => {
    if (pending.size === 0 || waiting) return;
    waiting = true;
    setTimeout(retry, retryMilliseconds).unref();
  };
  return {
    has: (key) => pending.has(key),
    add(key) {
      pending.set(key, Date.now() + seconds * 1000);
      schedule();
    },
    delete: (key) => void pending.delete(key),
  };
}
