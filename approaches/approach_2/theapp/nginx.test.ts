import { rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { render } from '../../../provision/testing.ts';
import { startNginx } from '../../../testing/servers/nginx.ts';
import { freePort } from '../../../testing/servers/process.ts';

const TEMPLATE = join(import.meta.dirname, '..', '..', '..', 'nginx', 'cluster.conf.hbs');

/** The cluster's nginx, in front of one replica that answers (or not, with `gone`) and two that cannot be reached. */
async function site({ gone: alone = false } = {}) {
  const asked: string[] = [];
  const replica = createServer(({ method, url, socket }, response) => {
    asked.push(`${method} ${url}`);
    if (url?.endsWith('/gone')) return void socket.destroy();
    response.end('{}');
  });
  const [port, up, down, gone] = [await freePort(), await freePort(), await freePort(), await freePort()];
  await new Promise<void>((resolve) => replica.listen(up, '127.0.0.1', resolve));
  const values = {
    resolver: '127.0.0.1',
    app: 'replicas',
    max_body: '1m',
    read_seconds: 2,
    retry_seconds: 8,
    metrics_from: ['127.0.0.2'],
  };
  const { text } = render(TEMPLATE, values);
  const leaving = `/tmp/theapp-leaving-${port}`;
  const servers = [...(alone ? [] : [up]), down, gone].map((port) => `server 127.0.0.1:${port} max_fails=0;`);
  const http = text
    .slice(text.indexOf('http {') + 'http {'.length, text.lastIndexOf('}'))
    .replace(/^ *(include|default_type|access_log|\w+_temp_path) .*;$/gm, '')
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll('/tmp/once.sock', `/tmp/theapp-once-${port}.sock`)
    .replaceAll('/tmp/leaving', leaving);
  const server = await startNginx(
    `upstream replicas { ${servers.join(' ')} }\n${http}`,
    `http://127.0.0.1:${port}/nodez`,
  );
  /** The status of the response, and the requests that the replicas received. */
  const ask = (method: string, path: string, from = '127.0.0.1') =>
    new Promise<[number | undefined, ...string[]]>((resolve, reject) => {
      asked.length = 0;
      const options = { host: '127.0.0.1', port, path, method, localAddress: from, agent: false };
      request(options, (response) => {
        response.resume().on('end', () => resolve([response.statusCode, ...asked]));
      })
        .on('error', reject)
        .end();
    });
  /** Whether two requests, one after another, have the same connection. */
  const reuses = async (path: string) => {
    const agent = new Agent({ keepAlive: true });
    const local = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path, agent }, (response) => {
          const { localPort } = response.socket;
          response.resume().on('end', () => setImmediate(() => resolve(localPort)));
        });
        sent.on('error', reject).end();
      });
    const [first, second] = [await local(), await local()];
    agent.destroy();
    return first === second;
  };
  return {
    ask,
    reuses,
    leave: () => writeFileSync(leaving, ''),
    async stop() {
      rmSync(leaving, { force: true });
      await server.stop();
      replica.close();
    },
  };
}

t.test('which requests are retried', async (t) => {
  const { ask, stop } = await site();
  t.teardown(stop);
  for (let i = 0; i < 6; i++) {
    for (const path of ['/hello', '/counter/a', '/counter/a?b=%2F'])
      t.strictSame(
        await ask('GET', path),
        [200, `GET ${path}`],
        'replicas that cannot be reached are skipped',
      );
    t.strictSame(await ask('POST', '/api/todos'), [200, 'POST /api/todos']);
    t.strictSame(await ask('HEAD', '/counter/a'), [200, 'HEAD /counter/a'], 'with the original method');
    t.strictSame(await ask('GET', '/counter/gone'), [502, 'GET /counter/gone'], 'not retried');
    t.strictSame(await ask('POST', '/gone'), [502, 'POST /gone'], 'not retried either');
  }
});

t.test('the endpoints of nginx itself', async (t) => {
  const { ask, stop } = await site();
  t.teardown(stop);
  for (let i = 0; i < 6; i++)
    t.strictSame(await ask('GET', '/nodez'), [200, 'GET /livez'], 'it reaches a replica');
  t.strictSame(await ask('GET', '/nginxz'), [204]);
  t.strictSame(await ask('GET', '/metrics'), [403]);
  t.strictSame(await ask('GET', '/metrics', '127.0.0.2'), [200, 'GET /metrics']);
});

t.test('a node that reaches no replica answers 503', async (t) => {
  const { ask, stop } = await site({ gone: true });
  t.teardown(stop);
  t.strictSame(await ask('GET', '/nodez'), [503]);
  t.strictSame(await ask('GET', '/nginxz'), [204], 'nginx itself is healthy');
});

t.test('an nginx that is leaving serves requests, and closes their connections', async (t) => {
  const { ask, reuses, leave, stop } = await site();
  t.teardown(stop);
  for (const path of ['/hello', '/counter/a', '/nginxz']) t.equal(await reuses(path), true, path);
  leave();
  t.strictSame(await ask('GET', '/nodez'), [503]);
  t.strictSame(await ask('GET', '/hello'), [200, 'GET /hello']);
  for (const path of ['/hello', '/counter/a', '/nginxz']) t.equal(await reuses(path), false, path);
});
