import { readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startMariadb } from './mariadb.ts';
import { startMemcached } from './memcached.ts';
import { ownNetwork } from './network.ts';
import { startRedis } from './redis.ts';
import { startReplicatedMariadb } from './replication.ts';
import { startRedisCluster } from './sentinels.ts';
import type { Server } from './server.ts';

ownNetwork();
const [mysql, redis, memcached] = await Promise.all([
  startReplicatedMariadb(),
  startRedisCluster(),
  startMemcached('127.0.1.31'),
]);
t.teardown(() => Promise.all([mysql.stop(), redis.stop(), memcached.stop()]));

/** What a client observes within 300 ms: MySQL sends a greeting, the others reply to a request. */
function observe({ address, port }: Server): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => socket.write('version\r\n'));
    const finish = (observed: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(observed);
    };
    const timer = setTimeout(() => finish(socket.connecting ? 'no connection' : 'no response'), 300);
    socket.once('error', () => finish('refused'));
    socket.once('data', () => finish('responds'));
  });
}

/** Whether clients observe this within 10 s: on a busy computer a response may take longer than 300 ms. */
async function observes(server: Server, observed: string) {
  const end = Date.now() + 10_000;
  while ((await observe(server)) !== observed) if (Date.now() > end) return false;
  return true;
}

t.test('every server can be killed, paused and cut off, and recovers', async (t) => {
  const all: [string, Server][] = [
    ['primary', mysql.primary],
    ['replica', mysql.replica],
    ['memcached', memcached],
    ...redis.redis.map((server, at): [string, Server] => [`redis ${at}`, server]),
    ...redis.sentinels.map((server, at): [string, Server] => [`sentinel ${at}`, server]),
  ];
  const exercise = async ([name, server]: [string, Server]) => {
    t.ok(await observes(server, 'responds'), name);
    await server.kill();
    t.ok(await observes(server, 'refused'), `${name} killed`);
    await server.start();
    t.ok(await observes(server, 'responds'), `${name} started again`);
    await server.pause();
    t.ok(await observes(server, 'no response'), `${name} paused`);
    server.resume();
    t.ok(await observes(server, 'responds'), `${name} resumed`);
    await server.cut();
    t.ok(await observes(server, 'no connection'), `${name} cut`);
    await server.mend();
    t.ok(await observes(server, 'responds'), `${name} mended`);
  };
  await Promise.all(all.map(exercise));
  await Promise.all([mysql.caughtUp(), redis.settled()]);
});

t.test('the replica has the data of the primary and is read-only', async (t) => {
  const [primary, replica] = await Promise.all([mysql.primary.root(), mysql.replica.root()]);
  await primary.query('CREATE TABLE theapp.one (id INT PRIMARY KEY); INSERT INTO theapp.one VALUES (1)');
  await mysql.caughtUp();
  t.match(await replica.query('SELECT id FROM theapp.one'), [[{ id: 1 }]]);
  t.match(await replica.query('SELECT @@read_only AS closed'), [[{ closed: 1 }]]);
  await Promise.all([primary.end(), replica.end()]);
});

t.test(
  'writes to the Redis master reach both replicas, and it refuses writes without replicas',
  async (t) => {
    const master = await redis.master();
    const replicas = redis.redis.filter((server) => server !== master);
    const admin = master.admin();
    t.equal(await admin.incr('counted'), 1);
    t.equal(await admin.wait(2, 5000), 2);
    await Promise.all(replicas.map((server) => server.pause()));
    const refused = async () => /NOREPLICAS/.test(String(await admin.incr('counted').catch(String)));
    const end = Date.now() + 15_000;
    while (!(await refused()) && Date.now() < end) await sleep(50);
    t.ok(await refused());
    for (const server of replicas) server.resume();
    admin.disconnect();
    await redis.settled();
  },
);

t.test('killed servers keep their data, except Memcached', async (t) => {
  const [mariadb, redis] = await Promise.all([startMariadb(), startRedis()]);
  const root = await mariadb.root();
  await root.query('CREATE TABLE theapp.one AS SELECT 7 AS id');
  root.destroy();
  const admin = redis.admin();
  await admin.set('kept', 'yes');
  admin.disconnect();
  await Promise.all([mariadb.kill(), redis.kill()]);
  await Promise.all([mariadb.start(), redis.start()]);
  const [rows, again] = [await mariadb.root(), redis.admin()];
  t.match(await rows.query('SELECT id FROM theapp.one'), [[{ id: 7 }]]);
  t.equal(await again.get('kept'), 'yes');
  rows.destroy();
  again.disconnect();
  await Promise.all([mariadb.stop(), redis.stop()]);
});

t.test('packets are dropped only in the network of a test, and never those of 127.0.0.1', async (t) => {
  const own = process.env.THEAPP_TEST_NETWORK;
  t.not(own, readlinkSync('/proc/self/ns/net'));
  await t.rejects(cutLoopback(), /must have its own address/);
  process.env.THEAPP_TEST_NETWORK = readlinkSync('/proc/self/ns/net');
  await t.rejects(memcached.cut(), /in the network namespace of a test/);
  process.env.THEAPP_TEST_NETWORK = own;
});

async function cutLoopback() {
  const single = await startMemcached();
  await single.cut().finally(() => single.stop());
}
