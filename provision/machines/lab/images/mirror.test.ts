import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { layerOf, writeArchive } from './archive.ts';
import { blobsOf } from './blobs.ts';
import { openMirror } from './mirror.ts';
import { tar } from './tar.ts';

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A mirror of two small images, `one:1` and `two:2`, which share a layer. */
async function mirrored(t: Test) {
  const folder = t.testdir({ archive: {} });
  const layer = async (name: string) => {
    writeFileSync(join(folder, name), tar([{ path: name, content: name }]));
    return await layerOf(join(folder, name));
  };
  const [shared, own] = [await layer('shared'), await layer('own')];
  const images = [
    { name: 'one:1', layers: [shared], config: { Cmd: ['x'] } },
    { name: 'two:2', layers: [shared, own], config: { Cmd: ['y'] } },
  ];
  const file = join(folder, 'images.tar.gz');
  await writeArchive(images, 'amd64', join(folder, 'archive'), file);
  const folders = [await blobsOf(file, () => undefined)];
  const mirror = await openMirror(folders, 0);
  t.teardown(() => mirror.close());
  const { port } = new URL(mirror.url);
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}/v2/${path}`, { method });
  const bytes = async (path: string) => Buffer.from(await (await get(path)).arrayBuffer());
  return { mirror, folders, get, bytes };
}

t.test('a pull finds manifest, configuration and layers, each by its digest', async (t) => {
  const { get, bytes } = await mirrored(t);
  t.equal((await get('')).status, 200);
  const found = await get('library/two/manifests/2');
  t.equal(found.headers.get('content-type'), 'application/vnd.docker.distribution.manifest.v2+json');
  const digest = found.headers.get('docker-content-digest');
  const manifest = Buffer.from(await found.arrayBuffer());
  t.equal(digest, sha256(manifest));
  t.ok(manifest.equals(await bytes(`library/two/manifests/${digest}`)), 'also by its digest');
  const { config, layers } = JSON.parse(manifest.toString());
  const configuration = await bytes(`library/two/blobs/${config.digest}`);
  t.equal(sha256(configuration), config.digest);
  const image = JSON.parse(configuration.toString());
  t.strictSame(image.config, { Cmd: ['y'] });
  const unpacked: string[] = [];
  for (const { digest, size } of layers) {
    const packed = await bytes(`library/two/blobs/${digest}`);
    t.equal(packed.length, size);
    t.equal(sha256(packed), digest);
    unpacked.push(sha256(gunzipSync(packed)));
  }
  t.strictSame(unpacked, image.rootfs.diff_ids);
});

t.test('HEAD has no body, unknown images are 404, and uploads are refused', async (t) => {
  const { get } = await mirrored(t);
  const head = await get('library/one/manifests/1', 'HEAD');
  t.equal(head.status, 200);
  t.ok(Number(head.headers.get('content-length')) > 0);
  t.equal(await head.text(), '');
  const table: [string, string, number][] = [
    ['GET', 'library/one/manifests/2', 404],
    ['GET', 'library/three/manifests/1', 404],
    ['GET', 'theapp/one/manifests/1', 404],
    ['GET', 'library/one/manifests/..%2F..%2Fimages.tar.gz', 404],
    ['GET', `library/one/blobs/sha256:${'0'.repeat(64)}`, 404],
    ['POST', 'library/one/blobs/uploads/', 405],
    ['DELETE', 'library/one/manifests/1', 405],
  ];
  for (const [method, path, expected] of table)
    t.equal((await get(path, method)).status, expected, `${method} ${path}`);
});

t.test('a port in use is reported', async (t) => {
  const { mirror, folders } = await mirrored(t);
  const { port } = new URL(mirror.url);
  await t.rejects(openMirror(folders, Number(port)), {
    message: /the port is in use/,
    parts: { todo: /--port 0/ },
  });
});
