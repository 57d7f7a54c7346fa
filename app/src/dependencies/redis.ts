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

/** TheAPP's one way to Redis, plain or through Sentinel. Throws Unavailable within REDIS_TIMEOUT_MS. */
export interface Store {
  get(key: string): Promise<string | null>;
  /** Keeps `value` for `seconds`; `onlyNew` leaves a value that is there already as it is. */
  set(key: string, value: string, seconds: number, options?: { onlyNew?: boolean }): Promise<void>;
  remove(key: string): Promise<void>;
  /**
   * Adds one and answers the new number, once REDIS_WAIT_REPLICAS replicas have it. Never sent twice:
   * Unavailable after sending means that the number may have been counted, and nobody was given it.
   */
  increment(key: string): Promise<number>;
  ping(): Promise<void>;
  /** What stands behind the master; nothing where there are no Sentinels. */
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
 * Sends once the connection is ready. What was sent and not answered in time is not sent again. Who waited for the
 * connection and who did not have their answers in the order in which they were sent.
 */
async function sendWhenReady<T>(
  client: RedisClient,
  send: () => Promise<T>,
  milliseconds: number,
): Promise<T> {
  if (client.redis.status !== 'ready') {
    const until = performance.now() + milliseconds;
    await client.ready();
    // Whoever asked has been told that it took too long: a count for nobody is not made.
    if (performance.now() > until) throw new Unavailable('redis', 'TIMEOUT', 'connected too late');
  }
  client.batchWrites();
  return send();
}

/** Connects to the new master. A client that is connecting asks the Sentinels anyway. */
function reconnect({ redis }: RedisClient) {
  if (redis.status === 'ready') redis.disconnect(true);
}

/** Unavailable, unless Redis says that the command is wrong. ioredis' errors carry the command: not passed on. */
function asUnavailable(error: unknown): Error {
  if (error instanceof Unavailable) return error;
  const words = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ReplyError)) return new Unavailable('redis', 'CONNECTION_LOST', words);
  const [code = ''] = words.split(' ', 1);
  return clientErrors.has(code) ? new Error(`redis: ${words}`) : new Unavailable('redis', code, words);
}

const clientErrors = new Set(['ERR', 'WRONGTYPE']);

/** What Redis says of a write while it answers reads, which a breaker must not take away. */
const refusesWrites = new Set(['READONLY', 'NOREPLICAS', 'NOT_REPLICATED', 'OOM', 'MISCONF']);

const isDown = (error: unknown) => error instanceof Unavailable && !refusesWrites.has(error.code);
