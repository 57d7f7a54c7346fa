import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import type { Seen } from '../shell/exchange.ts';
import { localShell } from '../shell/local.ts';
import { fingerprint } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { type PathQuery, paths } from './paths.ts';

const skip = becomeRoot();

const sha = 'a'.repeat(64);

t.test('one probe reads every kind of path and changes nothing', { skip }, async (t) => {
  const dir = t.testdir({ "it's a -> file": 'hello\n', folder: { inner: '' }, binary: '' });
  writeFileSync(`${dir}/binary`, Buffer.from([0, 1, 255]));
  writeFileSync(`${dir}/large`, 'x'.repeat(70_000));
  symlinkSync('folder -> x', `${dir}/link`);
  execFileSync('mkfifo', [`${dir}/pipe`]);
  mkdirSync(`${dir}/sticky`);
  execFileSync('chmod', ['2770', `${dir}/sticky`]);
  execFileSync('chown', ['12345:54321', `${dir}/sticky`]);
  const query = (name: string, more: Partial<PathQuery> = {}) => ({ path: `${dir}/${name}`, ...more });
  const queries: PathQuery[] = [
    query("it's a -> file", { sha256: sha, text: 'differs' }),
    query('folder', { below: { owner: 'nobody', group: 'nogroup' } }),
    query('link', { sha256: sha, text: 'differs' }),
    query('pipe', { sha256: sha, text: 'always' }),
    query('none', { sha256: sha, text: 'always' }),
    query('binary', { sha256: sha, text: 'differs' }),
    query('large', { sha256: sha, text: 'differs' }),
    query('sticky', { below: { owner: 'no-such-user', group: 'root' } }),
    query('folder/inner/none'),
  ];
  const shell = localShell();
  t.teardown(() => shell.close());
  const probe = async () => {
    const { probes } = await shell.exchange({ steps: [], probes: [paths.script(queries)] });
    return paths.read(probes[0] as Seen, queries);
  };
  const before = fingerprint(dir);
  const states = await probe();
  t.match(states, [
    { kind: 'file', text: 'hello\n', size: 6, sha256: /^5891b5b522d5df08/ },
    { kind: 'directory', stray: `${dir}/folder/inner` },
    { kind: 'link', target: 'folder -> x', sha256: undefined },
    { kind: 'other', text: undefined },
    { kind: 'absent' },
    { kind: 'file', text: undefined, size: 3 },
    { kind: 'file', text: undefined, size: 70_000 },
    { kind: 'directory', mode: '2770', owner: 'UNKNOWN', uid: '12345', gid: '54321', stray: `${dir}/sticky` },
    { kind: 'absent' },
  ]);
  t.strictSame(await probe(), states);
  t.equal(fingerprint(dir), before);
});

t.test('text is not fetched if the sha256 matches or the text is secret', async (t) => {
  const dir = t.testdir({ a: 'hello\n' });
  const sha256 = '5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
  const shell = localShell();
  t.teardown(() => shell.close());
  const cases: [string, PathQuery, RegExp][] = [
    ['matches', { path: `${dir}/a`, sha256, text: 'differs' }, /^(?!.*text )/s],
    ['differs', { path: `${dir}/a`, sha256: sha, text: 'differs' }, /text aGVsbG8K /],
    ['secret', { path: `${dir}/a`, sha256: sha, text: 'never' }, /^(?!.*text )/s],
  ];
  for (const [name, query, expected] of cases) {
    const { probes } = await shell.exchange({ steps: [], probes: [paths.script([query])] });
    t.match(probes[0]?.stdout, expected, name);
  }
});

t.test('a probe that fails is an error', async (t) => {
  t.throws(() => paths.read({ code: 2, stdout: '', stderr: 'sh: no' }, []), /files could not be probed/);
});
