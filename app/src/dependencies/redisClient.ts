import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../log.ts';
import type { Config } from '../settings.ts';
import { batchWrites } from './batchWrites.ts';
import { Unavailable } from './unavailable.ts';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** One connection to Redis, which reconnects whenever it is lost. */
export interface RedisClient {
  redis: Redis;
  /**
   * Resolves as soon as commands can be sent. Throws Unavailable as soon as they cannot: it waits for a connection
   * attempt in progress, but not for the pause between failed attempts.
   */
  ready(): Promise<void>;
  /** Call this before a command: all commands of one turn of the event loop are sent as one batch, in order. */
  batchWrites(): void;
  close(): void;
}

export function openRedisClient(config: Config, log: Logger): RedisClient {
  const redis = new Redis({ ...addressOptions(config), ...timeoutOptions(config.REDIS_TIMEOUT_MS) });
  let failures = 0;
  let reason = new Unavailable('redis', 'NOT_CONNECTED', 'not connected');
  // Without a permanent listener ioredis writes errors to stderr. Errors carry commands such as AUTH: log the message only.
  redis.on('error', (error: Error & { code?: string }) => {
    const { code = 'NOT_CONNECTED', message } = error;
    const next = new Unavailable('redis', code, message || code);
    if (next.message !== reason.message) log.warn({ dependency: 'redis', code }, next.message);
    reason = next;
  });
  redis.on('close', () => failures++);
  redis.on('ready', () => {
    failures = 0;
    log.info({ dependency: 'redis' }, 'connected');
    reason = new Unavailable('redis', 'NOT_CONNECTED', 'not connected');
  });
  let attempt: Promise<void> | undefined;
  const nextAttempt = () =>
    new Promise<void>((resolve, reject) => {
      const finish = () => {
        for (const event of ['ready', 'close', 'end']) redis.off(event, finish);
        attempt = undefined;
        if (redis.status === 'ready') resolve();
        else reject(reason);
      };
      for (const event of ['ready', 'close', 'end']) redis.on(event, finish);
    });
  redis.connect().catch(() => undefined);
  return {
    redis,
    async ready() {
      if (redis.status === 'ready') return;
      // The first close is the loss of a working connection.
      if (failures > 1 && redis.status === 'reconnecting') throw reason;
      if (redis.status === 'end') throw reason;
      attempt ??= nextAttempt();
      return attempt;
    },
    batchWrites: () => batchWrites(redis.stream),
    close: () => redis.disconnect(),
  };
}

/** A fixed address, or the server that the Sentinels report as master at the time of connecting. */
function addressOptions(config: Config): Options {
  const password = config.REDIS_PASS;
  if (!config.REDIS_SENTINELS) return { host: config.REDIS_HOST, port: config.REDIS_PORT, password };
  return {
    sentinels: config.REDIS_SENTINELS,
    name: config.REDIS_SENTINEL_NAME,
    role: 'master',
    password,
    sentinelPassword: config.REDIS_SENTINEL_PASS,
    sentinelCommandTimeout: config.REDIS_TIMEOUT_MS,
    sentinelRetryStrategy: (times) => Math.min(50 * times, 500),
  };
}

/** A command without a response fails and is never sent again: a counter must not be incremented twice. */
const timeoutOptions = (milliseconds: number): Options => ({
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // A connection without a response for twice the deadline is dead, or its server hangs.
  socketTimeout: 2 * milliseconds,
  connectTimeout: 2 * milliseconds,
  disconnectTimeout: 100,
  maxLoadingRetryTime: 500,
  retryStrategy: (times) => Math.min(25 * 2 ** times, 500),
  // The master became a replica: reconnect, and do not send the refused command again.
  reconnectOnError: ({ message }) => message.startsWith('READONLY'),
});
