import { createServer, type Socket } from 'node:net';
import t from 'tap';
import { duration, eventually, outcome, recordingObserver } from '../../../testing/outcomes.ts';
import { startProxy } from '../../../testing/proxy.ts';
import { startMemcached } from '../../../testing/servers/memcached.ts';
import { readConfig } from '../config.ts';
import { openCounts } from './memcached.ts';

const memcached = await startMemcached();
const proxy = await startProxy(memcached.port);
const config = readConfig({ MYSQL_PASS: 'x', MEMCACHED_SERVERS: `127.0.0.1:${proxy.port}` });
const seen = recordingObserver();
const counts = openCounts(config, seen.observer);
t.teardown(() => Promise.all([counts.close(), proxy.close(), memcached.stop()]));

const back = (key: string) =>
  eventually(
    () => counts.increment(key),
    (answer) => typeof answer === 'number',
  );

t.test('counts from 1 without duplicates', async (t) => {
  t.strictSame(
    [await counts.increment('a'), await counts.increment('a'), await counts.increment('b')],
    [1, 2, 1],
  );
  const many = await Promise.all(Array.from({ length: 200 }, () => counts.increment('many')));
  t.strictSame(
    many.sort((one, other) => one - other),
    Array.from({ length: 200 }, (_, at) => at + 1),
  );
});

t.test('accepts any key, and different keys do not collide', async (t) => {
  const long = 'x'.repeat(300);
  for (const key of ['a b', 'a\tb', 'a\r\nflush_all', 'ñandú', '👋', '', long, `${long}y`, '~a'])
    t.equal(await counts.increment(key), 1, JSON.stringify(key.slice(0, 20)));
});

t.test('a lost reply fails in time and is counted once', async (t) => {
  await counts.increment('lost');
  proxy.swallowNextReply();
  const late = duration(counts.increment('lost'));
  t.ok((await late) < 2000);
  t.ok(await back('other'));
  t.equal(await counts.increment('lost'), 3);
});

t.test('Memcached killed: recovers by itself', async (t) => {
  await memcached.kill();
  for (let at = 0; at < 5; at++) t.type(await outcome(counts.increment('k')), 'string');
  t.equal(await outcome(counts.increment('k')), 'BREAKER_OPEN');
  t.equal(seen.open.get('memcached'), true);
  await memcached.start();
  t.ok(await back('k'));
  t.equal(seen.open.get('memcached'), false);
});

t.test('Memcached paused: every call ends within its deadline, and it recovers by itself', async (t) => {
  await memcached.pause();
  const took = await Promise.all(Array.from({ length: 20 }, () => duration(counts.increment('p'))));
  t.ok(Math.max(...took) < 2000, `${Math.max(...took)} ms`);
  t.equal(await outcome(counts.increment('p')), 'BREAKER_OPEN');
  memcached.resume();
  t.ok(await back('p'));
});

t.test('connections to a hanging server are destroyed', async (t) => {
  const open = new Set<Socket>();
  const silent = createServer((socket) => {
    open.add(
      socket
        .resume()
        .on('error', () => undefined)
        .on('close', () => open.delete(socket)),
    );
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const config = readConfig({
    MYSQL_PASS: 'x',
    MEMCACHED_SERVERS: `127.0.0.1:${port}`,
    MEMCACHED_TIMEOUT_MS: '50',
  });
  const lost = openCounts(config, recordingObserver().observer);
  for (let at = 0; at < 3; at++) t.equal(await outcome(lost.increment('a')), 'TIMEOUT');
  t.ok(
    await eventually(
      async () => open.size,
      (size) => size === 0,
    ),
  );
  await lost.close();
  silent.close();
});
