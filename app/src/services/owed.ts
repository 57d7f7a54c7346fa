/** Changes that the cache missed while it was away. */
export interface Owed<V> {
  /** True while the cache may still say what was so before. */
  has(key: string): boolean;
  owe(key: string, value: V): void;
  /** The cache has been told by somebody else. */
  forget(key: string): void;
}

/** How long to wait before the cache is told again, in milliseconds. */
const patience = 1000;

/**
 * Tells the cache what it missed until `tell` says that it knows, or for as many seconds as it keeps an old value
 * at all: that is also what bounds the list.
 */
export function owed<V>(seconds: number, tell: (key: string, value: V) => Promise<boolean>): Owed<V> {
  const debts = new Map<string, { value: V; until: number }>();
  let waiting = false;
  const pay = async () => {
    for (const [key, debt] of debts) {
      const settled = Date.now() > debt.until || (await tell(key, debt.value));
      if (!settled) break;
      // A newer change may have come meanwhile, and is told on its own.
      if (debts.get(key) === debt) debts.delete(key);
    }
    waiting = false;
    payLater();
  };
  const payLater = () => {
    if (debts.size === 0 || waiting) return;
    waiting = true;
    setTimeout(pay, patience).unref();
  };
  return {
    has: (key) => debts.has(key),
    owe(key, value) {
      debts.set(key, { value, until: Date.now() + seconds * 1000 });
      payLater();
    },
    forget: (key) => void debts.delete(key),
  };
}
