import { type Source, type Store, Unavailable } from '../dependencies/dependencies.ts';
import type { Service } from '../http/endpoint.ts';
import type { Metrics } from '../http/operations/metrics.ts';
import { owed } from './owed.ts';

/** Values that MySQL has, kept in Redis for a while. Redis down costs time, never the answer. */
export interface Cache<V extends string> {
  /** The value of `key`; what the cache does not have, `origin` is asked for. */
  through(key: string, origin: () => Promise<{ value: V | undefined; from: Source }>): Promise<V | undefined>;
  /** After MySQL was given a new value: whoever asks from now on shall see it, also when Redis misses the news. */
  renew(key: string, value: V): Promise<void>;
}

/** `accepts` says which texts are values: what somebody else left under the key is as good as nothing. */
export function cache<V extends string>(
  store: Store,
  metrics: Metrics,
  options: { service: Service; seconds: number; accepts: (text: string) => text is V },
): Cache<V> {
  const { service, seconds, accepts } = options;
  const degraded = metrics.degraded.labels(service, 'cache');

  /** In the place of what Redis would have said. */
  const silence = (error: unknown): typeof silent => {
    if (!(error instanceof Unavailable)) throw error;
    degraded.inc();
    return silent;
  };

  // Removed, not set: by the time that Redis is back, another process may have told it of a newer change.
  const missed = owed(seconds, (key) =>
    store.remove(key).then(
      () => true,
      () => false,
    ),
  );

  return {
    async through(key, origin) {
      if (missed.has(key)) return (await origin()).value;
      const cached = await store.get(key).catch(silence);
      if (typeof cached === 'string' && accepts(cached)) return cached;
      const { value, from } = await origin();
      // Only what is new: a reader that was slow must not put an old value over that of a writer. A Redis that
      // just failed is not waited for again.
      if (value !== undefined && from === 'primary' && cached !== silent)
        await store.set(key, value, seconds, { onlyNew: true }).catch(silence);
      return value;
    },
    async renew(key, value) {
      if ((await store.set(key, value, seconds).catch(silence)) === silent) missed.owe(key);
      else missed.forget(key);
    },
  };
}

const silent = Symbol('Redis does not answer');
