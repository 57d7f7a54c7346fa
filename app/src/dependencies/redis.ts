import { ReplyError } from 'ioredis';
import type { Logger } from '../log.ts';
import type { Config } from '../settings.ts';
import { createBreaker, type Observer } from './breaker.ts';
import { withDeadline } from './deadline.ts';
import { watchFailover } from './failover.ts';
import { type Peers, replicaCounter } from './peers.ts';
import { openRedisClient, type RedisClient } from './redisClient.ts';
import { replicatedIncrement } from './replicated.ts';
import { Unavailable } from './unavailable.ts';

/** TheAPP's only access to Redis, direct or through Sentinel. Throws Unavailable within REDIS_TIMEOUT_MS. */
export interface Store {
  get(key: string): Promise<string | null>;
  /** Stores `value` for `seconds`; `onlyNew` keeps an existing value. */
  set(key: string, value: string, seconds: number, options?: { onlyNew?: boolean }): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * Adds one and returns the new number once REDIS_WAIT_REPLICAS replicas have it. Never retries: Unavailable after
   * sending means that the counter may have been incremented, but no caller received the number.
   */
  increment(key: string): Promise<number>;
  ping(): Promise<void>;
  /** The replicas and Sentinels of the master; undefined without Sentinels. */
  peers(): Promise<Peers | undefined>;
  close(): Promise<void>;
}

export function openStore(config: Config, observer: Observer, log: Logger): Store {
  const { REDIS_TIMEOUT_MS: milliseconds, REDIS_WAIT_REPLICAS: replicas } = config;
  const main = openRedisClient(config, log);
  const counting = replicas > 0 ? openRedisClient(config, log) : main;
  const clients = replicas > 0 ? [main, counting] : [main];
  const watch = watchFailover(config, () => clients.forEach(reconnect));
  const countReplicas = replicaCounter();
  const protect = createBreaker('redis', observer, { isDown });
  const call = <T>(client: RedisClient, send: () => Promise<T>) =>
    protect(() =>
      withDeadline('redis', milliseconds, sendWhenReady(client, send, milliseconds), asUnavailable),
    );
  const { redis } = main;
  const replicated = replicatedIncrement(counting.redis, replicas, milliseconds);
  return {
    get: (key) => call(main, () => redis.get(key)),
    async set(key, value, seconds, { onlyNew = false } = {}) {
      await call(main, () =>
        onlyNew ? redis.set(key, value, 'EX', seconds, 'NX') : redis.set(key, value, 'EX', seconds),
      );
    },
    remove: async (key) => void (await call(main, () => redis.del(key))),
    increment: (key) => call(counting, () => (replicas > 0 ? replicated(key) : redis.incr(key))),
    ping: async () => void (await call(main, () => redis.ping())),
    async peers() {
      if (!config.REDIS_SENTINELS) return undefined;
      const [info, sentinels] = await Promise.all([
        call(main, () => redis.info('replication')),
        watch.countReachable(),
      ]);
      return { replicas: countReplicas(info), sentinels };
    },
    async close() {
      watch.stop();
      for (const client of clients) client.close();
    },
  };
}

/**
 * Sends the command once the connection is ready, and never again. Responses arrive in the order of sending, whether or
 * not a caller had to wait for the connection.
 */
async function sendWhenReady<T>(
  client: RedisClient,
  send: () => Promise<T>,
  milliseconds: number,
): Promise<T> {
  if (client.redis.status !== 'ready') {
    const until = performance.now() + milliseconds;
    await client.ready();
    // The caller has already received a timeout: do not increment.
    if (performance.now() > until) throw new Unavailable('redis', 'TIMEOUT', 'connected too late');
  }
  client.batchWrites();
  return send();
}

/** Reconnects to the new master. A client that is still connecting asks the Sentinels anyway. */
function reconnect({ redis }: RedisClient) {
  if (redis.status === 'ready') redis.disconnect(true);
}

/** Converts an error to Unavailable, unless Redis rejects the command. Drops the command, which ioredis attaches. */
function asUnavailable(error: unknown): Error {
  if (error instanceof Unavailable) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ReplyError)) return new Unavailable('redis', 'CONNECTION_LOST', message);
  const [code = ''] = message.split(' ', 1);
  return clientErrors.has(code) ? new Error(`redis: ${message}`) : new Unavailable('redis', code, message);
}

const clientErrors = new Set(['ERR', 'WRONGTYPE']);

/** Errors of writes while reads still work: the breaker must stay closed for the reads. */
const refusesWrites = new Set(['READONLY', 'NOREPLICAS', 'NOT_REPLICATED', 'OOM', 'MISCONF']);

const isDown = (error: unknown) => error instanceof Unavailable && !refusesWrites.has(error.code);
