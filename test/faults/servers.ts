import { type Program, start, unpackRelease } from '../../testing/program.ts';
import { startMemcached } from '../../testing/servers/memcached.ts';
import { newFolder } from '../../testing/servers/process.ts';
import { type ReplicatedMariadb, startReplicatedMariadb } from '../../testing/servers/replication.ts';
import { type RedisCluster, startRedisCluster } from '../../testing/servers/sentinels.ts';
import type { Server } from '../../testing/servers/server.ts';
import type { Fault, Target } from './table.ts';

/** The servers that TheAPP needs, and the built release of TheAPP. */
export interface Servers {
  mysql: ReplicatedMariadb;
  redis: RedisCluster;
  /** Starts another process of TheAPP and returns its URL. */
  startApp(): Promise<string>;
  /** The server that a row of the table refers to. */
  serverFor(target: Target): Promise<Server>;
  /** Resolves when replication has caught up on all servers. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes about 6 seconds. */
export async function startServers(): Promise<Servers> {
  const folder = await newFolder('faults');
  const [file, mysql, redis, memcached] = await Promise.all([
    unpackRelease(folder),
    startReplicatedMariadb(),
    startRedisCluster(),
    startMemcached('127.0.1.31'),
  ]);
  const environment = {
    ...mysql.environment,
    ...redis.environment,
    ...memcached.environment,
    PORT: '0',
    DRAIN_SECONDS: '0',
    // Longer than the defaults, so that a slow test computer is not mistaken for a fault.
    REDIS_TIMEOUT_MS: '800',
    MEMCACHED_TIMEOUT_MS: '800',
  };
  const migrated = start(file, ['migrate'], environment);
  if ((await migrated.ended) !== 0) throw new Error(`migrate: ${migrated.output()}`);
  const apps: Program[] = [];
  return {
    mysql,
    redis,
    startApp() {
      const app = start(file, [], environment);
      apps.push(app);
      return app.url();
    },
    async serverFor(target) {
      const master = await redis.master();
      const byTarget: Record<Target, Server | undefined> = {
        'MySQL primary': mysql.primary,
        'MySQL replica': mysql.replica,
        'Redis master': master,
        'Redis replica': redis.redis.find((server) => server !== master),
        Sentinel: redis.sentinels[0],
        Memcached: memcached,
      };
      const server = byTarget[target];
      if (server === undefined) throw new Error(`there is no ${target}`);
      return server;
    },
    async settled() {
      await Promise.all([mysql.caughtUp(), redis.settled()]);
    },
    async stop() {
      for (const { child } of apps) child.kill('SIGKILL');
      await Promise.all([...apps.map(({ ended }) => ended), mysql.stop(), redis.stop(), memcached.stop()]);
    },
  };
}

/** How to inject each fault. */
export const inject: Record<Fault, (server: Server) => Promise<void>> = {
  killed: (server) => server.kill(),
  paused: (server) => server.pause(),
  cut: (server) => server.cut(),
};

/** How to heal each fault. */
export const heal: Record<Fault, (server: Server) => Promise<void> | void> = {
  killed: (server) => server.start(),
  paused: (server) => server.resume(),
  cut: (server) => server.mend(),
};
