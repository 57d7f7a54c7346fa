import { type Program, start, unpackRelease } from '../../testing/program.ts';
import { startMemcached } from '../../testing/servers/memcached.ts';
import { newFolder } from '../../testing/servers/process.ts';
import { type ReplicatedMariadb, startReplicatedMariadb } from '../../testing/servers/replication.ts';
import { type RedisCluster, startRedisCluster } from '../../testing/servers/sentinels.ts';
import type { Server } from '../../testing/servers/server.ts';
import type { Fault, Target } from './table.ts';

/** Everything that TheAPP runs on, and TheAPP as it is delivered. */
export interface Stage {
  mysql: ReplicatedMariadb;
  redis: RedisCluster;
  /** One more process of TheAPP; answers where it listens. */
  startApp(): Promise<string>;
  /** The server that a row of the table speaks of. */
  victim(target: Target): Promise<Server>;
  /** Resolves when all servers have what they should have of each other. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes about 6 seconds. */
export async function setStage(): Promise<Stage> {
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
    // More than the defaults: what holds with these holds with less, and a busy computer is not taken for a fault.
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
    async victim(target) {
      const master = await redis.master();
      const victims: Record<Target, Server | undefined> = {
        'MySQL primary': mysql.primary,
        'MySQL replica': mysql.replica,
        'Redis master': master,
        'Redis replica': redis.redis.find((server) => server !== master),
        Sentinel: redis.sentinels[0],
        Memcached: memcached,
      };
      const victim = victims[target];
      if (victim === undefined) throw new Error(`there is no ${target}`);
      return victim;
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

/** Does to a server what the word says. */
export const inflict: Record<Fault, (server: Server) => Promise<void>> = {
  killed: (server) => server.kill(),
  paused: (server) => server.pause(),
  cut: (server) => server.cut(),
};

/** Takes it back. */
export const lift: Record<Fault, (server: Server) => Promise<void> | void> = {
  killed: (server) => server.start(),
  paused: (server) => server.resume(),
  cut: (server) => server.mend(),
};
