import { Redis } from 'ioredis';
import type { Config } from '../settings.ts';

/**
 * Calls `switched` as soon as a Sentinel says that another server is the master now: the old one may be alive
 * and not know. ioredis has a `failoverDetector`, which writes to stderr what a Sentinel's connection suffers,
 * and leaves the client closed for ever when the news comes while it connects. Answers what ends the watch.
 */
export function watchFailover(config: Config, switched: () => void): () => void {
  const watchers = (config.REDIS_SENTINELS ?? []).map(({ host, port }) => {
    const password = config.REDIS_SENTINEL_PASS;
    const sentinel = new Redis({ host, port, password, connectTimeout: 2000, retryStrategy: () => 1000 });
    sentinel.on('error', () => undefined);
    sentinel.on('message', (_channel, words: string) => {
      if (words.startsWith(`${config.REDIS_SENTINEL_NAME} `)) switched();
    });
    // Sent when the connection is there, and again by ioredis after each one that was lost.
    sentinel.subscribe('+switch-master').catch(() => undefined);
    return sentinel;
  });
  return () => {
    for (const sentinel of watchers) sentinel.disconnect();
  };
}
