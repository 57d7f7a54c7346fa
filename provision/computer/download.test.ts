import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { architecture } from '../machines/qemu/architecture.ts';
import { fetchUbuntu, ubuntuChecksum } from '../machines/qemu/cloud.ts';
import { download, fetchText } from './download.ts';

const content = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');

/** Starts a server on the loopback interface and returns its URL. */
async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** Serves the content, or the rest of it for a range request. */
const serveContent: RequestListener = (request, response) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from >= content.length) return void response.writeHead(416).end();
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from });
  response.end(content.subarray(from));
};

/** Interrupts the first connection in the middle. */
function breaking(then: RequestListener): RequestListener {
  let first = true;
  return (request, response) => {
    if (!first) return then(request, response);
    first = false;
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 50));
  };
}

t.test('a complete file, with progress', async (t) => {
  const file = join(t.testdir({}), 'image');
  const lines: string[] = [];
  await download({ url: await serve(t, serveContent), file, sha256, progress: (line) => lines.push(line) });
  t.ok(readFileSync(file).equals(content));
  t.match(lines[0], /^downloading: \d+ of 3 MB, \d+ %, [\d.]+ MB\/s$/);
  t.match(lines.at(-2), /^downloading: 3 of 3 MB, 100 %/);
  t.equal(lines.at(-1), 'checking the sha256');
});

t.test('a wrong checksum leaves no file', async (t) => {
  const folder = t.testdir({});
  const wrong = download({
    url: await serve(t, serveContent),
    file: join(folder, 'image'),
    sha256: 'a'.repeat(64),
    progress() {},
  });
  t.match(await wrong.catch((error) => error), {
    kind: 'failed',
    parts: { why: `expected sha256 ${'a'.repeat(64)}, found ${sha256}` },
  });
  t.strictSame(readdirSync(folder), []);
});

t.test('an interrupted download continues where it stopped', async (t) => {
  const folder = t.testdir({});
  const file = join(folder, 'image');
  const ranges: (string | undefined)[] = [];
  const url = await serve(
    t,
    breaking((request, response) => {
      ranges.push(request.headers.range);
      serveContent(request, response);
    }),
  );
  const first: unknown = await download({ url, file, sha256, progress() {} }).catch((error) => error);
  t.match(first, { kind: 'unreachable', parts: { todo: /continues/ } });
  t.strictSame(readdirSync(folder), ['image.part']);
  await download({ url, file, sha256, progress() {} });
  t.match(ranges, [/^bytes=\d+-$/]);
  t.ok(readFileSync(file).equals(content));
  t.strictSame(readdirSync(folder), ['image']);
});

t.test('without range support the whole file is downloaded again', async (t) => {
  const file = join(t.testdir({}), 'image');
  const url = await serve(
    t,
    breaking((_, response) => response.end(content)),
  );
  await t.rejects(download({ url, file, sha256, progress() {} }));
  await download({ url, file, sha256, progress() {} });
  t.ok(readFileSync(file).equals(content));
});

t.test('a complete download that was not renamed', async (t) => {
  const file = join(t.testdir({ 'image.part': content }), 'image');
  await download({ url: await serve(t, serveContent), file, sha256, progress() {} });
  t.ok(existsSync(file));
});

t.test('a server that stops sending times out', async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 1000));
  });
  const file = join(t.testdir({}), 'image');
  const start = Date.now();
  await t.rejects(download({ url, file, sha256, progress() {}, stallSeconds: 0.3 }), {
    kind: 'unreachable',
    message: /no data received for 0.3 s/,
  });
  t.ok(Date.now() - start < 3000);
});

t.test('no server, no such file, no response', async (t) => {
  const cases: [url: string, why: RegExp][] = [
    ['http://127.0.0.1:1/', /connection refused|bad port/],
    [`${await serve(t, (_, response) => void response.writeHead(404).end())}/x`, /HTTP 404/],
    [await serve(t, () => {}), /timeout|aborted/],
  ];
  for (const [url, why] of cases) {
    await t.rejects(fetchText(url, 0.5), { kind: 'unreachable', message: why }, url);
  }
});

t.test('the published Ubuntu image', async (t) => {
  const name = `ubuntu-24.04-server-cloudimg-${architecture().name}.img`;
  const sums = `${'b'.repeat(64)} *another.img\n${sha256} *${name}\n`;
  const base = await serve(t, (request, response) => {
    if (request.url === '/release/SHA256SUMS') return void response.end(sums);
    if (request.url === `/release/${name}`) return serveContent(request, response);
    response.writeHead(404).end();
  });
  const folder = join(t.testdir({}), 'ubuntu');
  await fetchUbuntu(folder, () => {}, `${base}/release`);
  t.ok(readFileSync(join(folder, 'disk.img')).equals(content));
  await fetchUbuntu(folder, () => {}, 'http://127.0.0.1:1');
  t.pass('it is not downloaded twice');
  const empty = await serve(t, (_, response) => void response.end('nothing'));
  await t.rejects(ubuntuChecksum(empty), { kind: 'failed', message: /no checksum for ubuntu-24.04/ });
});
