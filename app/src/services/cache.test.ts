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

t.test('the origin is asked once', async (t) => {
  const origin = says('red');
  t.equal(await cached.readThrough('once', origin.ask), 'red');
  t.equal(await cached.readThrough('once', origin.ask), 'red');
  t.equal(origin.asked, 1);
});

t.test('what the replica says, and that there is nothing, is asked for again', async (t) => {
  for (const origin of [says('red', 'replica'), says(undefined)]) {
    await cached.readThrough('again', origin.ask);
    await cached.readThrough('again', origin.ask);
    t.equal(origin.asked, 2);
  }
});

t.test('a slow reader does not put an old value over a new one', async (t) => {
  const old = await cached.readThrough('slow', async () => {
    await cached.update('slow', 'blue');
    return { value: 'red', from: 'primary' };
  });
  t.equal(old, 'red', 'what was so when it was asked for');
  t.equal(await cached.readThrough('slow', says('red').ask), 'blue');
});

t.test('a change is seen at once', async (t) => {
  await cached.readThrough('change', says('red').ask);
  await cached.update('change', 'blue');
  t.equal(await cached.readThrough('change', says('red').ask), 'blue');
});

t.test('what is not a value is as good as nothing', async (t) => {
  await store.set('other', 'green', 60);
  t.equal(await cached.readThrough('other', says('red').ask), 'red');
});

t.test('a failure of the origin is not hidden', async (t) => {
  const failure = new Error('no');
  await t.rejects(
    cached.readThrough('failure', () => Promise.reject(failure)),
    failure,
  );
});

t.test('a paused Redis costs one wait, not two', async (t) => {
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

t.test('a change that a Redis missed', async (t) => {
  t.ok(await until(answers, true));
  await cached.update('missed', 'red');
  await redis.kill();
  await cached.update('missed', 'blue');
  await redis.start();
  t.equal(await cached.readThrough('missed', says('blue').ask), 'blue', 'who changed it does not ask Redis');
  t.ok(await until(answers, true));
  t.ok(await until(() => elsewhere.readThrough('missed', says('blue').ask), 'blue'), 'others soon see it');
  await cached.update('missed', 'red');
  t.equal(await cached.readThrough('missed', says('blue').ask), 'red', 'it is asked again');
});

t.test('a change that a Redis missed does not undo a newer one', async (t) => {
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
  t.ok(await until(isPaid, true), 'who missed it asks Redis again');
  t.equal(await elsewhere.readThrough('newer', says('blue').ask), 'blue');
});

/** Waits for an answer; the client of Redis finds its server again in its own time. */
async function until<T>(ask: () => Promise<T>, answer: T): Promise<boolean> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(20))
    if ((await ask().catch(() => undefined)) === answer) return true;
  return false;
}
