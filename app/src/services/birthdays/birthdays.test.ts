import { server as hapiServer } from '@hapi/hapi';
import type { RowDataPacket } from 'mysql2';
import t from 'tap';
import { startRedis } from '../../../../testing/servers/redis.ts';
import { startReplicatedMariadb } from '../../../../testing/servers/replication.ts';
import { startTheApp, until } from '../../../../testing/theapp.ts';
import { readConfig } from '../../config.ts';
import { openDependencies } from '../../dependencies/dependencies.ts';
import { createMetrics, dependencyObserver } from '../../http/operations/metrics.ts';
import { createLog } from '../../log.ts';
import { birthdays } from './birthdays.ts';
import { dayIn, daysUntilBirthday } from './calendar.ts';

const [mysql, redis] = await Promise.all([startReplicatedMariadb(), startRedis()]);
t.teardown(() => Promise.all([mysql.stop(), redis.stop()]));
const app = await startTheApp(mysql.environment, redis.environment);
t.teardown(() => app.stop());

const degraded = () => app.metric('theapp_degraded_total{service="birthdays",part="cache"}');
const put = (name: string, dateOfBirth: unknown) =>
  app.ask('PUT', `/hello/${encodeURIComponent(name)}`, { body: { dateOfBirth } });
const get = (name: string, query = '') => app.get(`/hello/${encodeURIComponent(name)}${query}`);

/** The greeting expected today for this date of birth. */
function greeting(name: string, born: `${number}-${number}-${number}`) {
  const days = daysUntilBirthday(born, dayIn('UTC', new Date()));
  if (days === 0) return { message: `Hello, ${name}! Happy birthday!` };
  return { message: `Hello, ${name}! Your birthday is in ${days} day(s)` };
}

async function root(sql: string, values: string[] = []) {
  const connection = await mysql.primary.root();
  const [rows] = await connection.query<RowDataPacket[]>(sql, values).finally(() => connection.end());
  return rows;
}

t.test('stores, changes and returns a birthday', async (t) => {
  t.equal((await get('Ana')).status, 404);
  t.match(await put('Ana', '1990-12-31'), { status: 204, body: '' });
  t.strictSame((await get('Ana')).body, greeting('Ana', '1990-12-31'));
  t.equal((await put('Ana', '1991-02-03')).status, 204);
  t.strictSame((await get('Ana')).body, greeting('Ana', '1991-02-03'), 'at once, not a stale cached value');
  t.match(
    await root('SELECT CAST(date_of_birth AS CHAR) AS day FROM theapp.birthdays WHERE username = ?', ['Ana']),
    [{ day: '1991-02-03' }],
  );
});

t.test('valid and invalid names', async (t) => {
  const cases: [name: string, status: number][] = [
    ['Zoë', 204],
    ['Ζωή', 204],
    ['李', 204],
    ['𐐀𐐨', 204],
    ['x'.repeat(64), 204],
    ['𐐀'.repeat(64), 204],
    ['x'.repeat(65), 400],
    ['Ana2', 400],
    ['Ana María', 400],
    ['Ana-María', 400],
    ['😀', 400],
    ["'; DROP TABLE birthdays; --", 400],
    ['<b>', 400],
    ['Ana\0', 400],
  ];
  for (const [name, status] of cases) {
    const answer = await put(name, '1990-12-31');
    t.equal(answer.status, status, name);
    if (status === 400)
      t.match(answer.body, { problems: [{ path: 'path.username', message: 'expected 1 to 64 letters' }] });
    else t.strictSame((await get(name)).body, greeting(name, '1990-12-31'));
  }
  t.equal((await app.get('/hello/%FF')).status, 400);
});

t.test('equal and distinct names', async (t) => {
  await put('Jose\u0301', '1990-01-02');
  await put('jos\u00e9', '1990-03-04');
  await put('Jose', '1990-05-06');
  t.strictSame((await get('Jos\u00e9')).body, greeting('Jos\u00e9', '1990-01-02'), 'composed or not');
  t.strictSame((await get('jose\u0301')).body, greeting('jos\u00e9', '1990-03-04'), 'case');
  t.strictSame((await get('Jose')).body, greeting('Jose', '1990-05-06'), 'accents');
});

t.test('valid and invalid dates', async (t) => {
  const day = (days: number) => dayIn('UTC', new Date(Date.now() + days * 86_400_000));
  const real = 'expected a real date, YYYY-MM-DD';
  const cases: [date: unknown, message: string | undefined][] = [
    ['2000-02-29', undefined],
    ['1000-01-01', undefined],
    [day(-1), undefined],
    [day(0), 'expected a date before today'],
    [day(1), 'expected a date before today'],
    ['9999-12-31', 'expected a date before today'],
    ['0999-12-31', 'expected the year 1000 or later'],
    ['2023-02-29', real],
    ['1900-02-29', real],
    ['1990-13-01', real],
    ['1990-04-31', real],
    ['1990-1-1', real],
    ['90-01-01', real],
    ['1990-12-31T00:00:00Z', real],
    [' 1990-12-31', real],
    ['', real],
    [19_901_231, real],
    [null, real],
    [['1990-12-31'], real],
    [undefined, real],
  ];
  for (const [date, message] of cases) {
    const { status, body } = await put('Dates', date);
    if (message) t.match(body, { problems: [{ path: 'body.dateOfBirth', message }] }, String(date));
    else t.equal(status, 204, String(date));
  }
});

t.test('valid and invalid bodies', async (t) => {
  const cases: [body: string | object, type: string, status: number, path?: string][] = [
    ['{"dateOfBirth":"1990-12-31"}', 'application/json', 204],
    ['{"dateOfBirth":', 'application/json', 400],
    ['[]', 'application/json', 400, 'body'],
    ['"1990-12-31"', 'application/json', 400, 'body'],
    ['{"dateOfBirth":"1990-12-31","more":1}', 'application/json', 400, 'body'],
    ['dateOfBirth=1990-12-31', 'application/x-www-form-urlencoded', 415],
    [`{"dateOfBirth":"${'x'.repeat(40_000)}"}`, 'application/json', 413],
  ];
  for (const [body, type, status, path] of cases) {
    const answer = await app.ask('PUT', '/hello/Body', { body, headers: { 'content-type': type } });
    t.equal(answer.status, status, String(body).slice(0, 40));
    if (path) t.match(answer.body, { problems: [{ path }] });
  }
});

t.test('valid and invalid time zones', async (t) => {
  await put('Tz', '1990-12-31');
  for (const zone of ['UTC', 'Europe/Madrid', 'pacific/auckland', 'Etc/GMT%2B12'])
    t.equal((await get('Tz', `?tz=${zone}`)).status, 200, zone);
  for (const zone of ['', 'Mars/Olympus', '%2B05:30', '../../etc/localtime', 'x'.repeat(300), 'UTC&tz=UTC'])
    t.match(
      (await get('Tz', `?tz=${zone}`)).body,
      { statusCode: 400, problems: [{ path: 'query.tz' }] },
      zone,
    );
});

t.test('the current date depends on the time zone', async (t) => {
  const config = readConfig({ ...mysql.environment, ...redis.environment });
  const metrics = createMetrics('test');
  const dependencies = openDependencies(config, dependencyObserver(metrics), createLog('silent', 'test'));
  t.teardown(() => dependencies.close());
  const cases: [moment: string, zone: string, born: string, words: string][] = [
    ['2026-11-21T10:30:00Z', 'UTC', '1990-11-21', 'Happy birthday!'],
    ['2026-11-21T10:30:00Z', 'Pacific/Kiritimati', '1990-11-22', 'Happy birthday!'],
    ['2026-11-21T10:30:00Z', 'Pacific/Kiritimati', '1990-11-21', 'Your birthday is in 364 day(s)'],
    ['2026-11-21T10:30:00Z', 'Etc/GMT%2B12', '1990-11-20', 'Happy birthday!'],
    ['2026-11-21T10:30:00Z', 'Etc/GMT%2B12', '1990-11-21', 'Your birthday is in 1 day(s)'],
    ['2027-02-28T23:30:00Z', 'UTC', '2000-02-29', 'Your birthday is in 1 day(s)'],
    ['2027-02-28T23:30:00Z', 'Europe/Madrid', '2000-02-29', 'Happy birthday!'],
    ['2028-02-28T23:30:00Z', 'Europe/Madrid', '2000-02-29', 'Happy birthday!'],
  ];
  for (const [moment, zone, born, words] of cases) {
    const server = hapiServer();
    server.route(birthdays(dependencies, metrics, () => new Date(moment)).map(({ route }) => route));
    await server.inject({ method: 'PUT', url: '/hello/Line', payload: { dateOfBirth: born } });
    const { result } = await server.inject(`/hello/Line?tz=${zone}`);
    t.strictSame(result, { message: `Hello, Line! ${words}` }, `${moment} in ${zone}`);
  }
});

t.test('reads are cached', async (t) => {
  await put('Cached', '1990-12-31');
  await root("UPDATE theapp.birthdays SET date_of_birth = '1990-11-30' WHERE username = 'Cached'");
  t.strictSame((await get('Cached')).body, greeting('Cached', '1990-12-31'), 'from Redis');
  const admin = redis.admin();
  const seconds = await admin.ttl('birthday:Cached');
  t.ok(seconds > 0 && seconds <= 60, `for ${seconds} s`);
  await admin.del('birthday:Cached');
  t.strictSame((await get('Cached')).body, greeting('Cached', '1990-11-30'), 'from MySQL');
  t.equal(await admin.get('birthday:Cached'), '1990-11-30', 'and cached again');
  admin.disconnect();
});

t.test('Redis killed: reads and writes use MySQL', async (t) => {
  const before = await degraded();
  await redis.kill();
  t.equal((await put('Alone', '1990-12-31')).status, 204);
  t.strictSame((await get('Alone')).body, greeting('Alone', '1990-12-31'));
  t.strictSame((await get('Ana')).body, greeting('Ana', '1991-02-03'));
  t.equal(await degraded(), before + 2, 'counted in the metric');
  await redis.start();
  t.ok(await until(async () => (await app.get('/ping')).status === 200));
});

t.test('the primary killed: reads use Redis and the replica, writes fail', async (t) => {
  await put('Warm', '1990-12-31');
  await root("INSERT INTO theapp.birthdays VALUES ('Cold', '1990-11-30')");
  await mysql.caughtUp();
  await mysql.primary.kill();
  t.strictSame((await get('Warm')).body, greeting('Warm', '1990-12-31'), 'from Redis');
  t.strictSame((await get('Cold')).body, greeting('Cold', '1990-11-30'), 'from the replica');
  const admin = redis.admin();
  t.equal(await admin.get('birthday:Cold'), null, 'a value from the replica is not cached');
  admin.disconnect();
  t.match(await put('Warm', '1991-01-01'), { status: 503, body: { message: 'Try again soon' } });
  await mysql.primary.start();
  t.ok(await until(async () => (await put('Warm', '1991-01-01')).status === 204));
  t.strictSame((await get('Warm')).body, greeting('Warm', '1991-01-01'));
});
