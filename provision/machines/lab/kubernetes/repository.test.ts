import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t, { type Test } from 'tap';
import { locate } from '../../../computer/programs.ts';
import { openMirror } from '../images/mirror.ts';
import { deb } from './deb.ts';
import { cni, criTools, packagesOf } from './packages.ts';
import { writeRepository } from './repository.ts';

const skip = locate('apt-get') && locate('gpg') ? false : 'needs apt-get and gpg';
const path = 'apt/kubernetes/v1.36/deb';

/** A repository with small programs, its mirror, and an apt that knows only this repository. */
async function served(t: Test) {
  const folder = t.testdir({ images: {}, mirror: {}, apt: {} });
  process.env.THEAPP_LAB_IMAGES = join(folder, 'images');
  const files = join(folder, 'mirror/files', path);
  const program = '#!/bin/sh\necho "runs as $0"\n';
  const packages = [
    ...packagesOf('1.36.3', program),
    ...packagesOf('1.36.4', program),
    cni,
    criTools(program),
  ];
  const debs = await Promise.all(packages.map((one) => deb(one, 'amd64')));
  const fingerprint = await writeRepository(files, debs, 'amd64');
  const mirror = await openMirror([join(folder, 'mirror')], 0, { listen: '127.0.0.1', seen: '127.0.0.1' });
  t.teardown(() => mirror.close());
  const repository = `${mirror.url}/${path}/`;
  return { files, fingerprint, repository, apt: aptOf(join(folder, 'apt'), repository) };
}

/** Runs apt-get in a folder of its own. */
function aptOf(folder: string, repository: string) {
  const at = (name: string) => join(folder, name);
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'etc/preferences.d', 'out'])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at('status'), '');
  writeFileSync(at('sources.list'), `deb [signed-by=${at('key.asc')} arch=amd64] ${repository} /\n`);
  const settings = {
    'Dir::Etc': at('etc'),
    'Dir::Etc::sourcelist': at('sources.list'),
    'Dir::State': at('state'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': '',
    'Acquire::http::Proxy': 'DIRECT',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return async (...words: string[]) => {
    const key = await fetch(`${repository}Release.key`);
    writeFileSync(at('key.asc'), await key.text());
    return await execa('apt-get', [...options, ...words], { cwd: at('out'), reject: false, all: true });
  };
}

t.test('apt accepts the repository, and downloads what a node installs', { skip }, async (t) => {
  const { apt, files, fingerprint } = await served(t);
  t.match(fingerprint, /^[0-9A-F]{40}$/);
  const update = await apt('update');
  t.equal(update.exitCode, 0, update.all);
  t.notMatch(update.all, /^[WE]:/m);
  const names = [
    'kubeadm=1.36.3-1.1',
    'kubelet=1.36.3-1.1',
    'kubectl=1.36.3-1.1',
    'kubernetes-cni',
    'cri-tools',
  ];
  const { exitCode, all } = await apt('download', ...names, 'kubernetes-lab-program-1.36.3');
  t.equal(exitCode, 0, all);
  const shown = await execa('dpkg-deb', ['--contents', join(files, 'kubelet_1.36.3-1.1_amd64.deb')]);
  for (const expected of [
    /^lrwx.* \.\/usr\/bin\/kubelet -> \/usr\/lib\/kubernetes-lab\/1\.36\.3\/kubernetes$/m,
    /^-rw-r--r-- .* \.\/usr\/lib\/systemd\/system\/kubelet\.service$/m,
    /^drwxr-xr-x .* \.\/etc\/kubernetes\/manifests\/$/m,
  ])
    t.match(shown.stdout, expected);
  const key = await execa('gpg', ['--show-keys', '--with-colons'], {
    input: readFileSync(join(files, 'Release.key')),
  });
  t.match(key.stdout, new RegExp(`^fpr:+${fingerprint}:`, 'm'));
});

t.test('dpkg unpacks each package', { skip }, async (t) => {
  const folder = t.testdir();
  for (const one of [...packagesOf('1.36.3', 'x'), cni, criTools('x')]) {
    const { file, content } = await deb(one, 'amd64');
    writeFileSync(join(folder, file), content);
    await execa('dpkg-deb', ['--extract', join(folder, file), join(folder, 'root')]);
    const { stdout } = await execa('dpkg-deb', ['--field', join(folder, file), 'Version', 'Depends']);
    t.match(stdout, /^Version: \d+\.\d+\.\d+-1\.1$/m, one.name);
    const again = await deb(one, 'amd64');
    t.ok(content.equals(again.content), `${one.name} is reproducible`);
  }
});

t.test('apt refuses a repository after a byte has changed', { skip }, async (t) => {
  const table: [string, RegExp][] = [
    ['InRelease', /^E: .*(signature|signed|verif)/im],
    ['Packages.gz', /^E: .*(Hash Sum mismatch|unexpected size)/m],
    ['kubectl_1.36.3-1.1_amd64.deb', /^E: .*(Hash Sum mismatch|unexpected size)/m],
  ];
  for (const [name, expected] of table) {
    const { apt, files } = await served(t);
    const bytes = readFileSync(join(files, name));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(join(files, name), bytes);
    const update = await apt('update');
    const { all } = update.exitCode === 0 ? await apt('download', 'kubectl=1.36.3-1.1') : update;
    t.match(all, expected, name);
  }
});
