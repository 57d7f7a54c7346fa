import { Redis } from 'ioredis';
import type { Config } from '../settings.ts';
import { withDeadline } from './deadline.ts';

/** Listens to the Sentinels. */
export interface FailoverWatch {
  /** How many Sentinels respond now, and how many there are. */
  countReachable(): Promise<{ up: number; of: number }>;
  stop(): void;
}

/**
 * Calls `onSwitch` as soon as a Sentinel reports a new master: the old one may still be alive and not know of it.
 * ioredis has a `failoverDetector`, but it writes connection errors of the Sentinels to stderr, and leaves the client
 * closed for ever if the report arrives while the client is connecting.
 */
export function watchFailover(config: Config, onSwitch: () => void): FailoverWatch {
  const watchers = (config.REDIS_SENTINELS ?? []).map(({ host, port }) => {
    const password = config.REDIS_SENTINEL_PASS;
    const sentinel = new Redis({ host, port, password, connectTimeout: 2000, retryStrategy: () => 1000 });
    sentinel.on('error', () => undefined);
    sentinel.on('message', (_channel, message: string) => {
      if (message.startsWith(`${config.REDIS_SENTINEL_NAME} `)) onSwitch();
    });
    // Sent once connected; ioredis subscribes again after each reconnection.
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

/** Whether the Sentinel responds in time. If not, reconnects to it: the old connection may be dead. */
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
