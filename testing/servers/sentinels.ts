import { setTimeout as sleep } from 'node:timers/promises';
import { type RedisServer, redisPassword, startRedisServer } from './redis.ts';

/** A Redis master with two replicas and three Sentinels. */
export interface RedisCluster {
  /** The environment variables for TheAPP. */
  environment: Record<string, string>;
  redis: RedisServer[];
  sentinels: RedisServer[];
  /** The current master according to the Sentinels. */
  master(): Promise<RedisServer>;
  /** Resolves when the master has two connected replicas and every Sentinel knows all servers. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const name = 'theapp';

/**
 * Detects and replaces a failed master within seconds. A master without replicas accepts no writes (`min-replicas`), and
 * a client that must be sure of a single write uses WAIT.
 */
const redisLines = [
  `masterauth ${redisPassword}`,
  'min-replicas-to-write 1',
  'min-replicas-max-lag 2',
  'repl-diskless-sync-delay 0',
  'repl-ping-replica-period 1',
  'repl-timeout 5',
];

const sentinelLines = (master: RedisServer) => [
  `sentinel monitor ${name} ${master.address} ${master.port} 2`,
  `sentinel auth-pass ${name} ${redisPassword}`,
  `sentinel sentinel-pass ${redisPassword}`,
  `sentinel down-after-milliseconds ${name} 1500`,
  `sentinel failover-timeout ${name} 6000`,
  `sentinel parallel-syncs ${name} 2`,
];

/** Takes about 4 seconds, until the Sentinels have discovered each other. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const redis = await startRedises();
  const lines = sentinelLines(redis[0]);
  const sentinels = await Promise.all(
    ['127.0.1.21', '127.0.1.22', '127.0.1.23'].map((address) =>
      startRedisServer({ address, sentinel: true, lines }),
    ),
  );
  const settled = () => settle(redis, sentinels);
  await settled();
  return {
    environment: {
      REDIS_SENTINELS: sentinels.map(({ address, port }) => `${address}:${port}`).join(','),
      REDIS_SENTINEL_NAME: name,
      REDIS_SENTINEL_PASS: redisPassword,
      REDIS_PASS: redisPassword,
      REDIS_WAIT_REPLICAS: '1',
    },
    redis,
    sentinels,
    master: () => findMaster(redis, sentinels),
    settled,
    async stop() {
      await Promise.all([...sentinels, ...redis].map((server) => server.stop()));
    },
  };
}

/** Replicas start before the Sentinels: a Sentinel that finds none looks again only after ten seconds. */
async function startRedises() {
  const master = await startRedisServer({ address: '127.0.1.11', lines: redisLines });
  const lines = [...redisLines, `replicaof ${master.address} ${master.port}`];
  const replicas = await Promise.all(
    ['127.0.1.12', '127.0.1.13'].map((address) => startRedisServer({ address, lines })),
  );
  const redis: [RedisServer, ...RedisServer[]] = [master, ...replicas];
  for (const end = Date.now() + 20_000; !(await follow(redis, master)); await sleep(20))
    if (Date.now() > end) throw new Error('the replicas did not connect to their master');
  return redis;
}

/** The master according to the Sentinel with the latest failover: one that was down may report an old master. */
async function findMaster(redis: RedisServer[], sentinels: RedisServer[]): Promise<RedisServer> {
  const views = (await Promise.allSettled(sentinels.map(view))).flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const [latest] = views.sort((one, other) => Number(other['config-epoch']) - Number(one['config-epoch']));
  const master = redis.find(({ port }) => String(port) === latest?.port);
  if (master === undefined) throw new Error(`no Sentinel knows the master: ${JSON.stringify(views)}`);
  return master;
}

/** The state of the master according to a Sentinel. */
async function view(sentinel: RedisServer): Promise<Record<string, string>> {
  const admin = sentinel.admin();
  admin.on('error', () => undefined);
  const reply = await admin.call('SENTINEL', 'MASTER', name).finally(() => admin.disconnect());
  return pairs(Array.isArray(reply) ? reply.map(String) : []);
}

const pairs = (reply: string[]) =>
  Object.fromEntries(reply.flatMap((word, at) => (at % 2 === 0 ? [[word, reply[at + 1] ?? '']] : [])));

async function settle(redis: RedisServer[], sentinels: RedisServer[]) {
  let last: unknown;
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
    try {
      last = await Promise.all(sentinels.map(view));
      if (await agree(redis, sentinels)) return;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`Redis did not settle: ${JSON.stringify(last)}`, { cause: last });
}

async function agree(redis: RedisServer[], sentinels: RedisServer[]): Promise<boolean> {
  const master = await findMaster(redis, sentinels);
  const known = (await Promise.all(sentinels.map(view))).every(
    (seen) =>
      seen.port === String(master.port) &&
      seen.flags === 'master' &&
      seen['num-slaves'] === '2' &&
      seen['num-other-sentinels'] === '2',
  );
  return known && (await follow(redis, master));
}

/** The master counts both replicas for `min-replicas-to-write`, and both are connected to it. */
async function follow(redis: RedisServer[], master: RedisServer): Promise<boolean> {
  const infos = await Promise.all(redis.map(replicationInfo));
  const good = infos[redis.indexOf(master)]?.includes('min_slaves_good_slaves:2');
  const linked = infos.filter((info) => info.includes('master_link_status:up'));
  return good === true && linked.length === 2;
}

async function replicationInfo(server: RedisServer): Promise<string> {
  const admin = server.admin();
  admin.on('error', () => undefined);
  return admin.info('replication').finally(() => admin.disconnect());
}
