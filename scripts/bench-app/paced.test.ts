import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
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
  const [paths, ports, when] = [new Map<string, number>(), new Set<number>(), [] as number[]];
  const url = await serve(t, ({ url = '', socket }, response) => {
    paths.set(url, (paths.get(url) ?? 0) + 1);
    ports.add(socket.remotePort ?? 0);
    when.push(performance.now());
    response.setHeader('content-length', 5).write('ab');
    setTimeout(() => response.end('cde'), 2);
  });
  const seen: number[] = [];
  await paced({ url, paths: ['/a', '/b'], connections: 4, seconds: 2, rate: 42 }, (status, milliseconds) => {
    t.equal(status, 200);
    seen.push(milliseconds);
  });
  // The last connection begins its second second after the first has ended it.
  t.equal(seen.length, 84);
  t.ok(Math.min(...seen) >= 1, 'until the last byte of the answer');
  t.equal(ports.size, 4);
  t.equal(paths.get('/a'), 44);
  t.equal(paths.get('/b'), 40);
  const [first = 0] = when;
  t.ok(when.filter((time) => time - first < 240).length <= 12, 'one connection begins after the other');
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
