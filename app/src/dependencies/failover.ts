import { Redis } from 'ioredis';
import type { Config } from '../settings.ts';
import { withDeadline } from './deadline.ts';

/** The Sentinels, listened to. */
export interface FailoverWatch {
  /** How many of them answer now, of how many there are. */
  countReachable(): Promise<{ up: number; of: number }>;
  stop(): void;
}

/**
 * Calls `onSwitch` as soon as a Sentinel says that another server is the master now: the old one may be alive
 * and not know. ioredis has a `failoverDetector`, which writes to stderr what a Sentinel's connection suffers,
 * and leaves the client closed for ever when the news comes while it connects.
 */
export function watchFailover(config: Config, onSwitch: () => void): FailoverWatch {
  const watchers = (config.REDIS_SENTINELS ?? []).map(({ host, port }) => {
    const password = config.REDIS_SENTINEL_PASS;
    const sentinel = new Redis({ host, port, password, connectTimeout: 2000, retryStrategy: () => 1000 });
    sentinel.on('error', () => undefined);
    sentinel.on('message', (_channel, words: string) => {
      if (words.startsWith(`${config.REDIS_SENTINEL_NAME} `)) onSwitch();
    });
    // Sent when the connection is there, and again by ioredis after each one that was lost.
    sentinel.subscribe('+switch-master').catch(() => undefined);
    return sentinel;
  });
  return {
    async countReachable() {
      const answers = await Promise.all(
        watchers.map((sentinel) => isReachable(sentinel, config.REDIS_TIMEOUT_MS)),
      );
      return { up: answers.filter(Boolean).length, of: watchers.length };
    },
    stop() {
      for (const sentinel of watchers) sentinel.disconnect();
    },
  };
}

/** Whether it answers in time. One that does not is connected to anew: the old connection may lead nowhere. */
async function isReachable(sentinel: Redis, milliseconds: number): Promise<boolean> {
  if (sentinel.status !== 'ready') return false;
  try {
    await withDeadline('redis', milliseconds, sentinel.ping());
    return true;
  } catch {
    sentinel.disconnect(true);
    return false;
  }
}
