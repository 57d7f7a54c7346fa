import { createServer, request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { render } from '../../provision/testing.ts';
import { startNginx } from '../../testing/servers/nginx.ts';
import { freePort } from '../../testing/servers/process.ts';
import { nginx } from './index.ts';

const TEMPLATE = join(import.meta.dirname, '..', '..', 'nginx', 'theapp.conf.hbs');

/** A GET from an address of this computer. The path is sent unchanged. */
function get(port: number, path: string, options: { from?: string; headers?: Record<string, string> } = {}) {
  const { from = '127.0.0.1', headers = {} } = options;
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const where = { host: '127.0.0.1', port, path, localAddress: from, headers, agent: false };
    const asked = request(where, async (response) => {
      const parts: Buffer[] = [];
      for await (const part of response) parts.push(part as Buffer);
      resolve({ status: response.statusCode, body: Buffer.concat(parts).toString() });
    });
    asked.on('error', reject).end();
  });
}

/** The role's configuration on a real nginx, in front of an application that echoes the request. */
async function site(given: Parameters<typeof nginx>[0] = {}) {
  let asked = 0;
  const app = createServer(({ url, headers, socket }, response) => {
    asked++;
    if (url === '/counter/gone') return void socket.destroy();
    response.end(JSON.stringify({ url, host: headers.host, id: headers['x-request-id'] }));
  });
  const [http_port, upstream] = [await freePort(), await freePort()];
  await new Promise<void>((resolve) => app.listen(upstream, '127.0.0.1', resolve));
  const { vars } = nginx({ http_port, upstreams: [`127.0.0.1:${upstream}`], ...given }).resolve([]);
  const { text } = render(TEMPLATE, { ...vars, tls_on: false, redirect: false, certificate: '', key: '' });
  const server = await startNginx(text, `http://127.0.0.1:${http_port}/`);
  return {
    port: http_port,
    /** How many requests the application received while `action` ran. */
    async times(action: () => Promise<unknown>) {
      const before = asked;
      await action();
      return asked - before;
    },
    async stop() {
      await server.stop();
      app.close();
    },
  };
}

t.test('the site', async (t) => {
  const { port, times, stop } = await site();
  t.teardown(stop);
  const asked = await get(port, '/a?b=c', {
    headers: { host: 'pokedex.example.org', 'x-request-id': 'mine' },
  });
  t.strictSame(asked, {
    status: 200,
    body: '{"url":"/a?b=c","host":"pokedex.example.org","id":"mine"}',
  });
  t.match((await get(port, '/')).body, /"id":"[0-9a-f]{32}"/, 'a request without an id gets one');

  t.equal((await get(port, '/metrics')).status, 200, 'metrics are available on this computer');
  for (const path of ['/metrics', '//metrics', '/./metrics', '/%6detrics', '/metrics?', '/a/../metrics'])
    t.equal((await get(port, path, { from: '127.0.0.2' })).status, 403, `not from outside: ${path}`);

  t.equal(await times(() => get(port, '/counter/once')), 1);
  const gone = () => times(() => get(port, '/counter/gone'));
  t.equal(await gone(), 1, 'a request without a response is not retried');
});

t.test('metrics_from', async (t) => {
  const { port, stop } = await site({ metrics_from: ['127.0.0.0/30'] });
  t.teardown(stop);
  for (const [from, status] of [
    ['127.0.0.2', 200],
    ['127.0.0.4', 403],
  ] as const)
    t.equal((await get(port, '/metrics', { from })).status, status, from);
});

t.test('with retry', async (t) => {
  const { port, times, stop } = await site({ retry: true });
  t.teardown(stop);
  await get(port, '/');
  t.equal(await times(() => get(port, '/counter/gone')), 2, 'retried over a new connection');
});
