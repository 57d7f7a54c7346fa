import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { explain } from '../../provision/index.ts';
import { buildRelease } from './build.ts';

const checkout = join(import.meta.dirname, '../..');
const sources = ['app', 'approaches/release', 'package-lock.json'];

/** A copy of the release's sources in a folder, with different modes and times. */
async function copy(folder: string, { umask = 0o022, git = true } = {}) {
  const before = process.umask(umask);
  await mkdir(folder, { recursive: true });
  const filter = (source: string) => !/node_modules$/.test(source);
  for (const source of sources)
    await cp(join(checkout, source), join(folder, source), { recursive: true, filter });
  await writeFile(join(folder, 'LICENSE'), 'Anybody may do anything.\n');
  await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  process.umask(before);
  if (git) await commit(folder);
  return folder;
}

/** Creates the same commit in every copy. Its hash includes names and dates. */
async function commit(folder: string) {
  const date = '2024-02-29T12:00:00Z';
  const person = ['-c', 'user.name=someone', '-c', 'user.email=someone@example.org'];
  const run = (...words: string[]) =>
    execa('git', [...person, ...words], {
      cwd: folder,
      env: { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
    });
  await run('init', '--quiet');
  await run('add', 'LICENSE', ...sources);
  await run('commit', '--quiet', '--message', 'test: a commit');
  return (await run('rev-parse', 'HEAD')).stdout;
}

t.test('the same commit gives the same bytes, wherever the checkout is', async (t) => {
  const here = await copy(join(t.testdir(), 'one'), { umask: 0o022 });
  const there = await copy(join(t.testdirName, 'a/folder with blanks/two'), { umask: 0o077 });
  await utimes(join(there, 'app/src/main.ts'), 1, 1);
  const [one, two] = [await buildRelease(here), await buildRelease(there)];
  t.equal(one.sha256, two.sha256);
  t.ok((await readFile(one.file)).equals(await readFile(two.file)), 'byte for byte');
  t.match(one.version, /^\d+\.\d+\.\d+-[0-9a-f]{7}$/);
  t.equal(one.bytes, (await readFile(one.file)).length);
  t.equal(
    one.sha256,
    createHash('sha256')
      .update(await readFile(one.file))
      .digest('hex'),
  );
});

t.test('the version shows what the release was built from', async (t) => {
  const root = await copy(join(t.testdir(), 'checkout'));
  const [main, test] = [join(root, 'app/src/main.ts'), join(root, 'app/src/new.test.ts')];
  const original = await readFile(main, 'utf8');
  const clean = await buildRelease(root);

  await writeFile(test, 'tests are not part of the release');
  t.strictSame(await buildRelease(root), { ...clean, reused: true }, 'nothing has changed: the same file');

  await writeFile(main, `${original}\nconsole.error('changed');\n`);
  const dirty = await buildRelease(root);
  t.match(dirty.version, new RegExp(`^${clean.version}-dirty\\.[0-9a-f]{8}$`));
  await writeFile(main, `${original}\nconsole.error('changed again');\n`);
  t.not((await buildRelease(root)).version, dirty.version, 'the version depends on the content');
  await writeFile(main, original);
  t.equal((await buildRelease(root)).sha256, clean.sha256, 'changes reverted: clean again');

  await writeFile(clean.file, 'damaged');
  t.strictSame(await buildRelease(root), { ...clean, reused: false }, 'a damaged tarball is rebuilt');

  await writeFile(join(root, 'app/migrations/9999-new.sql'), 'SELECT 1;\n');
  t.match((await buildRelease(root)).version, /-dirty\./, 'an untracked file counts');
  await rm(join(root, 'app/migrations/9999-new.sql'));
  await mkdir(join(root, 'app/pages/parts'), { recursive: true });
  await writeFile(join(root, 'app/pages/parts/new.hbs'), 'a page');
  const page = await buildRelease(root);
  t.match(page.version, /-dirty\./, 'a page counts');
  t.match(
    (await execa('tar', ['-tzf', page.file])).stdout,
    /\/pages\/parts\/new\.hbs$/m,
    'the release contains it',
  );
  await rm(join(root, 'app/pages/parts'), { recursive: true });

  await rm(join(root, '.git'), { recursive: true });
  const bare = await buildRelease(root);
  t.match(
    bare.version,
    /^\d+\.\d+\.\d+-content\.[0-9a-f]{12}$/,
    'without git, the version is a hash of the content',
  );
  const elsewhere = await copy(join(t.testdirName, 'elsewhere'), { git: false });
  t.equal((await buildRelease(elsewhere)).sha256, bare.sha256, 'the same bytes in another folder');
});

t.test('an error names the source file that cannot be bundled', async (t) => {
  const root = await copy(join(t.testdir(), 'checkout'));
  await writeFile(join(root, 'app/src/main.ts'), "import './nowhere.ts';\n");
  const error = await buildRelease(root).catch((error) => error);
  t.match(
    explain(error),
    'TheAPP cannot be bundled\n    app/src/main.ts:1: Could not resolve "./nowhere.ts"',
  );
});

t.test('the contents of the tarball', async (t) => {
  const root = await copy(join(t.testdir(), 'checkout'));
  const { file, version } = await buildRelease(root);
  const top = `theapp-${version}`;
  const { stdout: list } = await execa('tar', ['-tvzf', file], { env: { TZ: 'UTC' } });
  const lines = list.split('\n').map((line) => line.split(/\s+/));
  t.ok(lines.every(([mode, , , , , path]) => mode === (path?.endsWith('/') ? 'drwxr-xr-x' : '-rw-r--r--')));
  t.ok(
    lines.every(([, owner, , date]) => owner === '0/0' && date === '2024-02-29'),
    list,
  );

  const unpacked = join(t.testdirName, 'unpacked');
  await mkdir(unpacked);
  await execa('tar', ['-xzf', file, '-C', unpacked]);
  const release = JSON.parse(await readFile(join(unpacked, top, 'release.json'), 'utf8'));
  t.match(release, { name: 'theapp', version, commit: /^[0-9a-f]{40}$/, node: '>=24' });
  const inside = lines.map(([, , , , , path]) => `${path}`.slice(top.length + 1));
  const files = inside.filter((path) => path && !path.endsWith('/') && path !== 'release.json');
  t.strictSame(Object.keys(release.files).sort(), files.sort());
  for (const [path, sha256] of Object.entries(release.files)) {
    const content = await readFile(join(unpacked, top, path));
    t.equal(createHash('sha256').update(content).digest('hex'), sha256, path);
    t.notOk(content.includes(root) || content.includes(checkout), `${path} contains no path of this machine`);
  }
  t.match(await readFile(join(unpacked, top, 'NOTICE'), 'utf8'), /^@hapi\/hapi \d.*BSD-3-Clause/m);
  const { stdout } = await execa('node', [join(unpacked, top, 'theapp.mjs'), '--version'], { cwd: '/' });
  t.equal(stdout, version, 'it runs without any dependencies');
});

t.test('npm run build prints the file, version, sha256 and size', async (t) => {
  const { stdout } = await execa('node', [join(checkout, 'scripts/build.ts')], { cwd: checkout });
  t.match(stdout, /^file {5}dist\/theapp-\S+\.tar\.gz\nversion {2}\S+\nsha256 {3}[0-9a-f]{64}\nbytes {4}\d+/);
});

t.test('two builds at the same time', async (t) => {
  const root = await copy(join(t.testdir(), 'checkout'));
  const [one, two] = await Promise.all([buildRelease(root), buildRelease(root)]);
  t.equal(one.sha256, two.sha256);
  t.strictSame(
    (await readdir(join(root, 'dist'))).sort(),
    [one.file, `${one.file}.built`].map((file) => basename(file)),
  );
});
