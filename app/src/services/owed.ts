/** Changes that the cache missed while it was away. */
export interface Owed {
  /** True while the cache may still say what was so before. */
  has(key: string): boolean;
  owe(key: string): void;
  /** The cache has been told by somebody else. */
  forget(key: string): void;
}

/** How long to wait before the cache is told again, in milliseconds. */
const retryMilliseconds = 1000;

/**
 * Tells the cache that a key has changed until `tell` says that it knows, or for as many seconds as it keeps an
 * old value at all: that is also what bounds the list.
 */
export function owed(seconds: number, tell: (key: string) => Promise<boolean>): Owed {
  const debts = new Map<string, number>();
  let waiting = false;
  const pay = async () => {
    for (const [key, until] of debts) {
      const settled = Date.now() > until || (await tell(key));
      if (!settled) break;
      // A newer change may have been missed meanwhile: that is a debt of its own.
      if (debts.get(key) === until) debts.delete(key);
    }
    waiting = false;
    payLater();
  };
  const payLater = () => {
    if (debts.size === 0 || waiting) return;
    waiting = true;
    setTimeout(pay, retryMilliseconds).unref();
  };
  return {
    has: (key) => debts.has(key),
    owe(key) {
      debts.set(key, Date.now() + seconds * 1000);
      payLater();
    },
    forget: (key) => void debts.delete(key),
  };
}
