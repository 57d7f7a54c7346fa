import { type Source, type Store, Unavailable } from '../dependencies/dependencies.ts';
import type { Service } from '../http/endpoint.ts';
import type { Metrics } from '../http/operations/metrics.ts';
import { pendingInvalidations } from './pendingInvalidations.ts';

/** Values that MySQL has, kept in Redis for a while. Redis down costs time, never the answer. */
export interface Cache<V extends string> {
  /** The value of `key`; what the cache does not have, `origin` is asked for. */
  readThrough(
    key: string,
    origin: () => Promise<{ value: V | undefined; from: Source }>,
  ): Promise<V | undefined>;
  /** After MySQL was given a new value: whoever asks from now on shall see it, also when Redis misses the news. */
  update(key: string, value: V): Promise<void>;
}

/** `isValid` says which texts are values: what somebody else left under the key is as good as nothing. */
export function cache<V extends string>(
  store: Store,
  metrics: Metrics,
  options: { service: Service; seconds: number; isValid: (text: string) => text is V },
): Cache<V> {
  const { service, seconds, isValid } = options;
  const degraded = metrics.degraded.labels(service, 'cache');

  /** In the place of what Redis would have said. */
  const degrade = (error: unknown): typeof unavailable => {
    if (!(error instanceof Unavailable)) throw error;
    degraded.inc();
    return unavailable;
  };

  // Removed, not set: by the time that Redis is back, another process may have told it of a newer change.
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
      // Only what is new: a reader that was slow must not put an old value over that of a writer. A Redis that
      // just failed is not waited for again.
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

const unavailable = Symbol('Redis does not answer');
