import { pino } from 'pino';
import t from 'tap';
import { duration, eventually, outcome, recordingObserver } from '../../../testing/outcomes.ts';
import { startProxy } from '../../../testing/proxy.ts';
import { startRedisServer } from '../../../testing/servers/redis.ts';
import { readConfig } from '../config.ts';
import { openStore } from './redis.ts';

// With `everysec` a killed Redis can lose what it wrote while the disk was busy.
const redis = await startRedisServer({ lines: ['appendfsync always'] });
const proxy = await startProxy(redis.port);
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
const environment = { ...redis.environment, MYSQL_PASS: 'x', REDIS_PORT: String(proxy.port) };
const seen = recordingObserver();
const store = openStore(readConfig(environment), seen.observer, log);
t.teardown(async () => {
  await Promise.all([store.close(), proxy.close()]);
  await redis.stop();
});

const back = () =>
  eventually(
    () => store.ping(),
    (answer) => answer === undefined,
  );

/** The value in Redis, read without TheAPP. */
async function kept(key: string) {
  const admin = redis.admin();
  const [value, seconds] = await Promise.all([admin.get(key), admin.ttl(key)]);
  admin.disconnect();
  return { value, seconds };
}

t.test('stores, removes and counts', async (t) => {
  t.equal(await store.get('a'), null);
  await store.set('a', '¡uno!', 60);
  t.equal(await store.get('a'), '¡uno!');
  await store.set('a', 'two', 60, { onlyNew: true });
  t.equal(await store.get('a'), '¡uno!');
  await store.set('b', 'two', 60, { onlyNew: true });
  t.match(await kept('b'), { value: 'two', seconds: /^[1-6]\d?$/ });
  await store.remove('a');
  t.equal(await store.get('a'), null);
  const many = await Promise.all(Array.from({ length: 200 }, () => store.increment('many')));
  t.strictSame(
    many,
    Array.from({ length: 200 }, (_, at) => at + 1),
  );
});

t.test('a command that Redis rejects does not count as unavailable', async (t) => {
  await store.set('word', 'x', 60);
  for (let at = 0; at < 6; at++)
    await t.rejects(store.increment('word'), { message: /^redis: ERR value is not an integer/ });
  t.equal(seen.open.get('redis'), false);
});

t.test('a lost reply fails at once, is counted once and never sent again', async (t) => {
  t.equal(await store.increment('lost'), 1);
  proxy.swallowNextReply();
  t.equal(await outcome(store.increment('lost')), 'CONNECTION_LOST');
  t.ok(await back());
  t.match(await kept('lost'), { value: '2' });
  t.equal(await store.increment('lost'), 3);
});

t.test(
  'many lost replies: no increment is applied twice, and every acknowledged one is applied',
  async (t) => {
    let asked = 0;
    let answered = 0;
    const ask = async () => {
      asked++;
      if (typeof (await outcome(store.increment('crowd'))) === 'number') answered++;
    };
    for (let round = 0; round < 10; round++) {
      await Promise.all([ask(), ask()]);
      proxy.swallowNextReply();
      await Promise.all([ask(), ask(), ask(), ask()]);
      t.ok(await back());
    }
    const count = Number((await kept('crowd')).value);
    t.ok(answered <= count && count <= asked, `answered ${answered}, counted ${count}, asked ${asked}`);
    t.ok(answered < count, 'some were counted but not acknowledged');
  },
);

t.test(
  'Redis killed: calls fail at once, nothing is queued for later, and it recovers by itself',
  async (t) => {
    await store.increment('killed');
    await redis.kill();
    const took = await Promise.all(Array.from({ length: 20 }, () => duration(store.increment('killed'))));
    t.ok(Math.max(...took) < 2000, `${Math.max(...took)} ms`);
    t.ok(
      await eventually(
        () => store.ping(),
        (answer) => answer === 'BREAKER_OPEN',
      ),
    );
    t.equal(seen.open.get('redis'), true);
    await redis.start();
    t.ok(await back());
    t.equal(seen.open.get('redis'), false);
    t.match(await kept('killed'), { value: '1' });
  },
);

t.test('Redis paused: every call ends within its deadline, and it recovers by itself', async (t) => {
  await redis.pause();
  const took = await Promise.all(Array.from({ length: 20 }, () => duration(store.get('a'))));
  t.ok(Math.max(...took) < 2000, `${Math.max(...took)} ms`);
  t.equal(await outcome(store.get('a')), 'BREAKER_OPEN');
  t.ok(
    await eventually(
      () => store.ping(),
      (code) => code === 'NOT_CONNECTED' || code === 'CONNECTION_LOST',
    ),
    'the connection is closed',
  );
  redis.resume();
  t.ok(await back());
});

t.test('missing replicas fail the increment', async (t) => {
  const two = openStore(
    readConfig({ ...environment, REDIS_WAIT_REPLICAS: '2' }),
    recordingObserver().observer,
    log,
  );
  const took = await duration(two.increment('alone'));
  t.ok(took < 2000, `${took} ms`);
  t.equal(await outcome(two.increment('alone')), 'NOT_REPLICATED');
  t.match(await kept('alone'), { value: '2' }, 'counted, but not returned to a caller');
  await two.close();
});

t.test('the log reports changes of the connection and no secret', async (t) => {
  const wrong = openStore(
    readConfig({ ...environment, REDIS_PASS: 'wrong-pass' }),
    recordingObserver().observer,
    log,
  );
  t.ok(
    await eventually(
      () => wrong.ping(),
      (code) => code === 'WRONGPASS' || code === 'NOT_CONNECTED',
    ),
  );
  await wrong.close();
  t.ok(lines.length > 2);
  t.ok(lines.length < 60, `${lines.length} lines`);
  t.match(lines.join(''), /Socket timeout/);
  t.match(lines.join(''), /WRONGPASS/);
  t.notMatch(lines.join(''), /wrong-pass|redis-pass/);
});
