import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Resource } from '../language/resource.ts';
import { localShell } from '../shell/local.ts';
import { secret } from '../shell/secret.ts';
import { sh } from '../shell/sh.ts';
import { applyOnce, fingerprint, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { absent } from './absent.ts';
import { command } from './command.ts';
import { line } from './line.ts';
import { symlink } from './symlink.ts';

const skip = becomeRoot();

t.test('symlink', async (t) => {
  const dir = t.testdir({ file: 'x', folder: {} });
  const shell = localShell();
  t.teardown(() => shell.close());
  const cases: [string, string, string][] = [
    ['link', 'folder', 'create → folder'],
    ['link', 'folder', ''],
    ['link', '/etc/a b', 'change target folder → /etc/a b'],
    ['file', 'folder', 'replace the file with a link → folder'],
  ];
  for (const [name, target, expected] of cases) {
    const changes = await applyOnce(symlink(`${dir}/${name}`, { target }), shell);
    t.equal(changes.map(({ summary }) => summary).join(), expected);
    t.equal(readlinkSync(`${dir}/${name}`), target);
  }
  await t.rejects(
    applyOnce(symlink(`${dir}/folder`, { target: 'x' }), shell),
    /folder is a directory; to remove it .* absent/,
  );
  t.strictSame(readdirSync(dir).sort(), ['file', 'folder', 'link']);
  t.throws(() => symlink('/x', { target: '' }), /expected a path/);
});

t.test('absent', async (t) => {
  const dir = t.testdir({ file: 'x', folder: { a: { b: '' } } });
  symlinkSync(dir, `${dir}/link`);
  const shell = localShell();
  t.teardown(() => shell.close());
  for (const [name, expected] of [
    ['link', `remove the symbolic link to ${dir}`],
    ['file', 'remove the file'],
    ['folder', 'remove the directory'],
    ['folder', ''],
  ]) {
    const changes = await applyOnce(absent(`${dir}/${name}`), shell);
    t.equal(changes.map(({ summary }) => summary).join(), expected);
  }
  t.strictSame(readdirSync(dir), []);
  t.throws(() => absent('/etc'), /top-level directory/);
});

t.test('line', { skip }, async (t) => {
  const dir = t.testdir();
  const path = `${dir}/conf`;
  const shell = localShell();
  t.teardown(() => shell.close());
  const cases: [string, string | undefined, Resource, string | undefined][] = [
    ['new file', undefined, line(path, { line: 'a = 1' }), 'a = 1\n'],
    ['added', 'b\n', line(path, { line: 'a' }), 'b\na\n'],
    ['added after a last line without a newline', 'b', line(path, { line: 'a' }), 'b\na\n'],
    ['present', 'a\nb', line(path, { line: 'a' }), 'a\nb'],
    ['empty', '', line(path, { line: 'a' }), 'a\n'],
    ['replaced', 'a = 1\nb\n', line(path, { line: 'a = 2', match: /^a\b/g }), 'a = 2\nb\n'],
    ['the last match', 'a 1\na 3\nb\n', line(path, { line: 'a 2', match: /^a/ }), 'a 1\na 2\nb\n'],
    ['no match', 'b\n', line(path, { line: 'a', match: /^a/ }), 'b\na\n'],
    ['no match, but present', 'x\nb\n', line(path, { line: 'x', match: /^a/ }), 'x\nb\n'],
    ['removed', 'a\nb\na\n', line.absent(path, { match: 'a' }), 'b\n'],
    ['removed by expression', 'a1\nb\na2\n', line.absent(path, { match: /^a/ }), 'b\n'],
    ['nothing to remove', 'b', line.absent(path, { match: 'a' }), 'b'],
    ['no file to remove from', undefined, line.absent(path, { match: 'a' }), undefined],
  ];
  for (const [name, before, resource, after] of cases) {
    await applyOnce(absent(path), shell);
    if (before !== undefined) writeFileSync(path, before);
    await applyOnce(resource, shell);
    t.equal(after === undefined ? undefined : readFileSync(path, 'utf8'), after, name);
  }
  writeFileSync(path, 'x\n');
  const hidden = line(path, { line: secret('hidden-word-1') });
  const [change] = await pending(hidden, shell);
  t.equal(hidden.name, path);
  t.strictSame(change?.diff, { path, before: '(secret)\n', after: '(secret)\n' });
  t.strictSame(change?.script.secrets, ['hidden-word-1']);
  await shell.exchange({
    steps: [{ script: sh`chown nobody:nogroup ${path}; chmod 0640 ${path}`, timeout: 5 }],
    probes: [],
  });
  await applyOnce(line(path, { line: 'y' }), shell);
  const { probes } = await shell.exchange({ steps: [], probes: [sh`stat -c '%U:%G %a' ${path}`] });
  t.equal(probes[0]?.stdout, 'nobody:nogroup 640\n', 'owner and mode are kept');
  mkdirSync(`${dir}/folder`);
  writeFileSync(`${dir}/binary`, Buffer.from([0, 1]));
  await t.rejects(applyOnce(line(`${dir}/folder`, { line: 'a' }), shell), /is a directory/);
  await t.rejects(applyOnce(line(`${dir}/binary`, { line: 'a' }), shell), /is not a text file/);
  await t.rejects(applyOnce(line(`${dir}/none`, { line: 'a', create: false }), shell), /does not exist/);
  t.throws(() => line('/x', { line: 'a\nb' }), /a newline/);
});

t.test('command', async (t) => {
  const dir = t.testdir();
  const shell = localShell();
  t.teardown(() => shell.close());
  const touch = command('touch', {
    run: sh`touch ${dir}/a; stat -c %a ${dir}/a`,
    creates: `${dir}/a`,
  });
  const count = command('count', {
    run: sh`echo x >>${dir}/b`,
    unless: sh`no-such-program || test -s ${dir}/b`,
  });
  for (const resource of [touch, count]) {
    t.equal((await applyOnce(resource, shell)).length, 1);
    const before = fingerprint(dir);
    t.equal((await applyOnce(resource, shell)).length, 0);
    t.equal(fingerprint(dir), before);
  }
  const idle = command('idle', { run: sh`:`, unless: sh`false` });
  await t.rejects(applyOnce(idle, shell), /still pending/);
  t.equal(command('slow', { run: sh`:`, creates: '/x', timeout: 5 }).timeout, 5);
  t.throws(() => command('x', { run: sh`:` }), /exactly one of creates and unless/);
  t.throws(() => command('x', { run: sh`:`, creates: '/x', unless: sh`:` }), /both are set/);
  t.throws(() => command('x', { run: sh`:`, creates: 'x' }), /not absolute/);
});
