import { type Source, type Store, Unavailable } from '../dependencies/dependencies.ts';
import type { Service } from '../http/endpoint.ts';
import type { Metrics } from '../http/operations/metrics.ts';
import { pendingInvalidations } from './pendingInvalidations.ts';

/** A cache in Redis for values from MySQL. Without Redis requests take longer but do not fail. */
export interface Cache<V extends string> {
  /** Returns the cached value of `key`, or calls `origin` and caches its value. */
  readThrough(
    key: string,
    origin: () => Promise<{ value: V | undefined; from: Source }>,
  ): Promise<V | undefined>;
  /** Call this after a write to MySQL: later reads return the new value, even if Redis misses the update. */
  update(key: string, value: V): Promise<void>;
}

/** `isValid` tells whether a cached text is a value: anything else under the key counts as a miss. */
export function cache<V extends string>(
  store: Store,
  metrics: Metrics,
  options: { service: Service; seconds: number; isValid: (text: string) => text is V },
): Cache<V> {
  const { service, seconds, isValid } = options;
  const degraded = metrics.degraded.labels(service, 'cache');

  /** Counts a failure of Redis and stands in for its reply. */
  const degrade = (error: unknown): typeof unavailable => {
    if (!(error instanceof Unavailable)) throw error;
    degraded.inc();
    return unavailable;
  };

  // Remove the key instead of setting it: by the time Redis is back, another process may have stored a newer value.
  const pending = pendingInvalidations(seconds, (key) =>
    store.remove(key).then(
      () => true,
      () => false,
    ),
  );

  return {
    async readThrough(key, origin) {
      if (pending.has(key)) return (await origin()).value;
      const cached = await store.get(key).catch(degrade);
      if (typeof cached === 'string' && isValid(cached)) return cached;
      const { value, from } = await origin();
      // onlyNew: a slow reader must not overwrite the value of a writer. If Redis just failed, do not wait for it again.
      if (value !== undefined && from === 'primary' && cached !== unavailable)
        await store.set(key, value, seconds, { onlyNew: true }).catch(degrade);
      return value;
    },
    async update(key, value) {
      if ((await store.set(key, value, seconds).catch(degrade)) === unavailable) pending.add(key);
      else pending.delete(key);
    },
  };
}

const unavailable = Symbol('Redis is unavailable');
