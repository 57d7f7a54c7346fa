import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { layerOf, writeArchive } from './archive.ts';
import { accounts, standIns } from './images.ts';
import { tar } from './tar.ts';

t.test('the archive has the format that docker load expects', async (t) => {
  const folder = t.testdir({ archive: {} });
  const layer = async (name: string) => {
    writeFileSync(join(folder, name), tar([{ path: name, content: name }]));
    return await layerOf(join(folder, name));
  };
  const [shared, own] = [await layer('shared'), await layer('own')];
  const config = { Cmd: ['x'], Labels: { a: 'b' } };
  const images = [
    { name: 'a:1', layers: [shared], config },
    { name: 'b:2', layers: [shared, own], config },
  ];
  const file = join(folder, 'images.tar.gz');
  await writeArchive(images, 'amd64', join(folder, 'archive'), file);
  const out = join(folder, 'out');
  mkdirSync(out);
  await execa('tar', ['-xzf', file, '-C', out]);
  const read = (name: string) => readFileSync(join(out, name));
  const sha256 = (name: string) => createHash('sha256').update(read(name)).digest('hex');
  const manifest: { Config: string; RepoTags: string[]; Layers: string[] }[] = JSON.parse(
    read('manifest.json').toString(),
  );
  t.strictSame(
    manifest.map(({ RepoTags, Layers }) => [RepoTags, Layers.length]),
    [
      [['a:1'], 1],
      [['b:2'], 2],
    ],
  );
  for (const { Config, Layers } of manifest) {
    t.equal(Config, `${sha256(Config)}.json`, 'an image is named by its configuration');
    const image = JSON.parse(read(Config).toString());
    t.match(image, { architecture: 'amd64', os: 'linux', config });
    t.strictSame(
      image.rootfs.diff_ids,
      Layers.map((name) => `sha256:${sha256(name)}`),
    );
    t.equal(image.history.length, Layers.length);
  }
});

t.test('stand-ins: users, paths and programs fit together', async (t) => {
  for (const standIn of standIns) {
    const { name, files, config } = standIn;
    const text = accounts(standIn)
      .map(({ content }) => content)
      .join('');
    t.match(text, /^root:x:0:0:/, name);
    const named = config.User ?? 'root';
    t.match(text, new RegExp(`^${named}:x:\\d`, 'm'), `${name}: ${named} is one of its users`);
    for (const { path } of files) {
      t.notMatch(path, /^(\/|(bin|sbin|lib)\/|var\/run\/)/, `${name}: ${path} is not below a symbolic link`);
    }
    const [entry = ''] = config.Entrypoint as string[];
    t.ok(
      files.some(({ path, mode }) => `/${path}`.endsWith(`/${entry.replace(/^\//, '')}`) && mode === 0o755),
      `${name}: its entry point is a program`,
    );
  }
});

t.test('the base image of TheAPP is one of the stand-ins', async (t) => {
  const dockerfile = readFileSync(resolve(import.meta.dirname, '../../../../app/Dockerfile'), 'utf8');
  const base = /^ARG BASE=(\S+)$/m.exec(dockerfile)?.[1];
  t.ok(
    standIns.some(({ name }) => name === base),
    `${base}`,
  );
});

t.test('simple entry points run the right program', async (t) => {
  const files = join(import.meta.dirname, 'files');
  // the shell's error names the missing program, which is the one that would have run
  const ran = async (file: string, ...words: string[]) => {
    const env = { PATH: '/nowhere' };
    const { stderr } = await execa('/bin/sh', [join(files, file), ...words], {
      reject: false,
      env,
      extendEnv: false,
    });
    return /exec: (?:line \d+: )?(\S+): not found/.exec(stderr)?.[1];
  };
  const table: [string, string[], string][] = [
    ['memcached.sh', ['-m', '32'], 'memcached'],
    ['memcached.sh', ['memcached'], 'memcached'],
    ['memcached.sh', ['sh'], 'sh'],
    ['registry.sh', ['/etc/docker/registry/config.yml'], 'registry'],
    ['registry.sh', ['garbage-collect', 'x'], 'registry'],
    ['registry.sh', ['sh'], 'sh'],
    ['node.sh', ['--version'], 'node'],
    ['node.sh', [], 'node'],
    ['node.sh', ['script.js'], 'node'],
    ['nginx.sh', ['nginx', '-t'], 'nginx'],
  ];
  for (const [file, words, expected] of table)
    t.equal(await ran(file, ...words), expected, `${file} ${words.join(' ')}`);
});
