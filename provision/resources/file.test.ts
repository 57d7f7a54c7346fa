import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { handler } from '../language/resource.ts';
import { localShell } from '../shell/local.ts';
import { secret } from '../shell/secret.ts';
import { sh } from '../shell/sh.ts';
import { applyOnce, fingerprint, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { directory } from './directory.ts';
import { file } from './file.ts';
import type { PathState } from './paths.ts';

const skip = becomeRoot();

const base: PathState = {
  kind: 'file',
  owner: 'root',
  group: 'root',
  uid: '0',
  gid: '0',
  mode: '0644',
  size: 6,
};
const hello = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
const same = { ...base, sha256: hello };

t.test('plan', async (t) => {
  const plain = file('/x', { content: 'hello\n' });
  const hidden = file('/x', { content: secret('hello\n') });
  const cases: [string, ReturnType<typeof file>, PathState, string[]][] = [
    ['in the desired state', plain, same, []],
    ['absent', plain, { ...base, kind: 'absent' }, ['create']],
    ['other content', plain, { ...base, sha256: 'f'.repeat(64), text: 'old' }, ['change its content']],
    ['other mode', plain, { ...same, mode: '0600' }, ['change mode 0600 → 0644']],
    ['other owner', plain, { ...same, owner: 'app', uid: '7' }, ['change owner app:root → root:root']],
    ['all', plain, { ...base, sha256: 'f', mode: '4755' }, ['change its content, mode 4755 → 0644']],
    [
      'a link',
      plain,
      { ...base, kind: 'link', target: '/y' },
      ['replace the symbolic link to /y with a file'],
    ],
    ['a directory', plain, { ...base, kind: 'directory' }, ['fail: /x is a directory']],
    [
      'a directory, forced',
      file('/x', { content: '', force: true }),
      { ...base, kind: 'directory' },
      ['replace the directory with a file'],
    ],
    ['a pipe', plain, { ...base, kind: 'other' }, ['replace the special file with a file']],
    ['owner by number', file('/x', { content: 'hello\n', owner: '0', group: '0' }), same, []],
    ['three digits', file('/x', { content: 'hello\n', mode: '644' }), same, []],
    ['secret, same', hidden, same, []],
  ];
  for (const [name, resource, state, expected] of cases) {
    t.strictSame(
      resource.plan(state).map(({ summary }) => summary),
      expected,
      name,
    );
  }
});

t.test('diffs show no secrets', async (t) => {
  const text = { text: 'user=app\npassword=hunter2hunter2\n', secrets: ['hunter2hunter2'] };
  const old = { ...base, sha256: 'f', text: 'password=old-secret\n' };
  for (const resource of [
    file('/x', { content: text }),
    file('/x', { content: secret('hunter2hunter2') }),
    file('/x', { content: 'hunter2hunter2', sensitive: true }),
  ]) {
    const [change] = resource.plan(old);
    t.strictSame(change?.diff, { path: '/x', before: '(secret)\n', after: '(secret)\n' });
    t.match(resource.probe, { arg: { text: 'never' } });
  }
  t.strictSame(file('/x', { content: text }).plan(old)[0]?.script.secrets, ['hunter2hunter2']);
  t.strictSame(file('/x', { content: 'new\n' }).plan({ ...base, sha256: 'f', text: 'old\n' })[0]?.diff, {
    path: '/x',
    before: 'old\n',
    after: 'new\n',
  });
  t.equal(file('/x', { content: 'new\n' }).plan({ ...base, sha256: 'f' })[0]?.diff, undefined);
});

t.test('invalid input', async (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => file('etc/x', { content: '' }), /not absolute/],
    [() => file('/etc//x', { content: '' }), /it must have no/],
    [() => file('/etc/../x', { content: '' }), /it must have no/],
    [() => file('/etc/..', { content: '' }), /it must have no/],
    [() => file('/etc/x/', { content: '' }), /it must have no/],
    [() => file('/', { content: '' }), /it must have no/],
    [() => file('/a\nb', { content: '' }), /control character/],
    [() => file('/x', { content: '', mode: '0o644' }), /octal digits/],
    [() => file('/x', { content: '', mode: '888' }), /octal digits/],
    [() => file('/x', { content: '', owner: 'a b' }), /not a valid user or group name/],
    [() => file('/x', { content: 'a\0b' }), /NUL byte/],
  ];
  for (const [make, expected] of cases) t.throws(make, expected);
  for (const path of ['/etc/.x', '/...', '/a/..b', "/it's", '/ä ö']) t.ok(file(path, { content: '' }), path);
  const reload = handler('reload', sh`:`);
  t.strictSame(file('/x', { content: '', notify: reload }).notify, [reload]);
});

t.test('with a real shell', { skip }, async (t) => {
  const dir = t.testdir({ folder: { inner: '' } });
  const shell = localShell();
  t.teardown(() => shell.close());
  const path = `${dir}/it's here`;
  const content = 'tab\t "quotes" \'single\' \\n $x `y` ünï %s\nno newline at the end';
  const at = (name: string, more = {}) => file(`${dir}/${name}`, { content: 'x\n', ...more });
  const summaries = async (resource: ReturnType<typeof file>) =>
    (await applyOnce(resource, shell)).map(({ summary }) => summary).join();

  t.equal(await summaries(file(path, { content })), 'create');
  t.equal(readFileSync(path, 'utf8'), content);
  t.equal(statSync(path).mode & 0o7777, 0o644);
  const before = fingerprint(dir);
  t.equal(await summaries(file(path, { content })), '', 'again');
  t.equal(fingerprint(dir), before, 'probing changes nothing');

  const [change] = await pending(file(path, { content: 'new\n' }), shell);
  t.strictSame(change?.diff, { path, before: content, after: 'new\n' });
  t.equal(
    await summaries(file(path, { content: '', owner: 'nobody', group: 'nogroup', mode: '4711' })),
    'change its content, owner root:root → nobody:nogroup, mode 0644 → 4711',
  );
  const inode = statSync(path).ino;
  t.equal(
    await summaries(file(path, { content: '', mode: '0600' })),
    'change owner nobody:nogroup → root:root, mode 4711 → 0600',
  );
  t.equal(statSync(path).ino, inode, 'a change of owner and mode does not rewrite the file');

  symlinkSync('/etc/passwd', `${dir}/link`);
  t.equal(await summaries(at('link')), 'replace the symbolic link to /etc/passwd with a file');
  t.match(readFileSync('/etc/passwd', 'utf8'), /^root:/);
  await t.rejects(applyOnce(at('folder'), shell), /folder is a directory; to replace .* force: true/);
  t.ok(statSync(`${dir}/folder/inner`));
  await applyOnce(at('folder', { force: true }), shell);

  symlinkSync('/etc/passwd', `${dir}/.a.provision-draft`);
  mkdirSync(`${dir}/.b.provision-draft`);
  await applyOnce(at('a'), shell);
  await applyOnce(at('b'), shell);

  const invalid = at('c', { validate: (draft: string) => sh`grep -q y ${draft}` });
  await t.rejects(applyOnce(invalid, shell), /exit code 1/);
  await applyOnce(at('d', { validate: (draft: string) => sh`grep -q x ${draft}` }), shell);
  await t.rejects(applyOnce(at('e', { owner: 'no-such-user' }), shell), /invalid user/);
  await t.rejects(applyOnce(at('no/folder'), shell), /no\/\.folder\.provision-draft/);
  const large = `${'x'.repeat(99)}\n`.repeat(20_000);
  await applyOnce(file(`${dir}/large`, { content: large }), shell);
  t.equal(readFileSync(`${dir}/large`, 'utf8'), large);
  t.strictSame(
    readdirSync(dir).sort(),
    ['a', 'b', 'd', 'folder', "it's here", 'large', 'link'],
    'no draft is left',
  );

  t.equal((await applyOnce(file.absent(`${dir}/a`), shell)).length, 1);
  t.strictSame(await applyOnce(file.absent(`${dir}/a`), shell), []);
});

t.test('a secret is never readable by others, and a failed write keeps the old file', { skip }, async (t) => {
  const dir = t.testdir();
  const shell = localShell();
  t.teardown(() => shell.close());
  let seen = '';
  const modes = file(`${dir}/key`, {
    content: secret('s3cret-s3cret'),
    mode: '0600',
    validate: (draft) => sh`stat -c %a ${draft} >&9`,
  });
  await applyOnce(modes, shell, (line) => {
    seen += line;
  });
  t.equal(seen, '600');
  writeFileSync(`${dir}/full`, 'old\n');
  chmodSync(`${dir}/full`, 0o644);
  const failing = file(`${dir}/full`, { content: 'new\n', validate: () => sh`echo no >&2; exit 3` });
  await t.rejects(applyOnce(failing, shell), /exit code 3: no/);
  t.equal(readFileSync(`${dir}/full`, 'utf8'), 'old\n');
  t.strictSame(readdirSync(dir).sort(), ['full', 'key']);
});

t.test('directory', { skip }, async (t) => {
  const dir = t.testdir({ file: '', tree: { a: { b: '' } } });
  const shell = localShell();
  t.teardown(() => shell.close());
  const cases: [string, ReturnType<typeof directory>, string][] = [
    ['new, with parents', directory(`${dir}/x/y`), 'create'],
    ['group bit', directory(`${dir}/x`, { mode: '2775' }), 'change mode 0755 → 2775'],
    ['group bit off again', directory(`${dir}/x`), 'change mode 2775 → 0755'],
    [
      'owner',
      directory(`${dir}/x`, { owner: 'nobody', group: 'nogroup' }),
      'change owner root:root → nobody:nogroup',
    ],
    [
      'below',
      directory(`${dir}/tree`, { owner: 'nobody', recursive: true, mode: '0700' }),
      `change owner root:root → nobody:root, mode 0755 → 0700, owner of ${dir}/tree/a and others below to nobody:root`,
    ],
    ['again', directory(`${dir}/tree`, { owner: 'nobody', recursive: true, mode: '0700' }), ''],
  ];
  chmodSync(`${dir}/tree`, 0o755);
  for (const [name, resource, expected] of cases) {
    t.equal((await applyOnce(resource, shell)).map(({ summary }) => summary).join(), expected, name);
  }
  t.equal(statSync(`${dir}/x/y`).mode & 0o7777, 0o755);
  await t.rejects(applyOnce(directory(`${dir}/file`), shell), /is a file; to remove it, put file.absent/);
});
