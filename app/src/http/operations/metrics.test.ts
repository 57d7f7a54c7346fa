import t from 'tap';
import { startRedis } from '../../../../testing/servers/redis.ts';
import { startTheApp } from '../../../../testing/theapp.ts';

const redis = await startRedis();
const app = await startTheApp(redis.environment, {
  VHOSTS: 'counter.example.org=counter,Pokedex.example.org=pokedex,todo.example.org=todos',
});
t.teardown(async () => {
  await app.stop();
  await redis.stop();
});

t.test('requests are counted by route, never by path', async (t) => {
  for (const url of ['/hello', '/hello', '/counter/a', '/counter/b', '/counter/*', '/no/where', '/no/such'])
    await app.get(url);
  const count = (route: string, service: string, status: number, method = 'GET') =>
    app.metric(
      `http_requests_total{method="${method}",route="${route}",service="${service}",status="${status}"}`,
    );
  t.equal(await count('/hello', 'greeting', 200), 2);
  t.equal(await count('/counter/{id}', 'counter', 200), 2);
  t.equal(await count('/counter/{id}', 'counter', 400), 1);
  t.equal(await count('none', 'none', 404, 'any'), 2);
  t.equal(
    await app.metric('http_request_duration_seconds_count{method="GET",route="/hello",service="greeting"}'),
    2,
  );
  t.equal(await app.metric('http_requests_in_flight'), 1, 'the scrape itself');
});

t.test('calls to dependencies are counted by outcome', async (t) => {
  t.ok((await app.metric('dependency_calls_total{dependency="redis",outcome="ok"}')) >= 2);
  for (let tries = 0; tries < 7; tries++) t.equal((await app.get('/')).status, 503);
  t.equal(await app.metric('dependency_breaker_open{dependency="mysql"}'), 1);
  t.ok((await app.metric('dependency_calls_total{dependency="mysql",outcome="failed"}')) >= 5);
  t.ok((await app.metric('dependency_calls_total{dependency="mysql",outcome="refused"}')) >= 1);
});

t.test('every sample is unique, and buckets are cumulative', async (t) => {
  await app.get('/hello', { host: 'counter.example.org' });
  const text = String((await app.get('/metrics')).body);
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  t.ok(samples.length > 50, `${samples.length} samples`);
  for (const line of samples) t.match(line, /^[a-z_\d]+(\{([a-z_]+="[^"]*",?)+\})? (-?[\d.e+-]+|Nan|\+Inf)$/);
  const names = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
  t.equal(new Set(names).size, names.length);
  const kinds = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]);
  t.match(Object.fromEntries(kinds), {
    http_requests_total: 'counter',
    http_request_duration_seconds: 'histogram',
    http_requests_in_flight: 'gauge',
  });
  t.equal(kinds.length, new Set(kinds.map(([name]) => name)).size);
  const of = 'method="GET",route="/hello",service="greeting"';
  const counts = samples
    .filter((line) => line.startsWith('http_request_duration_seconds_bucket') && line.includes(of))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
  t.equal(counts.length, 14);
  t.strictSame(
    counts,
    counts.toSorted((a, b) => a - b),
  );
  t.equal(await app.metric(`http_request_duration_seconds_count{${of}}`), counts.at(-1));
  const seconds = await app.metric(`http_request_duration_seconds_sum{${of}}`);
  t.ok(seconds > 0 && seconds < 5, `${seconds} s`);
});

t.test('content type and default metrics', async (t) => {
  const { status, headers, body } = await app.get('/metrics');
  t.equal(status, 200);
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/);
  for (const series of [
    /^theapp_build_info\{version="[^"]+",node="v24/m,
    /^nodejs_eventloop_lag_p99_seconds /m,
    /^process_resident_memory_bytes /m,
    /^mysql_pool_connections\{pool="mysql",state="waiting"\} 0$/m,
  ])
    t.match(body, series);
});

t.test('a service responds at the root of its own host name', async (t) => {
  const cases: [string, string, number, unknown][] = [
    ['counter.example.org', '/own', 200, { count: 1 }],
    ['counter.example.org', '/counter/own', 200, { count: 2 }],
    ['COUNTER.example.org:8080', '/own', 200, { count: 3 }],
    ['counter.example.org', '/ping', 200, { status: 'ok' }],
    ['counter.example.org', '/livez', 200, { status: 'alive' }],
    ['counter.example.org', '/favicon.ico', 200, /^<svg/],
    ['pokedex.example.org', '/x.y', 404, { error: { type: 'RESOURCE_NOT_FOUND' } }],
    ['other.example.org', '/own/x', 404, { error: 'Not Found' }],
  ];
  for (const [host, url, status, body] of cases)
    t.match(await app.get(url, { host }), { status, body }, `${host}${url}`);
});

t.test('two services with the same path are counted separately', async (t) => {
  const count = (service: string) =>
    app.metric(`http_requests_total{method="GET",route="/",service="${service}",status="503"}`);
  const before = await count('greeting');
  t.equal((await app.get('/', { host: 'todo.example.org' })).status, 503, 'without MySQL');
  t.equal(await count('todos'), 1);
  t.equal(await count('greeting'), before);
});
