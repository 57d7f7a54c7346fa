import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, newFolder } from './process.ts';
import { type Server, startServer } from './server.ts';

/** A real Redis (or Sentinel) of the test's own with a password. */
export interface RedisServer extends Server {
  /** What TheAPP needs in its environment to use it alone. */
  environment: Record<string, string>;
  /** A connection, which the caller ends with `disconnect()`. It goes through a socket: `cut` does not touch it. */
  admin(): Redis;
}

export interface RedisOptions {
  address?: string;
  sentinel?: boolean;
  /** Lines of its configuration file. */
  lines?: string[];
}

/** The password of every Redis and Sentinel that the tests start. */
export const redisPassword = 'redis-pass';

/** One Redis that keeps what it was told when it is killed. */
export const startRedis = (address?: string) => startRedisServer(address === undefined ? {} : { address });

/** A Redis or, with `sentinel`, a Sentinel. Both rewrite their configuration file when roles change. */
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
    words: [file],
    folder,
    address,
    port,
    ready: () => answers(admin()),
  });
  const environment = { REDIS_HOST: address, REDIS_PORT: String(port), REDIS_PASS: redisPassword };
  return { ...server, environment, admin };
}

/** Written before it is answered, so that a killed process loses nothing; a machine would lose a second. */
const durable = ['save ""', 'appendonly yes', 'appendfsync everysec'];

/** A question that fails at once when the server is not there, and soon when it does not answer. */
const once = {
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
  connectTimeout: 1000,
  commandTimeout: 1000,
};

/** Throws while it is not there, or loads its data. */
async function answers(redis: Redis) {
  redis.on('error', () => undefined);
  await redis.ping().finally(() => redis.disconnect());
}
