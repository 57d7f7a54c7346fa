import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../log.ts';
import type { Config } from '../settings.ts';
import { batchWrites } from './batchWrites.ts';
import { Unavailable } from './unavailable.ts';

type Options = Omit<RedisOptions, 'replyMapping'>;

/** One connection to Redis, made again whenever it is lost. */
export interface RedisClient {
  redis: Redis;
  /**
   * Resolves as soon as commands can be sent. Throws Unavailable as soon as it is known that they cannot: the
   * attempt to connect that is under way is waited for, but not the pauses between attempts that fail.
   */
  ready(): Promise<void>;
  /** To be called before a command is sent: those of one turn of the event loop leave together, in their order. */
  batchWrites(): void;
  close(): void;
}

export function openRedisClient(config: Config, log: Logger): RedisClient {
  const redis = new Redis({ ...addressOptions(config), ...timeoutOptions(config.REDIS_TIMEOUT_MS) });
  let failures = 0;
  let reason = new Unavailable('redis', 'NOT_CONNECTED', 'not connected');
  // Without a listener for life, ioredis writes errors to stderr. They carry commands, hence AUTH: words only.
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
      // The first close is the loss of a connection that worked.
      if (failures > 1 && redis.status === 'reconnecting') throw reason;
      if (redis.status === 'end') throw reason;
      attempt ??= nextAttempt();
      return attempt;
    },
    batchWrites: () => batchWrites(redis.stream),
    close: () => redis.disconnect(),
  };
}

/** Plain, or whichever server the Sentinels call the master when a connection is made. */
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

/** What is not answered is given up and never sent again: a count must not be made twice. */
const timeoutOptions = (milliseconds: number): Options => ({
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // A connection on which nothing comes back for twice the deadline leads to a server that hangs, or nowhere.
  socketTimeout: 2 * milliseconds,
  connectTimeout: 2 * milliseconds,
  disconnectTimeout: 100,
  maxLoadingRetryTime: 500,
  retryStrategy: (times) => Math.min(25 * 2 ** times, 500),
  // A master that was made a replica: connect anew, and do not send again what it refused.
  reconnectOnError: ({ message }) => message.startsWith('READONLY'),
});
