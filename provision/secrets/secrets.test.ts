import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { locate } from '../computer/programs.ts';
import { reveal, secret } from '../shell/secret.ts';
import { keyedHash } from './checksum.ts';
import { checkSecrets, environmentSecrets, rotateSecrets, secretNames } from './environment.ts';
import { valuesOf, withValues } from './values.ts';
import { lock, unlock, vaultOf } from './vault.ts';

t.setTimeout(60_000);
const waiting = () => undefined;
const use = { check: false, waiting };

function scene(t: Test) {
  const root = t.testdir({ approach: {} });
  return vaultOf({ name: 'mine', folder: join(root, 'approach') }, 'staging', root);
}

t.test('generated once, encrypted for the key, and read from then on', async (t) => {
  const vault = scene(t);
  const first = await environmentSecrets(vault, ['mysql', 'redis'], use);
  t.match(reveal(first.mysql), /^[\w-]{32}$/);
  t.not(reveal(first.mysql), reveal(first.redis));
  t.equal(statSync(vault.key).mode & 0o777, 0o600);
  t.equal(statSync(join(vault.key, '..')).mode & 0o777, 0o700);
  const encrypted = readFileSync(vault.file, 'utf8');
  t.match(encrypted, /^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  t.notMatch(encrypted, reveal(first.mysql));
  const again = await environmentSecrets(vault, ['redis', 'more', 'mysql'], use);
  t.equal(reveal(again.mysql), reveal(first.mysql));
  t.strictSame(await secretNames(vault), ['mysql', 'redis', 'more']);
  const bytes = readFileSync(vault.file, 'utf8');
  await environmentSecrets(vault, ['redis', 'more', 'mysql'], use);
  t.equal(readFileSync(vault.file, 'utf8'), bytes, 'a run that needs nothing new writes nothing');
});

t.test('a dry run writes nothing', async (t) => {
  const vault = scene(t);
  const made = await environmentSecrets(vault, ['mysql'], { check: true, waiting });
  t.match(reveal(made.mysql), /^[\w-]{32}$/);
  t.notOk(existsSync(vault.file) || existsSync(vault.key));
  const { mysql } = await environmentSecrets(vault, ['mysql'], use);
  const checked = await environmentSecrets(vault, ['mysql', 'redis'], { check: true, waiting });
  t.equal(reveal(checked.mysql), reveal(mysql));
  t.strictSame(await secretNames(vault), ['mysql']);
});

t.test(
  'the program age reads the file and the key',
  { skip: !locate('age') && 'needs age: apt-get install age' },
  async (t) => {
    const vault = scene(t);
    const { mysql } = await environmentSecrets(vault, ['mysql'], use);
    const text = execFileSync('age', ['-d', '-i', vault.key, vault.file], { encoding: 'utf8' });
    t.match(text, `mysql: ${reveal(mysql)}`);
    const recipient = /age1\w+/.exec(readFileSync(vault.key, 'utf8'))?.[0] ?? '';
    spawnSync('age', ['-a', '-r', recipient, '-o', vault.file], { input: 'mysql: by-age\n' });
    t.equal(reveal((await environmentSecrets(vault, ['mysql'], use)).mysql), 'by-age');
  },
);

t.test('without the key, with another key, and damaged', async (t) => {
  const vault = scene(t);
  await environmentSecrets(vault, ['mysql'], use);
  const key = readFileSync(vault.key, 'utf8');
  rmSync(vault.key);
  const all = () => environmentSecrets(vault, ['mysql', 'redis'], use);
  await t.rejects(all(), {
    kind: 'input',
    message: /staging\.age: .* and the key .*mine-staging\.key is missing/,
  });
  t.notOk(existsSync(vault.key), 'a new key would not help');
  await t.rejects(checkSecrets(vault, waiting), /the key .*mine-staging\.key is missing/);
  const other = { ...vault, file: `${vault.file}2`, key: `${vault.key}2` };
  await environmentSecrets(other, ['mysql'], use);
  writeFileSync(vault.key, readFileSync(other.key));
  await t.rejects(all(), /cannot be decrypted with the key .*: no identity matched/);
  t.equal(statSync(vault.key).mode & 0o777, 0o600, 'a key is never left readable');
  writeFileSync(vault.key, 'AGE-SECRET-KEY-1WRONG\n');
  const error = await all().catch((e) => e);
  t.match(error.message, /mine-staging\.key: is not a key of age/);
  t.notMatch(error.message, 'WRONG');
  writeFileSync(vault.key, key);
  const text = readFileSync(vault.file, 'utf8');
  writeFileSync(vault.file, text.slice(0, -80));
  await t.rejects(all(), /staging\.age: the secrets cannot be decrypted/);
  await lock(vault, 'mysql: 5\n');
  await t.rejects(all(), /staging\.age:1:1: mysql: expected text .* with quotes around a number/);
});

t.test('a key without its file is refused, and nothing is generated', async (t) => {
  const vault = scene(t);
  await checkSecrets(vault, waiting);
  t.notOk(existsSync(vault.file) || existsSync(vault.key), 'a check creates nothing');
  await environmentSecrets(vault, ['mysql'], use);
  await checkSecrets(vault, waiting);
  rmSync(vault.file);
  const refused = {
    kind: 'input',
    message:
      /staging\.age: the encrypted secrets of staging are missing, although their key .*staging\.key exists/,
    parts: {
      todo: /restore .*staging\.age from git.* Only if staging has never been deployed, delete .*\.key/,
    },
  };
  for (const check of [true, false])
    await t.rejects(environmentSecrets(vault, ['mysql'], { check, waiting }), refused);
  await t.rejects(checkSecrets(vault, waiting), refused);
  await t.rejects(secretNames(vault), refused);
  t.notOk(existsSync(vault.file));
});

t.test('new secrets can be refused before they exist, also in a dry run', async (t) => {
  const vault = scene(t);
  const asked: string[] = [];
  const beforeGenerating = async (names: readonly string[]) => {
    asked.push(...names);
    throw new Error('not these');
  };
  for (const check of [true, false])
    await t.rejects(environmentSecrets(vault, ['mysql'], { check, waiting, beforeGenerating }), /not these/);
  t.notOk(existsSync(vault.file) || existsSync(vault.key));
  await environmentSecrets(vault, ['mysql'], use);
  await environmentSecrets(vault, ['mysql'], { ...use, beforeGenerating });
  t.strictSame(asked, ['mysql', 'mysql'], 'only if something is missing');
});

t.test('rotated, with comments kept', async (t) => {
  const vault = scene(t);
  await lock(vault, '# ours\nmysql: one # the database\nredis: two\n');
  t.strictSame(await rotateSecrets(vault, (name) => name === 'mysql', waiting), ['mysql']);
  t.match(await unlock(vault), /^# ours\nmysql: [\w-]{32} # the database\nredis: two\n$/);
  t.strictSame(await rotateSecrets(vault, () => true, waiting), ['mysql', 'redis']);
  t.strictSame(await rotateSecrets(vault, () => false, waiting), []);
});

t.test('several processes at once generate each secret once', async (t) => {
  const vault = scene(t);
  const modules = ['environment.ts', '../shell/secret.ts'].map((name) => join(import.meta.dirname, name));
  const program = `const [{ environmentSecrets }, { reveal }] = await Promise.all(${JSON.stringify(modules)}.map((m) => import(m)));
const vault = ${JSON.stringify(vault)};
const made = await environmentSecrets(vault, ['mysql', process.argv[1]], { check: false, waiting: () => undefined });
process.stdout.write(reveal(made.mysql));`;
  const run = async (name: string) =>
    (await promisify(execFile)('node', ['--input-type=module', '-e', program, name])).stdout;
  const values = await Promise.all(['a', 'b', 'c', 'd'].map(run));
  t.equal(new Set(values).size, 1);
  t.strictSame((await secretNames(vault)).toSorted(), ['a', 'b', 'c', 'd', 'mysql']);
});

t.test('what a person may write', async (t) => {
  const table: [text: string, expected: RegExp | object][] = [
    ['', {}],
    ['# nothing\n', {}],
    ['a: b\nc-1: "5"\n', { a: 'b', 'c-1': '5' }],
    ['a: |\n  two\n  lines\n', { a: 'two\nlines\n' }],
    ['a: 5\n', /^x:1:1: a: expected text that is not empty, with quotes around a number$/],
    ['a:\n', /^x:1:1: a: expected text/],
    ['a: [b]\n', /^x:1:1: a: expected text/],
    ['ok: b\nA b: hidden\n', /^x:2:1: expected a name of lower-case letters/],
    ['a: b\na: c\n', /^x:2:1: this name is set twice$/],
    ['- hidden\n', /^x:1:1: expected lines such as name: value$/],
    ['a: "b\n', /^x:\d+:\d+: this is not valid YAML$/m],
    ['a: 5\nb: 6\n', /^x:1:1: a: .*\nx:2:1: b: /],
  ];
  for (const [text, expected] of table) {
    if (!(expected instanceof RegExp)) {
      t.strictSame(Object.fromEntries(valuesOf(text, 'x')), expected, text);
      continue;
    }
    try {
      valuesOf(text, 'x');
      t.fail(text);
    } catch (error) {
      t.match((error as Error).message, expected, text);
      t.notMatch((error as Error).message, 'hidden');
    }
  }
  t.equal(withValues('# only a comment\n', new Map([['a', 'b']])), '# only a comment\na: b\n');
  t.throws(() => vaultOf({ name: 'x', folder: '/x' }, '../x', '/'), /not a valid name of an environment/);
});

t.test('the keyed hash depends on the key and on each value', async (t) => {
  const of = (key: string, values: Record<string, string>) =>
    keyedHash(secret(key), Object.fromEntries(Object.entries(values).map(([k, v]) => [k, secret(v)])));
  const first = of('k', { a: '1', b: '2' });
  t.match(first, /^[0-9a-f]{32}$/);
  t.equal(of('k', { b: '2', a: '1' }), first, 'the order does not matter');
  for (const other of [of('l', { a: '1', b: '2' }), of('k', { a: '1', b: '3' }), of('k', { a: '12', b: '' })])
    t.not(other, first);
});
