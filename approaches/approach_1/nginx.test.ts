import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { render } from '../../provision/testing.ts';
import { freePort, launch, locate } from '../../testing/servers/process.ts';

const TEMPLATE = resolve(import.meta.dirname, 'templates/nginx.conf.hbs');

/** A release that responds with the name of its slot and the request's path. */
const slot = (name: string) =>
  createServer(({ url, socket }, response) => {
    if (url === '/counter/gone') return void socket.destroy();
    response.end(`${name} ${url}`);
  });

const listen = (server: Server, port: number) =>
  new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

/** A real nginx with approach_1's configuration, on different addresses. */
async function site(t: { teardown(action: () => unknown): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-switch-'));
  chmodSync(folder, 0o755); // when started by root, nginx' workers run as another user
  const [http, health, a, b] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const given = { network: '127.0.0', tls_on: false, max_body: '1m', metrics_from: [] };
  const text = render(TEMPLATE, given)
    .text.replaceAll('/tmp/', `${folder}/`)
    .replaceAll('/etc/nginx/theapp', folder)
    .replace('127.0.0.11:3000', `127.0.0.1:${a}`)
    .replace('127.0.0.12:3000', `127.0.0.1:${b}`)
    .replace('listen 8080', `listen 127.0.0.1:${http}`)
    .replace('127.0.0.1:8081', `127.0.0.1:${health}`);
  mkdirSync(join(folder, 'live'));
  writeFileSync(join(folder, 'nginx.conf'), text);
  const servers = [slot('a'), slot('b')];
  await Promise.all([listen(servers[0] as Server, a), listen(servers[1] as Server, b)]);
  const words = ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
  const server = launch(locate('nginx', 'nginx'), words, join(folder, 'out'));
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  t.teardown(async () => {
    agent.destroy();
    await server.end('SIGTERM');
    for (const one of servers) one.close().closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  const ask = (path: string, port = http) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const asked = get({ host: '127.0.0.1', port, path, agent }, async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        resolve({ status: response.statusCode, body: Buffer.concat(parts).toString() });
      });
      asked.on('error', reject);
    });
  for (const end = Date.now() + 30_000; !(await ask('/').catch(() => undefined)); await sleep(20))
    if (!server.runs() || Date.now() > end) throw new Error('nginx does not start');
  const flag = join(folder, 'live/b');
  return {
    ask,
    healthy: () => ask('/', health),
    serve: (name: 'a' | 'b') => (name === 'b' ? writeFileSync(flag, '') : rmSync(flag, { force: true })),
  };
}

t.test('a file switches the release, from one request to the next, and no request is lost', async (t) => {
  const { ask, serve, healthy } = await site(t);
  t.strictSame(
    await ask('/a%2Fb//c?d=e'),
    { status: 200, body: 'a /a%2Fb//c?d=e' },
    'paths are passed on unchanged',
  );
  t.equal((await healthy()).status, 204);
  t.equal((await ask('/metrics')).status, 200, 'metrics are available on the machine itself');
  t.equal((await ask('/counter/gone')).status, 502, 'a request without a response is not retried');

  let running = true;
  const answers: string[] = [];
  const clients = Array.from({ length: 8 }, async () => {
    while (running) answers.push((await ask('/')).body);
  });
  for (const name of ['b', 'a', 'b'] as const) {
    serve(name);
    const asked = await Promise.all(Array.from({ length: 20 }, () => ask('/')));
    t.strictSame([...new Set(asked.map(({ body }) => body))], [`${name} /`], `${name} serves`);
  }
  running = false;
  await Promise.all(clients);
  t.strictSame([...new Set(answers)].sort(), ['a /', 'b /'], `${answers.length} requests, no request lost`);
});
