import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import t from 'tap';
import { openMirror } from '../provision/machines/lab/images/mirror.ts';
import { buildKubernetes } from '../provision/machines/lab/kubernetes/build.ts';
import { whyNoGo } from '../provision/machines/lab/kubernetes/go.ts';
import { versions } from '../provision/machines/lab/kubernetes/versions.ts';

// The first build takes minutes; `npm run lab -- images --kubernetes`, started in the background, saves the time.
const skip = (await whyNoGo()) ?? false;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const quiet = { yes: true, progress: () => undefined };

t.test('a cluster finds everything on the mirror', { skip, timeout: 1_800_000 }, async (t) => {
  const built = await buildKubernetes(quiet);
  t.equal((await buildKubernetes(quiet)).reused, true, 'a second build reuses the first');
  const place = { listen: '127.0.0.1', seen: '127.0.0.1' };
  const mirror = await openMirror([built.folder], 0, place);
  t.teardown(() => mirror.close());
  const bytes = async (path: string) =>
    Buffer.from(await (await fetch(`${mirror.url}${path}`)).arrayBuffer());

  t.test('images, by their digests', async (t) => {
    const layers = new Map<string, string>();
    for (const image of built.images) {
      const [, registry, name, tag] = /^([^/]+)\/(.+):([^:]+)$/.exec(image) ?? [];
      const manifest = await bytes(`/v2/${name}/manifests/${tag}?ns=${registry}`);
      const byDigest = await bytes(`/v2/${name}/manifests/sha256:${sha256(manifest)}?ns=${registry}`);
      t.ok(manifest.equals(byDigest), image);
      const { config, layers: blobs } = JSON.parse(manifest.toString());
      const configuration = await bytes(`/v2/${name}/blobs/${config.digest}?ns=${registry}`);
      t.equal(`sha256:${sha256(configuration)}`, config.digest);
      const { rootfs, os } = JSON.parse(configuration.toString());
      t.equal(os, 'linux');
      for (const [at, { digest }] of blobs.entries()) layers.set(digest, rootfs.diff_ids[at]);
    }
    for (const [digest, unpacked] of layers) {
      const packed = await bytes(`/v2/any/blobs/${digest}`);
      t.equal(`sha256:${sha256(packed)}`, digest);
      t.equal(`sha256:${sha256(gunzipSync(packed))}`, unpacked);
    }
    t.equal(layers.size, 4 + versions.kubernetes.length, 'images share their layers');
  });

  t.test('packages and Helm', async (t) => {
    const { repository, helm } = built;
    const packages = (await bytes(`${repository.path}Packages`)).toString();
    for (const name of ['kubeadm', 'kubelet', 'kubectl', 'kubernetes-cni', 'cri-tools'])
      t.match(packages, new RegExp(`^Package: ${name}$`, 'm'));
    t.match((await bytes(`${repository.path}Release.key`)).toString(), /^-----BEGIN PGP PUBLIC KEY/);
    const archive = await bytes(helm.path);
    t.equal(sha256(archive), helm.sha256);
    const folder = t.testdir();
    await execa('tar', ['-xz', '-C', folder], { input: archive });
    const { stdout } = await execa(join(folder, 'linux-amd64/helm'), ['version', '--short']);
    t.match(stdout, new RegExp(`^v${versions.helm.replaceAll('.', '\\.')}`));
    t.equal(readFileSync(join(built.folder, 'about.json'), 'utf8').includes(repository.fingerprint), true);
  });
});
