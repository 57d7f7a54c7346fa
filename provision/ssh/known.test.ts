import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { newKey } from '../testing/ssh/sshd.ts';
import { addKey, fingerprint, knownKeys, typeOf } from './known.ts';

const folder = t.testdir();
const [type = '', encoded = ''] = readFileSync(`${newKey(`${folder}/key`)}.pub`, 'utf8').split(' ');
const key = Buffer.from(encoded, 'base64');

const cases: [line: string, name: string, found: boolean][] = [
  [`host ${type} ${encoded}`, 'host', true],
  [`host ${type} ${encoded} a comment`, 'host', true],
  [`host ${type} ${encoded}`, 'hos', false],
  [`HOST,10.0.0.1 ${type} ${encoded}`, 'host', true],
  [`other,10.0.0.1 ${type} ${encoded}`, '10.0.0.1', true],
  [`[host]:2222 ${type} ${encoded}`, '[host]:2222', true],
  [`[host]:2222 ${type} ${encoded}`, 'host', false],
  [`host ${type} ${encoded}`, '[host]:2222', false],
  [`*.example.org ${type} ${encoded}`, 'a.example.org', true],
  [`*.example.org ${type} ${encoded}`, 'aXexample.org', false],
  [`10.0.0.? ${type} ${encoded}`, '10.0.0.7', true],
  [`*.example.org,!a.example.org ${type} ${encoded}`, 'a.example.org', false],
  [`# host ${type} ${encoded}`, 'host', false],
  [`host`, 'host', false],
  ['', 'host', false],
  [`@strange host ${type} ${encoded}`, 'host', false],
];

for (const [line, name, found] of cases) {
  t.test(`"${line.replace(encoded, 'KEY')}" and ${name}`, async (t) => {
    const file = `${t.testdir()}/known_hosts`;
    writeFileSync(file, `\n${line}\n`);
    const known = knownKeys([file, '/does/not/exist'], name);
    t.strictSame(known, found ? [{ file, line: 2, type, key }] : []);
  });
}

t.test('marked lines', async (t) => {
  const file = `${t.testdir()}/known_hosts`;
  writeFileSync(file, `@revoked host ${type} ${encoded}\n@cert-authority *,!x ${type} ${encoded}\n`);
  t.strictSame(
    knownKeys([file], 'host').map(({ marker, line }) => [marker, line]),
    [
      ['revoked', 1],
      ['cert-authority', 2],
    ],
  );
});

t.test('names hashed by ssh-keygen', async (t) => {
  const file = `${t.testdir()}/known_hosts`;
  writeFileSync(file, `one ${type} ${encoded}\n[two]:2222 ${type} ${encoded}\n`);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
  t.notMatch(readFileSync(file, 'utf8'), /one|two/);
  t.equal(knownKeys([file], 'one')[0]?.line, 1);
  t.equal(knownKeys([file], '[two]:2222')[0]?.line, 2);
  t.strictSame(knownKeys([file], 'two'), []);
});

t.test('a key is stored once, in a private file, and ssh-keygen finds it', async (t) => {
  const file = `${t.testdir()}/new/known_hosts`;
  addKey(file, '[host]:2222', key);
  addKey(file, '[host]:2222', key);
  t.equal(readFileSync(file, 'utf8'), `[host]:2222 ${type} ${encoded}\n`);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.match(execFileSync('ssh-keygen', ['-F', '[host]:2222', '-f', file], { encoding: 'utf8' }), encoded);
});

t.test('fingerprints and types match ssh-keygen', async (t) => {
  t.equal(typeOf(key), type);
  t.match(execFileSync('ssh-keygen', ['-lf', `${folder}/key.pub`], { encoding: 'utf8' }), fingerprint(key));
  t.equal(typeOf(Buffer.from([0])), '');
});
