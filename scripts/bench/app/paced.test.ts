import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import t, { type Test } from 'tap';
import { paced } from './paced.ts';

async function serve(t: Test, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('as many as the rate asks for, over the connections and the second, all paths in turn', async (t) => {
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
  // No more than the rate; fewer where the computer stood still at the end.
  t.ok(seen.length > 60 && seen.length <= 84, `${seen.length} answers`);
  t.ok(Math.min(...seen) >= 1, 'until the last byte of the answer');
  const [a = 0, b = 0] = [paths.get('/a'), paths.get('/b')];
  t.ok(a - b === 0 || a - b === 1, `${a} of one, ${b} of the other`);
  t.equal(begun.size, 4);
  // Timers of Node may be a millisecond early.
  for (const [i, time] of [...begun.values()].entries())
    t.ok(time - start >= i * 250 - 2, `connection ${i} begins after ${time - start} ms`);
});

t.test('what is no answer', async (t) => {
  const answered = () => t.fail('answered');
  const load = { paths: ['/'], connections: 1, seconds: 1, rate: 1 };
  const closed = await serve(t, ({ socket }) => socket.destroy());
  await t.rejects(paced({ ...load, url: closed }, answered), /closed|ECONNRESET/);
  const chunked = await serve(t, (_, response) => {
    response.write('a');
    response.end();
  });
  await t.rejects(paced({ ...load, url: chunked }, answered), /without its length: HTTP\/1\.1 200/);
});

t.test('what was read before is no part of an answer', async (t) => {
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
    /without its length: HTTP\/1\.1 204 No$/,
  );
  t.same(statuses, [200]);
});
