import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { startRedis } from '../../../testing/servers/redis.ts';
import { readConfig } from '../config.ts';
import { openStore } from '../dependencies/redis.ts';
import { createMetrics, dependencyObserver } from '../http/operations/metrics.ts';
import { createLog } from '../log.ts';
import { cache } from './cache.ts';

const redis = await startRedis();
t.teardown(() => redis.stop());
const metrics = createMetrics('test');
const config = readConfig({ ...redis.environment, MYSQL_PASS: 'none' });
const store = openStore(config, dependencyObserver(metrics), createLog('silent', 'test'));
t.teardown(() => store.close());
const isColour = (text: string): text is 'red' | 'blue' => text === 'red' || text === 'blue';
const cached = cache(store, metrics, { service: 'pokedex', seconds: 300, isValid: isColour });

const says = (value: 'red' | 'blue' | undefined, from: 'primary' | 'replica' = 'primary') => {
  const origin = { asked: 0, ask: async () => ({ value, from, asked: ++origin.asked }) };
  return origin;
};

t.test('calls the origin once', async (t) => {
  const origin = says('red');
  t.equal(await cached.readThrough('once', origin.ask), 'red');
  t.equal(await cached.readThrough('once', origin.ask), 'red');
  t.equal(origin.asked, 1);
});

t.test('does not cache values from the replica, nor missing ones', async (t) => {
  for (const origin of [says('red', 'replica'), says(undefined)]) {
    await cached.readThrough('again', origin.ask);
    await cached.readThrough('again', origin.ask);
    t.equal(origin.asked, 2);
  }
});

t.test('a slow reader does not overwrite a new value with an old one', async (t) => {
  const old = await cached.readThrough('slow', async () => {
    await cached.update('slow', 'blue');
    return { value: 'red', from: 'primary' };
  });
  t.equal(old, 'red', 'the value at the time of the read');
  t.equal(await cached.readThrough('slow', says('red').ask), 'blue');
});

t.test('an update is visible at once', async (t) => {
  await cached.readThrough('change', says('red').ask);
  await cached.update('change', 'blue');
  t.equal(await cached.readThrough('change', says('red').ask), 'blue');
});

t.test('an invalid cached value counts as a miss', async (t) => {
  await store.set('other', 'green', 60);
  t.equal(await cached.readThrough('other', says('red').ask), 'red');
});

t.test('a failure of the origin is thrown', async (t) => {
  const failure = new Error('no');
  await t.rejects(
    cached.readThrough('failure', () => Promise.reject(failure)),
    failure,
  );
});

t.test('a paused Redis costs one timeout, not two', async (t) => {
  await redis.pause();
  const began = performance.now();
  t.equal(await cached.readThrough('paused', says('red').ask), 'red');
  t.ok(performance.now() - began < 2 * config.REDIS_TIMEOUT_MS, `${performance.now() - began} ms`);
  await cached.update('paused', 'red');
  t.equal((await metrics.degraded.get()).values[0]?.value, 2);
  redis.resume();
});

const answers = () => store.ping().then(() => true);
const elsewhere = cache(store, metrics, { service: 'pokedex', seconds: 300, isValid: isColour });

t.test('an update that Redis missed becomes visible', async (t) => {
  t.ok(await until(answers, true));
  await cached.update('missed', 'red');
  await redis.kill();
  await cached.update('missed', 'blue');
  await redis.start();
  t.equal(
    await cached.readThrough('missed', says('blue').ask),
    'blue',
    'the writer does not read from Redis',
  );
  t.ok(await until(answers, true));
  t.ok(
    await until(() => elsewhere.readThrough('missed', says('blue').ask), 'blue'),
    'other processes see it soon',
  );
  await cached.update('missed', 'red');
  t.equal(await cached.readThrough('missed', says('blue').ask), 'red', 'Redis is read again');
});

t.test('an update that Redis missed does not undo a newer one', async (t) => {
  await redis.kill();
  await cached.update('newer', 'red');
  await redis.start();
  t.ok(await until(answers, true));
  await elsewhere.update('newer', 'blue');
  const isPaid = async () => {
    const origin = says('blue');
    await cached.readThrough('newer', origin.ask);
    return origin.asked === 0;
  };
  t.ok(await until(isPaid, true), 'the first writer reads from Redis again');
  t.equal(await elsewhere.readThrough('newer', says('blue').ask), 'blue');
});

/** Waits until the call returns `answer`; the Redis client needs time to reconnect. */
async function until<T>(ask: () => Promise<T>, answer: T): Promise<boolean> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20))
    if ((await ask().catch(() => undefined)) === answer) return true;
  return false;
}
