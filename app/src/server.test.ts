import { once } from 'node:events';
import { Agent, get as request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import t from 'tap';
import { startMariadb } from '../../testing/servers/mariadb.ts';
import { startMemcached } from '../../testing/servers/memcached.ts';
import { startRedis } from '../../testing/servers/redis.ts';
import { readConfig } from './config.ts';
import { createLog } from './log.ts';
import { migrate } from './schema/migrate.ts';
import { readMigrations } from './schema/migrations.ts';
import { createServer } from './server.ts';
import { currentRelease } from './version.ts';

const [mariadb, redis, memcached] = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
t.teardown(() => Promise.all([mariadb, redis, memcached].map((server) => server.stop())));
const config = readConfig({
  ...mariadb.environment,
  ...redis.environment,
  ...memcached.environment,
  MYSQL_CONNECTIONS: '4',
  MYSQL_QUEUE: '4',
  DRAIN_SECONDS: '0',
});
const release = currentRelease();
const migrations = readMigrations(release.folder);
const server = await createServer(config, release, createLog('silent', 'test'));
t.teardown(() => server.stop());

/** The longest permitted duration of a request in milliseconds, whatever fails (docs/faults.md). */
const longest = 3000;

const notNow = { statusCode: 503, error: 'Service Unavailable', message: 'Try again soon' };

/** Status, body, headers and duration in milliseconds of a GET. */
async function get(url: string, headers = {}) {
  const began = performance.now();
  const { statusCode, payload, headers: answered } = await server.inject({ url, headers });
  const body = payload.startsWith('{') ? JSON.parse(payload) : payload;
  return { statusCode, body, headers: answered, milliseconds: performance.now() - began };
}

/** Polls until the status is 200, as a load balancer does. */
async function recovered(url: string) {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(50))
    if ((await get(url)).statusCode === 200) return true;
  return false;
}

t.test('without its schema TheAPP is not ready, and says why', async (t) => {
  t.match(await get('/readyz'), {
    statusCode: 503,
    body: {
      status: 'not ready',
      missing: [`schema: ${migrations.length} of ${migrations.length} migrations not applied`],
    },
  });
  t.match(await get('/'), { statusCode: 503, body: notNow });
  await migrate(config, migrations);
});

t.test('routes', async (t) => {
  const json = 'application/json; charset=utf-8';
  const cases: [string, number, string, unknown][] = [
    ['/', 200, 'text/plain; charset=utf-8', 'Hello world!\n'],
    ['/hello', 200, json, { hello: 'world' }],
    ['/livez', 200, json, { status: 'alive' }],
    ['/readyz', 200, json, { status: 'ready' }],
    ['/healthz', 200, json, { status: 'Up and running!' }],
    ['/no/where', 404, json, { statusCode: 404, error: 'Not Found', message: 'Not Found' }],
  ];
  for (const [url, statusCode, type, body] of cases) {
    const answer = await get(url);
    t.strictSame(
      [answer.statusCode, answer.headers['content-type'], answer.body],
      [statusCode, type, body],
      url,
    );
    t.equal(answer.headers['x-content-type-options'], 'nosniff');
  }
});

t.test('the greeting comes from row 1', async (t) => {
  const root = await mariadb.root();
  await root.query("UPDATE theapp.data SET message = '¡Hola, mundo! 👋' WHERE id = 1");
  t.equal((await get('/')).body, '¡Hola, mundo! 👋\n');
  await root.query('DELETE FROM theapp.data');
  t.match(await get('/'), { statusCode: 503, body: notNow }, 'no row');
  await root.query("INSERT INTO theapp.data VALUES (1, 'Hello world!')");
  await root.end();
});

t.test('request ids', async (t) => {
  const cases: [string | undefined, RegExp][] = [
    ['abc-123', /^abc-123$/],
    [undefined, /^[0-9a-f]{32}$/],
    ['x y', /^[0-9a-f]{32}$/],
    ['a'.repeat(129), /^[0-9a-f]{32}$/],
  ];
  for (const [given, expected] of cases)
    for (const url of ['/hello', '/nowhere'])
      t.match((await get(url, given ? { 'x-request-id': given } : {})).headers['x-request-id'], expected);
});

t.test('continues a trace, and starts none', async (t) => {
  const [trace, caller] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
  for (const url of ['/hello', '/nowhere']) {
    const { headers } = await get(url, { traceparent: `00-${trace}-${caller}-01` });
    t.match(headers.traceparent, new RegExp(`^00-${trace}-(?!${caller})[0-9a-f]{16}-01$`), url);
    t.equal((await get(url)).headers.traceparent, undefined, url);
  }
});

t.test('MySQL killed: 503 at once, and recovers by itself', async (t) => {
  await mariadb.kill();
  const [page, ready] = [await get('/'), await get('/readyz')];
  t.match(page, { statusCode: 503, body: notNow, headers: { 'retry-after': '1' } });
  t.ok(page.headers['x-request-id'], 'still has a request id');
  t.ok(page.milliseconds < longest, `${page.milliseconds} ms`);
  t.match(ready, { statusCode: 503, body: { status: 'not ready', missing: ['mysql: not reachable'] } });
  t.equal((await get('/livez')).statusCode, 200);
  t.equal((await get('/hello')).statusCode, 200);
  await mariadb.start();
  t.ok(await recovered('/readyz'));
  t.equal((await get('/')).body, 'Hello world!\n');
});

t.test('MySQL paused: every response within its deadline, however many clients', async (t) => {
  await mariadb.pause();
  const ready = await get('/readyz');
  t.match(ready, { statusCode: 503, body: { missing: ['mysql: no response in 1000 ms'] } });
  t.ok(ready.milliseconds < longest, `${ready.milliseconds} ms`);
  const answers = await Promise.all(Array.from({ length: 40 }, () => get('/')));
  t.ok(answers.every(({ statusCode }) => statusCode === 503));
  const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
  t.ok(slowest < longest, `the slowest took ${slowest} ms`);
  mariadb.resume();
  t.ok(await recovered('/'));
  t.ok(await recovered('/readyz'));
});

t.test('a locked table: statements have a deadline, and the queue is limited', async (t) => {
  const root = await mariadb.root();
  await root.query('LOCK TABLES theapp.todos WRITE');
  // Distinct queries: identical ones would be coalesced.
  const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => get(`/api/todos/${at + 1}`)));
  const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  t.ok(answers.every(({ statusCode }) => statusCode === 503));
  t.equal(
    times.filter((time) => time < config.MYSQL_TIMEOUT_MS / 2).length,
    4,
    '4 queries run, 4 wait, 4 fail at once',
  );
  t.ok(
    times.every((time) => time < longest),
    times.join(' '),
  );
  await root.query('UNLOCK TABLES');
  await root.end();
  t.ok(await recovered('/api/todos'));
});

t.test('a failed login reveals nothing to clients and the reason to the operator', async (t) => {
  // A long timeout, so that a busy computer still finds the reason.
  const slowConfig = { ...config, READY_TIMEOUT_MS: 30_000 };
  const cases: [object, string][] = [
    [{ MYSQL_PASS: 'wrong' }, 'mysql: user or password refused'],
    [{ MYSQL_HOST: 'nowhere.invalid' }, 'mysql: not reachable'],
    [{ MYSQL_SOCKET: '/nowhere' }, 'mysql: not reachable'],
    [
      { MYSQL_SOCKET: mariadb.socket, MYSQL_USER: 'root', MYSQL_PASS: '', MYSQL_DATABASE: 'no' },
      'mysql: no such database',
    ],
  ];
  for (const [changes, missing] of cases) {
    const other = await createServer({ ...slowConfig, ...changes }, release, createLog('silent', 'test'));
    t.match((await other.inject('/readyz')).result, { missing: [missing] }, missing);
    t.match((await other.inject('/')).result, notNow);
    await other.stop();
  }
});

t.test('a database from a newer release that was rolled back is ready', async (t) => {
  const root = await mariadb.root();
  await root.query("INSERT INTO theapp.migrations (name, sha256) VALUES ('9999-newer.sql', 'x')");
  await root.end();
  t.equal((await get('/readyz')).statusCode, 200);
  t.strictSame(await migrate(config, migrations), []);
});

t.test('a completed response is garbage-collected while its connection stays open', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const other = await createServer({ ...config, PORT: 0 }, release, createLog('silent', 'test'));
  const answers: WeakRef<ServerResponse>[] = [];
  other.listener.on('request', (_request, answer) => answers.push(new WeakRef(answer)));
  await other.start();
  const agent = new Agent({ keepAlive: true });
  const paths = ['/', '/hello', '/api/todos', '/nowhere', '/readyz'];
  await Promise.all(
    paths.map(async (path) => {
      const headers = { Accept: 'text/html' };
      const [answer] = await once(request({ agent, port: other.info.port, path, headers }), 'response');
      await text(answer);
    }),
  );
  const kept = () => answers.filter((answer) => answer.deref() !== undefined).length;
  for (const end = Date.now() + 5000; kept() > 0 && Date.now() < end; collect()) await sleep(20);
  t.strictSame([answers.length, kept()], [paths.length, 0]);
  t.equal(Object.values(agent.freeSockets).flat().length, paths.length, 'the connections are still open');
  agent.destroy();
  await other.stop();
});
