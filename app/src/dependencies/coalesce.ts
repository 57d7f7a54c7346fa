import { setImmediate as endOfTurn } from 'node:timers/promises';

/**
 * Coalesces calls: all callers that use the same key in one turn of the event loop share one call, which starts at the
 * end of that turn. No caller gets a result that is older than its call.
 */
export function coalesce<T>(): (key: string, call: () => Promise<T>) => Promise<T> {
  const pending = new Map<string, Promise<T>>();
  return (key, call) => {
    const shared = pending.get(key);
    if (shared) return shared;
    const result = endOfTurn().then(() => {
      pending.delete(key);
      return call();
    });
    pending.set(key, result);
    return result;
  };
}
