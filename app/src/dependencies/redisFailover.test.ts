import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import t from 'tap';
import { eventually, outcome, recordingObserver } from '../../../testing/outcomes.ts';
import { ownNetwork } from '../../../testing/servers/network.ts';
import { startRedisCluster } from '../../../testing/servers/sentinels.ts';
import { readConfig } from '../config.ts';
import { openStore } from './redis.ts';

ownNetwork();
const cluster = await startRedisCluster();
const lines: string[] = [];
const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) });
const config = readConfig({ ...cluster.environment, MYSQL_PASS: 'x', REDIS_WAIT_REPLICAS: '1' });
const store = openStore(config, recordingObserver().observer, log);
t.teardown(async () => {
  await store.close();
  await cluster.stop();
});

/** Increments 200 times a second until stopped, and records every number in the order of the responses. */
function countOn(key: string) {
  let on = true;
  const given: number[] = [];
  let silence = 0;
  let last = performance.now();
  const pending = new Set<Promise<void>>();
  const ask = async () => {
    const answer = await outcome(store.increment(key));
    if (typeof answer !== 'number') return;
    given.push(answer);
    silence = Math.max(silence, performance.now() - last);
    last = performance.now();
  };
  const loop = (async () => {
    for (; on; await sleep(5)) {
      const one = ask().finally(() => pending.delete(one));
      pending.add(one);
    }
  })();
  const stop = async () => {
    on = false;
    await loop;
    await Promise.all(pending);
    return { given, silence };
  };
  return { given, stop };
}

t.test('simultaneous increments get distinct numbers', async (t) => {
  const many = await Promise.all(Array.from({ length: 300 }, () => store.increment('many')));
  t.strictSame(
    many.sort((one, other) => one - other),
    Array.from({ length: 300 }, (_, at) => at + 1),
  );
});

t.test(
  'callers that waited for the connection and callers that did not get their numbers in order',
  async (t) => {
    await cluster.settled();
    const given: number[] = [];
    const ask = async () => void given.push(await other.increment('mixed'));
    const asked: Promise<void>[] = [];
    const askOnceConnected = () => setImmediate(() => asked.push(ask()));
    const log = pino({ level: 'info' }, { write: askOnceConnected });
    const other = openStore(config, recordingObserver().observer, log);
    asked.push(ask(), ask(), ask());
    const waiting = asked.length;
    // One line per connection: one for the counters, one for everything else.
    t.ok(
      await eventually(
        async () => asked.length - waiting,
        (connected) => connected === 2,
      ),
    );
    await Promise.all(asked);
    await other.close();
    t.strictSame(given, [1, 2, 3, 4, 5]);
  },
);

t.test('without replicas no number is returned', async (t) => {
  await cluster.settled();
  const master = await cluster.master();
  const replicas = cluster.redis.filter(({ port }) => port !== master.port);
  await Promise.all(replicas.map((replica) => replica.pause()));
  t.match(await outcome(store.increment('alone')), /NOT_REPLICATED|NOREPLICAS|TIMEOUT/);
  t.equal(await outcome(store.get('many')), '300', 'reads go on');
  for (const replica of replicas) replica.resume();
  t.ok(
    await eventually(
      () => store.increment('alone'),
      (answer) => typeof answer === 'number',
    ),
  );
});

t.test('the master is paused at 200 increments a second', async (t) => {
  await cluster.settled();
  const master = await cluster.master();
  const counting = countOn('paused');
  await sleep(300);
  await master.pause();
  const before = counting.given.length;
  t.ok(
    await eventually(
      async () => counting.given.length > before + 200,
      (enough) => enough === true,
    ),
    'counting continues',
  );
  master.resume();
  await sleep(500);
  const { given, silence } = await counting.stop();
  t.ok(silence < 10_000, `longest pause: ${silence} ms`);
  t.strictSame(
    given,
    [...given].sort((one, other) => one - other),
    'in order',
  );
  t.equal(new Set(given).size, given.length, 'no number twice');
  t.ok(Number(await store.get('paused')) >= Math.max(...given), 'no number lost');
  t.not((await cluster.master()).port, master.port);
  t.comment(`${given.length} given, pause ${Math.round(silence)} ms`);
});
