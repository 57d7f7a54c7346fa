import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test as Tap } from 'tap';
import { start } from '../../../../testing/program.ts';
import { startMariadb } from '../../../../testing/servers/mariadb.ts';
import { startMemcached } from '../../../../testing/servers/memcached.ts';
import { startRedis } from '../../../../testing/servers/redis.ts';
import { exchange, parseResponses } from '../../../fuzz/wire.ts';

const servers = await Promise.all([startMariadb(), startRedis(), startMemcached()]);
t.teardown(() => Promise.all(servers.map((server) => server.stop())));
const environment: Record<string, string> = {
  ...Object.assign({}, ...servers.map((server) => server.environment)),
  PORT: '0',
  DRAIN_SECONDS: '0',
};
const main = join(import.meta.dirname, '../../main.ts');
await start(main, ['migrate'], environment).ended;
const app = start(main, [], environment);
t.teardown(() => app.child.kill('SIGKILL'));
const port = Number(new URL(await app.url()).port);

const head = (method: string, path: string, ...more: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: theapp', ...more, '', ''].join('\r\n');
const chunked = 'Transfer-Encoding: chunked';
/** Announces a chunk of four bytes and sends more. */
const malformed = '4\r\n{"a":1}\r\n0\r\n\r\n';

/** The statuses of all responses, once the server has closed the connection. */
async function statuses(t: Tap, bytes: string): Promise<number[]> {
  const { answers, rest } = await exchange(port, Buffer.from(bytes), true);
  t.equal(rest, '', 'only complete responses');
  return answers.map(({ status }) => status);
}

t.test('a body turns out to be malformed while the request is in progress', async (t) => {
  const bytes = Buffer.from(head('GET', '/api/todos', 'Accept: text/html', chunked) + malformed);
  const seen = new Set<string>();
  const one = async () => {
    const { answers, hung } = await exchange(port, bytes, true);
    seen.add(
      answers.map(({ status, headers }) => `${status} ${headers['x-content-type-options']}`).join() +
        (hung ? ' hung' : ''),
    );
  };
  for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 32 }, one));
  t.strictSame([...seen], ['400 nosniff'], 'one response, with the common headers');
});

t.test('complete requests before the malformed bytes get their responses first', async (t) => {
  const todos = head('GET', '/api/todos');
  t.strictSame(await statuses(t, `${todos}${todos}no request\r\n\r\n`), [200, 200, 400]);
  t.strictSame(await statuses(t, 'no request\r\n\r\n'), [400]);
  t.strictSame(
    await statuses(t, head('POST', '/api/todos', 'Content-Length: 2', 'Content-Length: 3')),
    [400],
  );
});

t.test('a request that is rejected at the same moment', async (t) => {
  const body = '{"title":"x","__proto__":"y"}';
  const refused = head(
    'PATCH',
    '/api/todos/1',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  );
  const tooLong = head('GET', `/${'a'.repeat(20_000)}`);
  for (let i = 0; i < 50; i++) t.strictSame(await statuses(t, refused + body + tooLong), [400, 400]);
  t.equal(app.child.exitCode, null, 'the process is still running');
});

t.test('a client that keeps sending malformed bytes gets one 400', async (t) => {
  const [mariadb] = servers;
  await mariadb.pause();
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const parts: Buffer[] = [];
  socket.on('data', (part) => parts.push(part));
  socket.write(`${head('GET', '/api/todos')}no request\r\n\r\n`);
  for (let packets = 0; packets < 30; packets++) {
    await sleep(10);
    socket.write('x');
  }
  mariadb.resume();
  await once(socket, 'close');
  t.match(parseResponses(Buffer.concat(parts)), { answers: [{ status: 200 }, { status: 400 }], rest: '' });
  const [warning] = /MaxListeners.*/.exec(app.output()) ?? [];
  t.equal(warning, undefined, 'further packets add no listeners');
});

t.test('a connection is closed even if the client does not close its side', async (t) => {
  for (const bytes of [head('GET', '/api/todos', chunked) + malformed, 'no request\r\n\r\n']) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part));
    socket.write(bytes);
    await once(socket, 'end');
    t.match(parseResponses(Buffer.concat(parts)), { answers: [{ status: 400 }], rest: '' });
    // Sending on a closed connection causes a reset.
    const reset = once(socket, 'error').then(() => true);
    const sending = setInterval(() => socket.write('x'), 100);
    t.ok(await Promise.race([reset, sleep(10_000, false)]), 'it is closed');
    clearInterval(sending);
    socket.destroy();
  }
});
