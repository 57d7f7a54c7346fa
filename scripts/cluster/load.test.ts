import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import t from 'tap';
import { type Program, start } from '../../testing/program.ts';
import { startMariadb } from '../../testing/servers/mariadb.ts';
import { startMemcached } from '../../testing/servers/memcached.ts';
import { freePort } from '../../testing/servers/process.ts';
import { startRedis } from '../../testing/servers/redis.ts';
import type { LoadReport } from './load/report.ts';
import { isFlawless, textOf } from './load/text.ts';
import { startLoad } from './load/traffic.ts';

// Long only on a busy computer.
t.setTimeout(180_000);

const root = resolve(import.meta.dirname, '../..');
const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
t.teardown(() => Promise.all(servers.map((server) => server.stop())));
const environment: Record<string, string> = Object.assign({}, ...servers.map((server) => server.environment));
const main = resolve(root, 'app/src/main.ts');
await execa(process.execPath, [main, 'migrate'], { env: environment });

async function startApp(): Promise<{ program: Program; url: string }> {
  const PORT = String(await freePort());
  const program = start(main, [], { ...environment, PORT, HOST: '127.0.0.1', DRAIN_SECONDS: '8' });
  t.teardown(() => program.child.kill('SIGKILL'));
  await program.url();
  return { program, url: `http://127.0.0.1:${PORT}` };
}

/** Waits until a condition holds; fails after 30 s. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; !holds(); await sleep(20))
    if (performance.now() > end) throw new Error('the condition did not hold within 30 s');
}

t.test('nothing is lost when one of two nodes is drained and stopped', async (t) => {
  const [stays, goes] = [await startApp(), await startApp()];
  const load = await startLoad({ urls: [stays.url, goes.url], health: '/readyz', rate: 80 });
  await until(() => load.report().answered > 200);
  goes.program.child.kill('SIGTERM');
  await goes.program.ended;
  const then = load.report().answered;
  await until(() => load.report().answered > then + 200);
  const report = await load.stop();
  t.ok(isFlawless(report), textOf(report));
  t.ok((report.nodes[1]?.outages ?? 0) >= 1, 'the node was out of service');
  t.equal(report.asked, report.answered);
  t.ok(Object.keys(report.calls).length >= 9, Object.keys(report.calls).join(', '));
  const left = await (await fetch(`${stays.url}/api/todos`)).json();
  t.strictSame(left, { todos: [], next: null }, 'the todos of the load are removed');
});

t.test('requests in flight on a killed node are lost, or retried on another node', async (t) => {
  for (const retry of [false, true]) {
    const [stays, goes] = [await startApp(), await startApp()];
    const load = await startLoad({ urls: [stays.url, goes.url], rate: 80, retry });
    await until(() => load.report().answered > 100);
    goes.program.child.kill('SIGKILL');
    await until(() => {
      const { lost, retried } = load.report();
      return lost.others > 0 && (retry ? retried.answered : lost.idempotent) > 0;
    });
    const report = await load.stop();
    t.equal(report.lost.idempotent === 0, retry, textOf(report));
    t.equal(report.retried.answered > 0, retry);
    t.strictSame(report.problems, [], 'acknowledged data is still there');
    const [first] = report.failures;
    t.match(first, { node: goes.url, reason: /^ECONN/ });
    stays.program.child.kill('SIGKILL');
  }
});

/** TheAPP behind a proxy that changes some answers. */
async function startProxy(
  url: string,
  lie: (path: string, status: number, body: string) => [number, string],
) {
  const server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    const { method = 'GET', headers } = request;
    const type = headers['content-type'];
    const answer = await fetch(`${url}${request.url}`, {
      method,
      ...(body.length > 0 ? { body: Buffer.concat(body), headers: { 'content-type': `${type}` } } : {}),
    });
    const [status, text] = lie(`${method} ${request.url}`, answer.status, await answer.text());
    response.writeHead(status).end(status === 204 ? undefined : text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('wrong answers and lost data are reported', async (t) => {
  const app = await startApp();
  let told = 0;
  const lies: Record<string, Parameters<typeof startProxy>[1]> = {
    'GET / .* 500': (path, status, body) => (path === 'GET /' && told++ > 5 ? [500, 'no'] : [status, body]),
    '/counter/ID.* 200, but': (path, status, body) =>
      path.includes('/counter') ? [200, '{"count":"many"}'] : [status, body],
    'was returned twice': (path, status, body) =>
      path.includes('/counter') && told++ > 5 ? [200, '{"count":7}'] : [status, body],
    'acknowledged but is missing': (path, status, body) =>
      path === 'POST /api/todos' ? [201, body.replace(/"id":(\d+)/, '"id":9$1')] : [status, body],
    'is stored twice': (path, status, body) => {
      if (!path.startsWith('GET /api/todos?')) return [status, body];
      const page = JSON.parse(body);
      return [status, JSON.stringify({ ...page, todos: [...page.todos, ...page.todos] })];
    },
  };
  for (const [words, lie] of Object.entries(lies)) {
    told = 0;
    const load = await startLoad({ urls: [await startProxy(app.url, lie)], rate: 100 });
    await until(() => load.report().asked > 100);
    const report = await load.stop();
    t.notOk(isFlawless(report), words);
    t.match(textOf(report), new RegExp(words), words);
  }
  app.program.child.kill('SIGKILL');
});

t.test('the command', async (t) => {
  const app = await startApp();
  const run = (...words: string[]) =>
    execa(process.execPath, [resolve(root, 'scripts/cluster/load.ts'), ...words], { reject: false });
  const { stdout, exitCode, stderr } = await run(app.url, '--seconds', '2', '--rate', '50', '--json');
  t.equal(exitCode, 0, stderr);
  const report: LoadReport = JSON.parse(stdout);
  t.ok(report.asked > 80 && report.asked < 120, `${report.asked} requests`);
  for (const words of [['nowhere'], [app.url, '--rate', '0'], [app.url, '--health', 'nodez'], []])
    t.equal((await run(...words)).exitCode, 3, words.join(' '));
});
