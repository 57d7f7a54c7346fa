import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { start } from '../../../../testing/program.ts';
import { until } from '../../../../testing/theapp.ts';

const app = start(join(import.meta.dirname, '../../main.ts'), [], {
  MYSQL_PASS: 'none',
  MYSQL_PORT: '1',
  REDIS_PORT: '1',
  MEMCACHED_SERVERS: '127.0.0.1:1',
  PORT: '0',
  DRAIN_SECONDS: '0',
  MAX_CONNECTIONS: '2',
});
const url = new URL(await app.url());
t.teardown(() => app.child.kill('SIGKILL'));

/** A connection as if from another machine: its source address differs from its target address. */
const fromElsewhere = (): Socket =>
  connect({ host: url.hostname, port: Number(url.port), localAddress: '127.0.0.2' });

/** Sends a request and returns the status line of the response; empty if the connection is closed instead. */
async function statusLine(socket: Socket): Promise<string> {
  socket.write('GET /livez HTTP/1.1\r\nHost: theapp\r\n\r\n');
  const answer = await Promise.race([
    once(socket, 'data').then(String),
    once(socket, 'close').then(() => ''),
  ]).catch(() => '');
  return answer.split('\r\n')[0] ?? '';
}

async function metric(name: string): Promise<number> {
  const lines = (await (await fetch(new URL('/metrics', url))).text()).split('\n');
  return Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
}

t.test('closes connections beyond MAX_CONNECTIONS, and accepts again when one has closed', async (t) => {
  const [first, second] = [fromElsewhere(), fromElsewhere()];
  t.equal(await statusLine(first), 'HTTP/1.1 200 OK');
  t.equal(await statusLine(second), 'HTTP/1.1 200 OK');
  for (let tries = 0; tries < 3; tries++) t.equal(await statusLine(fromElsewhere()), '');
  t.equal(await statusLine(first), 'HTTP/1.1 200 OK', 'open connections continue');
  t.strictSame(
    [await metric('http_connections'), await metric('http_connections_refused_total')],
    [2, 3],
    'connections from the same machine are accepted and not counted',
  );
  first.destroy();
  t.ok(await until(async () => (await metric('http_connections')) === 1));
  const third = fromElsewhere();
  t.equal(await statusLine(third), 'HTTP/1.1 200 OK');
  for (const socket of [second, third]) socket.destroy();
});

t.test('logs the refusals once in ten seconds', async (t) => {
  app.child.kill('SIGTERM');
  t.equal(await app.ended, 0);
  const lines = app.output().match(/refusing connections: 2 are open \(MAX_CONNECTIONS\)/g);
  t.equal(lines?.length, 1);
});
