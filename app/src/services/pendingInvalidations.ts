/** Changes that the cache missed while it was away. */
export interface PendingInvalidations {
  /** True while the cache may still say what was so before. */
  has(key: string): boolean;
  add(key: string): void;
  /** The cache has been told by somebody else. */
  delete(key: string): void;
}

/** How long to wait before the cache is told again, in milliseconds. */
const retryMilliseconds = 1000;

/**
 * Tells the cache that a key has changed until `tell` says that it knows, or for as many seconds as it keeps an
 * old value at all: that is also what bounds the list.
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
      // A newer change may have been missed meanwhile: that is a debt of its own.
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
