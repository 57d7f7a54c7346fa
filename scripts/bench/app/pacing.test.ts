import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import t, { type Test } from 'tap';
import { paced } from './pacing.ts';

async function serve(t: Test, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('requests are spread over connections and time at the given rate, all paths in turn', async (t) => {
  const paths = new Map<string, number>();
  const begun = new Map<number | undefined, number>();
  const url = await serve(t, ({ url = '', socket }, response) => {
    paths.set(url, (paths.get(url) ?? 0) + 1);
    if (!begun.has(socket.remotePort)) begun.set(socket.remotePort, performance.now());
    response.setHeader('content-length', 5).write('ab');
    setTimeout(() => response.end('cde'), 2);
  });
  const seen: number[] = [];
  const start = performance.now();
  await paced({ url, paths: ['/a', '/b'], connections: 4, seconds: 2, rate: 42 }, (status, milliseconds) => {
    t.equal(status, 200);
    seen.push(milliseconds);
  });
  // Never more than the rate; fewer if the computer stalled at the end.
  t.ok(seen.length > 60 && seen.length <= 84, `${seen.length} answers`);
  t.ok(Math.min(...seen) >= 1, 'measured until the last byte');
  const [a = 0, b = 0] = [paths.get('/a'), paths.get('/b')];
  t.ok(a - b === 0 || a - b === 1, `${a} of one, ${b} of the other`);
  t.equal(begun.size, 4);
  // Timers of Node may be a millisecond early.
  for (const [i, time] of [...begun.values()].entries())
    t.ok(time - start >= i * 250 - 2, `connection ${i} begins after ${time - start} ms`);
});

t.test('closed connections and answers without a length are errors', async (t) => {
  const answered = () => t.fail('answered');
  const load = { paths: ['/'], connections: 1, seconds: 1, rate: 1 };
  const closed = await serve(t, ({ socket }) => socket.destroy());
  await t.rejects(paced({ ...load, url: closed }, answered), /closed|ECONNRESET/);
  const chunked = await serve(t, (_, response) => {
    response.write('a');
    response.end();
  });
  await t.rejects(paced({ ...load, url: chunked }, answered), /without Content-Length: HTTP\/1\.1 200/);
});

t.test('bytes of an earlier answer are not read again', async (t) => {
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab';
  const answers = [whole, 'HTTP/1.1 204 No'];
  const server = createTcpServer((socket) => socket.on('data', () => socket.write(answers.shift() ?? '')));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const statuses: number[] = [];
  const load = { url, paths: ['/'], connections: 1, seconds: 1, rate: 2 };
  await t.rejects(
    paced(load, (status) => statuses.push(status)),
    /without Content-Length: HTTP\/1\.1 204 No$/,
  );
  t.same(statuses, [200]);
});
