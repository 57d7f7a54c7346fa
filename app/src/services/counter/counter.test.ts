import t from 'tap';
import { startRedisServer } from '../../../../testing/servers/redis.ts';
import { startTheApp, until } from '../../../../testing/theapp.ts';

// As the role configures it. With `everysec` a killed Redis can lose what it wrote while the disk was busy.
const redis = await startRedisServer({ lines: ['appendfsync always'] });
t.teardown(() => redis.stop());
const app = await startTheApp(redis.environment, {
  VHOSTS: 'counter.example.org=counter',
});
t.teardown(() => app.stop());

const notNow = { statusCode: 503, error: 'Service Unavailable', message: 'Try again soon' };
const countOf = async (id: string) => (await app.get(`/counter/${id}`)).body;

t.test('counts from 1 for each id', async (t) => {
  t.match(await app.get('/counter/a'), {
    status: 200,
    body: { count: 1 },
    headers: { 'cache-control': 'no-store' },
  });
  t.strictSame(await countOf('a'), { count: 2 });
  t.strictSame(await countOf('A'), { count: 1 });
  const other = await app.get('/a', { host: 'counter.example.org' });
  t.strictSame(other.body, { count: 3 }, 'the same counter at the root of its host name');
});

t.test('no two callers get the same number', async (t) => {
  const bodies = await Promise.all(Array.from({ length: 200 }, () => countOf('many')));
  const numbers = bodies.map((body) => (body as { count: number }).count).sort((one, other) => one - other);
  t.strictSame(
    numbers,
    Array.from({ length: 200 }, (_, at) => at + 1),
  );
});

t.test('valid and invalid ids', async (t) => {
  const longest = 'x'.repeat(64);
  const cases: [id: string, status: number][] = [
    [longest, 200],
    ['a.b_c:D-9', 200],
    [`${longest}x`, 400],
    ['a%20b', 400],
    ['a%0Ab', 400],
    ['a%00', 400],
    ['%C3%B1', 400],
    ['a%2Fb', 400],
    ['*', 400],
    ['%', 400],
    ['a/b', 404],
    ['', 404],
  ];
  for (const [id, status] of cases) t.equal((await app.get(`/counter/${id}`)).status, status, id);
  t.match((await app.get('/counter/a%20b')).body, {
    statusCode: 400,
    problems: [{ path: 'path.id', message: 'expected 1 to 64 letters, digits or _ . : -' }],
  });
});

t.test('HEAD does not consume a number', async (t) => {
  const before = (await countOf('head')) as { count: number };
  t.match(await app.ask('HEAD', '/counter/head'), { status: 405, headers: { allow: 'GET' } });
  t.strictSame(await countOf('head'), { count: before.count + 1 });
});

t.test('ping', async (t) => {
  for (const host of ['localhost', 'counter.example.org'])
    t.match(await app.get('/ping', { host }), { status: 200, body: { status: 'ok' } }, host);
});

t.test('Redis killed: fails at once, and no number is returned twice', async (t) => {
  const before = (await countOf('killed')) as { count: number };
  await redis.kill();
  const [answer, ping] = [await app.get('/counter/killed'), await app.get('/ping')];
  t.match(answer, { status: 503, body: notNow, headers: { 'retry-after': '1' } });
  t.match(ping, {
    status: 500,
    body: { statusCode: 500, error: 'Internal Server Error', message: 'Redis does not respond' },
  });
  t.ok(Math.max(answer.milliseconds, ping.milliseconds) < 3000);
  await redis.start();
  t.ok(await until(async () => (await app.get('/ping')).status === 200));
  t.strictSame(await countOf('killed'), { count: before.count + 1 });
});

t.test('Redis paused: fails in time, and each call counts at most once', async (t) => {
  const before = (await countOf('paused')) as { count: number };
  await redis.pause();
  const answers = await Promise.all(Array.from({ length: 20 }, () => app.get('/counter/paused')));
  t.ok(answers.every(({ status }) => status === 503));
  t.ok(answers.every(({ milliseconds }) => milliseconds < 3000));
  t.equal((await app.get('/ping')).status, 500);
  redis.resume();
  t.ok(await until(async () => (await app.get('/ping')).status === 200));
  const { count } = (await countOf('paused')) as { count: number };
  t.ok(count > before.count && count <= before.count + 21, `${before.count}, 20 unknown, ${count}`);
});
