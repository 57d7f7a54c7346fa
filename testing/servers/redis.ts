import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, newFolder } from './process.ts';
import { type Server, startServer } from './server.ts';

/** A real Redis or Sentinel for one test, with a password. */
export interface RedisServer extends Server {
  /** The environment variables for TheAPP to use this server directly. */
  environment: Record<string, string>;
  /** A connection, which the caller closes with `disconnect()`. It uses a Unix socket: `cut` does not affect it. */
  admin(): Redis;
}

export interface RedisOptions {
  address?: string;
  sentinel?: boolean;
  /** Additional lines of the configuration file. */
  lines?: string[];
}

/** The password of every Redis and Sentinel that the tests start. */
export const redisPassword = 'redis-pass';

/** Starts one Redis that keeps its data when it is killed. */
export const startRedis = (address?: string) => startRedisServer(address === undefined ? {} : { address });

/** Starts a Redis or, with `sentinel`, a Sentinel. Both rewrite their configuration file when roles change. */
export async function startRedisServer(options: RedisOptions): Promise<RedisServer> {
  const { address = '127.0.0.1', sentinel = false, lines = [] } = options;
  const [folder, port] = [await newFolder('redis'), await freePort(address)];
  const [file, socket] = [join(folder, 'redis.conf'), join(folder, 'socket')];
  const own = [
    `bind ${address}`,
    `bind-source-addr ${address}`,
    `port ${port}`,
    `unixsocket ${socket}`,
    `dir ${folder}`,
    `requirepass ${redisPassword}`,
  ];
  await writeFile(file, [...own, ...(sentinel ? [] : durable), ...lines, ''].join('\n'));
  const admin = () => new Redis({ path: socket, password: redisPassword, lazyConnect: true, ...once });
  const server = await startServer({
    program: sentinel ? ['redis-sentinel', 'redis-sentinel'] : ['redis-server', 'redis-server'],
    args: [file],
    folder,
    address,
    port,
    ready: () => answers(admin()),
  });
  const environment = { REDIS_HOST: address, REDIS_PORT: String(port), REDIS_PASS: redisPassword };
  return { ...server, environment, admin };
}

/** Written before the reply, so that a killed process loses nothing; a power cut could lose a second. */
const durable = ['save ""', 'appendonly yes', 'appendfsync everysec'];

/** Fails immediately if the server is down, and within a second if it does not respond. */
const once = {
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  connectTimeout: 1000,
  commandTimeout: 1000,
};

/** Throws while the server is down or loading its data. */
async function answers(redis: Redis) {
  redis.on('error', () => undefined);
  await redis.ping().finally(() => redis.disconnect());
}
