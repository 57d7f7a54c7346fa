import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { documentOf, escaped } from '../../visualiser/page.ts';
import { decide, type Sample, type Settings } from './autoscaler/decision.ts';
import { inFlightOf } from './autoscaler/replicas.ts';
import { readConfiguration } from './autoscaler/settings.ts';
import { bundleService, type ServiceProgram } from './bundle.ts';
import type { Cluster } from './swarm.ts';
import { bodyOf } from './visualiser/page.ts';

t.setTimeout(120_000);

/** Recorded from Docker 20.10 with a swarm of one node. */
const recorded = () =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as Cluster;

t.test('the number of replicas', async (t) => {
  const settings: Settings = { min: 2, max: 8, target: 10, window: 30, coolUp: 60, coolDown: 300 };
  /** One sample every five seconds, the last at 1000. */
  const series = (replicas: number, ...each: number[]): Sample[] =>
    each.map((one, i) => ({
      at: 1000 - 5 * (each.length - 1 - i),
      replicas,
      inFlight: Array(replicas).fill(one),
    }));
  const silent: Sample = { at: 1000, replicas: 4, inFlight: [] };
  const partly: Sample = { at: 1000, replicas: 4, inFlight: [2, 2, 2] };
  const cases: [string, readonly Sample[], number, number, RegExp][] = [
    ['no samples', [], 0, 0, /no samples/],
    ['on the target', series(3, 10, 10, 10), 0, 3, /10\.0 requests in flight per replica, target 10/],
    ['a little above', series(3, 11, 11), 0, 3, /11\.0/],
    ['above', series(3, 14, 14), 0, 5, /14\.0/],
    ['far above: twice as many at most', series(3, 90, 90), 0, 6, /90\.0/],
    ['far above: not more than the maximum', series(6, 90), 0, 8, /90\.0/],
    ['above at the maximum', series(8, 90), 0, 8, /the maximum is 8/],
    ['one peak in a calm half minute', series(3, 2, 2, 2, 2, 20), 0, 3, /5\.6/],
    ['above, changed a moment ago', series(3, 14), 970, 3, /after the last change/],
    ['samples from before a change do not count', series(3, 90, 90, 9), 998, 3, /9\.0/],
    ['below: one at a time', series(6, 1, 1, 1), 0, 5, /1\.0/],
    ['below, but one replica less would be near the target', series(4, 7, 7), 0, 4, /7\.0/],
    ['below now, not a moment ago', series(4, 9, 1, 1), 0, 4, /3\.7/],
    ['below, changed some minutes ago', series(6, 1, 1), 800, 6, /after the last change/],
    ['below at the minimum', series(2, 0, 0), 0, 2, /0\.0/],
    ['no replica answers', [silent], 0, 4, /no replica has answered/],
    ['one replica does not answer', [partly], 0, 4, /not all replicas have answered/],
    ['fewer than the minimum', series(1, 0), 990, 2, /at least 2/],
    ['more than the maximum', series(9, 10), 990, 8, /at most 8/],
    ['no samples and no replicas', series(0), 0, 0, /no samples/],
    ['scaled to none by hand', [{ at: 1000, replicas: 0, inFlight: [] }], 0, 0, /scaled to 0 by hand/],
  ];
  for (const [words, samples, changedAt, replicas, why] of cases) {
    const decision = decide(samples, settings, changedAt);
    t.equal(decision.replicas, replicas, `${words}: ${decision.why}`);
    t.match(decision.why, why, words);
  }
});

t.test('the metrics and settings of the autoscaler', async (t) => {
  t.equal(
    inFlightOf('# HELP x\nhttp_requests_in_flight 5\n'),
    4,
    'the request for the metrics is not counted',
  );
  t.equal(inFlightOf('http_requests_in_flight{a="b"} 1\n'), 0);
  t.equal(inFlightOf('http_requests_in_flight_total 9\n'), undefined);
  t.match(readConfiguration({}), {
    service: 'theapp_app',
    replicas: 'tasks.app',
    port: 3000,
    min: 2,
    max: 6,
  });
  t.throws(() => readConfiguration({ MIN: '7' }), /MIN: expected no more than MAX/);
  t.throws(() => readConfiguration({ MAX: 'x', IN_FLIGHT: '0' }), /MAX: .*\nIN_FLIGHT: /);
});

t.test('the page', async (t) => {
  const cluster = recorded();
  const now = Date.parse(cluster.tasks[0]?.Status.Timestamp ?? '') + 90_000;
  const page = documentOf('Nodes and tasks', bodyOf(cluster, now));
  t.match(page, /<td>theapp_app<\/td><td><span class="bad">2 of 5<\/span><\/td><td>h5sleep:latest<\/td>/);
  t.match(page, /<h2>vm <span class="good">ready<\/span><\/h2>/);
  t.match(page, /theapp_app\.\d <span class="good">running for \d+ s<\/span>/);
  t.notMatch(page, /https?:\/\//, 'no links to other hosts');
  const evil = '<script>alert("x")</script>';
  const [first] = cluster.services;
  const named = { ...cluster, services: first ? [{ ...first, Spec: { ...first.Spec, Name: evil } }] : [] };
  t.notMatch(bodyOf(named, now), /<script/);
  t.equal(escaped(`<a b="c" d='e'>&`), '&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;');
});

/** Docker's API on a socket, with the data of `cluster`. It records POST requests. */
async function startEngine(cluster: Cluster) {
  const socket = join(t.testdir(), `${Math.random()}.sock`);
  const posted: { url: string; body: unknown }[] = [];
  const answers: Record<string, () => unknown> = {
    '/nodes': () => cluster.nodes,
    '/services': () => cluster.services,
    '/tasks': () => cluster.tasks,
    '/services/theapp_app': () => cluster.services[0],
  };
  const server = createServer(async (request, response) => {
    const { url = '', method } = request;
    if (method === 'POST') posted.push({ url, body: JSON.parse(await textOf(request)) });
    const answer = method === 'POST' ? { Warnings: null } : answers[url]?.();
    response
      .writeHead(answer ? 200 : 503)
      .end(JSON.stringify(answer ?? { message: 'This node is not a swarm manager.' }));
  }).listen(socket);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { socket, posted, answers };
}

async function textOf(stream: IncomingMessage | NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** Starts the bundled program, as the cluster does. */
async function start(name: ServiceProgram, env: Record<string, string>) {
  const file = join(t.testdirName, `${name}.mjs`);
  writeFileSync(file, await bundleService(name));
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('the visualiser, running', async (t) => {
  const engine = await startEngine(recorded());
  const child = await start('visualiser', { PORT: '0', DOCKER_SOCKET: engine.socket });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port } = JSON.parse(line.toString()).listening as AddressInfo;
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
  const page = await get('/');
  t.equal(page.status, 200);
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/);
  t.match(await page.text(), /theapp_app/);
  t.equal((await get('/healthz')).status, 200);
  t.equal((await get('/services')).status, 404);
  t.equal((await get('/', 'POST')).status, 405);
  for (const path of Object.keys(engine.answers)) delete engine.answers[path];
  await sleep(1100);
  const sorry = await get('/');
  t.equal(sorry.status, 503);
  const text = await sorry.text();
  t.match(
    text,
    /not a swarm manager\.<br>Below is the last state that could be read, of [-\d]+ [:\d]+ UTC \(\d+ s ago\)/,
  );
  t.match(text, /theapp_app/, 'the state before');
  t.equal((await get('/healthz')).status, 200, 'the visualiser itself is healthy');
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
  rmSync(engine.socket, { force: true });
});

t.test('the autoscaler, running', async (t) => {
  const cluster = recorded();
  const engine = await startEngine(cluster);
  const replica = createServer((_request, response) => response.end('http_requests_in_flight 31\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(replica, 'listening');
  t.teardown(() => replica.close());
  const child = await start('autoscaler', {
    DOCKER_SOCKET: engine.socket,
    REPLICAS: '127.0.0.1',
    PORT: String((replica.address() as AddressInfo).port),
    INTERVAL_SECONDS: '0.1',
    COOL_UP_SECONDS: '0',
    MAX: '20',
  });
  for (const end = Date.now() + 20_000; engine.posted.length === 0 && Date.now() < end; ) await sleep(50);
  const [service] = cluster.services;
  const [order] = engine.posted;
  t.equal(order?.url, `/services/${service?.ID}/update?version=${service?.Version?.Index}`);
  t.strictSame(
    order?.body,
    { ...service?.Spec, Mode: { Replicated: { Replicas: 10 } } },
    'only the number of replicas changes: 30 in flight for each of 5, so it doubles',
  );
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
});
