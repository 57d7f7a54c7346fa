import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { parseAllDocuments } from 'yaml';
import { handler, secret, sh } from '../../../provision/index.ts';
import { applyOnce, localShell, needs, pending, render } from '../../../provision/testing.ts';
import { selfSigned } from '../../../testing/certificate.ts';
import { freePort } from '../../../testing/servers/process.ts';
import { type Server, startServer } from '../../../testing/servers/server.ts';
import { digestsIn, images } from './images.ts';

t.setTimeout(120_000);

const [USER, PASSWORD] = ['theapp', 'the-password'];
const PROJECT = join(import.meta.dirname, '../../..');
const collect = handler('collect', sh`:`);

/** The pod of the registry in the manifest of the role infra. */
function podOf(port: number) {
  const { text } = render(join(PROJECT, 'approaches/approach_4/infra/registry.yaml.hbs'), {
    ...{ registry_image: 'a', registry_port: port, certificate_hash: 'a', node: 'a', path: '/a', user: 1000 },
  });
  const deployment = parseAllDocuments(text)[0]?.toJS();
  const { containers, initContainers } = deployment.spec.template.spec;
  return {
    env: containers[0].env as { name: string; value: string }[],
    collect: initContainers[0].command[2],
  };
}

/** A real registry with the settings of the pod, and what its pod does before it starts. */
async function startRegistry(t: Test) {
  const folder = t.testdir({ keys: {}, data: {}, tmp: {}, bin: {} });
  const [keys, data] = [join(folder, 'keys'), join(folder, 'data')];
  const inFolder = (text: string) =>
    text
      .replaceAll('/keys/', `${keys}/`)
      .replaceAll('/var/lib/registry', data)
      .replaceAll('/tmp/', `${folder}/tmp/`);
  selfSigned(join(keys, 'certificate'), { key: join(keys, 'key') });
  await execa('cp', ['certificate', 'ca.crt'], { cwd: keys });
  const hash = `print "$ARGV[0]:" . crypt($ARGV[1], '$2b$04$' . 'a' x 22)`;
  await execa('perl', ['-e', hash, USER, PASSWORD], {
    stdout: { file: join(keys, 'passwords') },
  });
  const ca = readFileSync(join(keys, 'ca.crt'));
  const port = await freePort();
  const pod = podOf(port);
  const env = pod.env.map(({ name, value }) => `${name}=${inFolder(value)}`);
  const config = join(PROJECT, 'provision/machines/lab/images/files/registry.yml');
  const server = await startServer({
    program: ['env', 'coreutils'],
    args: [...env, `REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=${data}`, 'docker-registry', 'serve', config],
    folder,
    address: '127.0.0.1',
    port,
    ready: () => ask('GET', '/v2/'),
  });
  t.teardown(() => server.stop());
  /** The status, headers and body of an answer of the registry. */
  async function ask(method: string, path: string, type = '*/*', body?: Buffer) {
    const headers = { Accept: type, 'Content-Type': type, 'Content-Length': body?.length ?? 0 };
    const to = new URL(path, `https://127.0.0.1:${port}`);
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      request(to, { method, ca, headers, auth: `${USER}:${PASSWORD}`, agent: false }, resolve)
        .on('error', reject)
        .end(body),
    );
    const parts: Buffer[] = [];
    for await (const part of answer) parts.push(part as Buffer);
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) };
  }
  mkdirSync(join(folder, 'bin'), { recursive: true });
  symlinkSync('/usr/bin/docker-registry', join(folder, 'bin/registry'));
  /** What a restart of the pod does. */
  const restart = async (registry: Server) => {
    await registry.kill();
    const path = `${folder}/bin:${process.env.PATH}`;
    const { stdout, stderr } = await execa('sh', ['-c', inFolder(pod.collect)], { env: { PATH: path } });
    await registry.start();
    return stdout + stderr;
  };
  const at = {
    host: '127.0.0.1',
    port,
    user: USER,
    password: secret(PASSWORD),
    certificates: keys,
    folder: data,
  };
  return { at, ask, data, restart: () => restart(server) };
}

type Registry = Awaited<ReturnType<typeof startRegistry>>;

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Pushes an image of these layers, as buildah does: it uploads only the blobs that the registry does not have. */
async function push({ ask }: Registry, tag: string, ...layers: string[]): Promise<string> {
  const blobs = [JSON.stringify({ architecture: 'amd64', os: 'linux', tag, layers }), ...layers].map((text) =>
    Buffer.from(text),
  );
  for (const blob of blobs) {
    const digest = digestOf(blob);
    if ((await ask('HEAD', `/v2/theapp/blobs/${digest}`)).status === 200) continue;
    const { headers } = await ask('POST', '/v2/theapp/blobs/uploads/');
    const to = new URL(`${headers.location}`);
    to.searchParams.set('digest', digest);
    await ask('PUT', to.pathname + to.search, 'application/octet-stream', blob);
  }
  const [config, ...rest] = blobs.map((blob, i) => ({
    mediaType: `application/vnd.oci.image.${i === 0 ? 'config.v1+json' : 'layer.v1.tar'}`,
    digest: digestOf(blob),
    size: blob.length,
  }));
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers: rest }),
  );
  const { status, body } = await ask('PUT', `/v2/theapp/manifests/${tag}`, MANIFEST, manifest);
  if (status !== 201) throw new Error(`the manifest was not accepted: ${status} ${body}`);
  return digestOf(manifest);
}

/** Whether a node can pull the whole image by its digest; or why not. */
async function pull({ ask }: Registry, digest: string): Promise<string> {
  const { status, body } = await ask('GET', `/v2/theapp/manifests/${digest}`, MANIFEST);
  if (status !== 200) return `no manifest: ${status}`;
  const { config, layers } = JSON.parse(`${body}`) as Record<'config', { digest: string }> & {
    layers: { digest: string }[];
  };
  for (const blob of [config, ...layers]) {
    const found = await ask('GET', `/v2/theapp/blobs/${blob.digest}`);
    if (found.status !== 200 || digestOf(found.body) !== blob.digest) return `no blob: ${found.status}`;
  }
  return 'whole';
}

t.test(
  'old images leave a real registry, and those in use stay whole',
  { skip: needs('docker-registry', 'docker-registry') },
  async (t) => {
    const registry = await startRegistry(t);
    const shell = localShell();
    t.teardown(() => shell.close());
    const resource = (used: readonly string[]) => images(registry.at, { keep: 2, used, collect });
    t.strictSame(await pending(resource(['sha256:x']), shell), [], 'there is no image yet');
    t.match(
      await registry.restart(),
      /Path not found/,
      'nothing to collect, and the registry starts all the same',
    );

    // the tag of the first one moves on: it has no tag any more, but an environment still uses it
    const moved = await push(registry, 'v1', 'base', 'first');
    const old = [await push(registry, 'v1', 'base', 'second'), await push(registry, 'v2', 'base', 'third')];
    const rolledBackTo = await push(registry, 'v3', 'base', 'fourth');
    const newest = [
      await push(registry, 'v4', 'base', 'fifth'),
      await push(registry, 'v5', 'base', 'fifth', 'x'),
    ];
    const used = [moved, rolledBackTo];
    t.strictSame(
      await pending(resource([]), shell),
      [],
      'if nothing is known about the use, nothing is removed',
    );

    const changes = await applyOnce(resource(used), shell);
    t.match(changes, [{ summary: 'remove 2 old images' }]);
    t.notMatch(changes[0]?.script.text, /curl.*the-password/, 'the password is no argument of a program');
    for (const digest of old) t.equal(await pull(registry, digest), 'no manifest: 404');
    const blobs = () => globSync(`${registry.data}/docker/registry/v2/blobs/sha256/*/*/data`).length;
    const before = blobs();
    t.notMatch(await registry.restart(), /failed/);
    t.equal(before - blobs(), 6, 'two manifests, two configurations and two layers are gone');
    for (const digest of [...used, ...newest]) t.equal(await pull(registry, digest), 'whole', digest);
    const { body } = await registry.ask('GET', '/v2/theapp/tags/list');
    t.strictSame(JSON.parse(`${body}`).tags.toSorted(), ['v3', 'v4', 'v5']);

    const again = await push(registry, 'v2', 'base', 'third');
    t.equal(again, old[1]);
    t.equal(await pull(registry, again), 'whole', 'a removed image can come back');
    t.strictSame(await pending(resource([...used, ...newest]), shell), [], 'and is then the newest');
  },
);

t.test('which images are removed', async (t) => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const printed = ['3', '1', '2'].map((digit) => `17000${digit}.5 ${digit.repeat(64)}/link\n`).join('');
  t.strictSame(digestsIn(printed), [digest('3'), digest('1'), digest('2')]);
  const at = { host: 'r', port: 1, user: 'u', password: secret('p'), certificates: '/c', folder: '/f' };
  const table: [all: string, keep: number, used: string, removed: string][] = [
    ['', 2, '1', ''],
    ['54321', 2, '5', '321'],
    ['54321', 2, '5413', '2'],
    ['54321', 2, '54321', ''],
    ['54321', 5, '1', ''],
    ['54321', 2, '', ''],
    ['54321', 2, '9', '321'],
  ];
  const digests = (digits: string) => [...digits].map(digest);
  for (const [all, keep, used, removed] of table) {
    const changes = images(at, { keep, used: digests(used), collect }).plan(digests(all));
    const found = changes[0]?.script.text.match(/sha256:\w{64}/g) ?? [];
    t.strictSame(found, digests(removed), `${all} keep ${keep} used ${used}`);
  }
});
