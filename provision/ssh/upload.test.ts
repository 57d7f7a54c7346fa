import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { explain } from '../errors.ts';
import { becomeRoot } from '../testing/root.ts';
import { options, probe } from '../testing/ssh/session.ts';
import { remove, sshd } from '../testing/ssh/sshd.ts';
import { openSession } from './open.ts';

const skip = becomeRoot();

const small = (folder: string) => `mkdir ${folder}/small\nmount -t tmpfs -o size=4m small ${folder}/small`;
const server = await sshd(skip ? {} : { mounts: small });
t.teardown(() => remove(server));
const folder = server.folder;
const sha = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
const silent = () => undefined;

t.test('50 MB arrive intact, with progress, while the shell still answers', async (t) => {
  const bytes = 50_000_000;
  writeFileSync(`${folder}/big`, Buffer.alloc(bytes, 'some bytes\n'));
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  const reported: number[] = [];
  const upload = session.upload({ from: `${folder}/big`, to: `${folder}/arrived`, bytes }, (n) =>
    reported.push(n),
  );
  t.ok(await probe(session), 'the shell answers during the upload');
  await upload;
  t.equal(sha(`${folder}/arrived`), sha(`${folder}/big`));
  t.equal(statSync(`${folder}/arrived`).mode & 0o777, 0o600);
  t.equal(reported.at(-1), bytes);
  t.strictSame(
    reported,
    [...reported].sort((a, b) => a - b),
  );
});

t.test('an empty file, unusual names, an existing file, and twenty uploads at once', async (t) => {
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  writeFileSync(`${folder}/empty`, '');
  await session.upload({ from: `${folder}/empty`, to: `${folder}/nothing`, bytes: 0 }, silent);
  t.equal(statSync(`${folder}/nothing`).size, 0);
  writeFileSync(`${folder}/word`, 'word');
  for (const name of ["a b'c", 'd"$(e)`f', 'ü\\n', '-g']) {
    await session.upload({ from: `${folder}/word`, to: `${folder}/${name}`, bytes: 4 }, silent);
    t.equal(readFileSync(`${folder}/${name}`, 'utf8'), 'word', name);
  }
  writeFileSync(`${folder}/victim`, 'untouched');
  symlinkSync(`${folder}/victim`, `${folder}/link`);
  await session.upload({ from: `${folder}/word`, to: `${folder}/link`, bytes: 4 }, silent);
  t.equal(readFileSync(`${folder}/victim`, 'utf8'), 'untouched', 'a link is replaced, not followed');
  const many = Array.from({ length: 20 }, (_, i) => `${folder}/many-${i}`);
  await Promise.all(many.map((to) => session.upload({ from: `${folder}/word`, to, bytes: 4 }, silent)));
  t.equal(many.filter((file) => readFileSync(file, 'utf8') === 'word').length, 20);
});

t.test('an error shows the output of the host', async (t) => {
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  writeFileSync(`${folder}/word`, 'word');
  const attempt = (to: string) =>
    session.upload({ from: `${folder}/word`, to, bytes: 4 }, silent).catch((error) => error);
  const error = await attempt('/no/such/folder/file');
  t.match(error, { kind: 'failed' });
  t.match(
    explain(error),
    /^box: \/no\/such\/folder\/file could not be written\n {4}.*(No such file|nonexistent)/,
  );
  t.ok(await probe(session), 'the session still works');
});

t.test('a full disk', { skip }, async (t) => {
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  const bytes = 20_000_000;
  writeFileSync(`${folder}/much`, Buffer.alloc(bytes));
  const to = `${folder}/small/file`;
  const error = await session.upload({ from: `${folder}/much`, to, bytes }, silent).catch((error) => error);
  t.match(error, { kind: 'failed' });
  t.match(
    explain(error),
    /^box: no space left for .*small\/file\n[\s\S]*No space left on device[\s\S]*→ free some space on the host: df -h .*small$/,
  );
  const seen = await session.exchange({
    steps: [],
    probes: [(await import('../shell/sh.ts')).sh`ls -A ${`${folder}/small`}`],
  });
  t.equal(seen.probes[0]?.stdout, '', 'no partial file is left');
});

t.test('a lost connection leaves no partial file', async (t) => {
  const session = await openSession(server.host(), options());
  const bytes = 50_000_000;
  writeFileSync(`${folder}/long`, Buffer.alloc(bytes));
  const to = `${folder}/never`;
  let cut = false;
  const upload = session.upload({ from: `${folder}/long`, to, bytes }, (sent) => {
    if (sent > 5_000_000 && !cut) session.abort();
    cut ||= sent > 5_000_000;
  });
  const error = await upload.catch((error) => error);
  t.match(error, { kind: 'unreachable' });
  t.match(explain(error), /the upload of .*never was interrupted/);
  const left = () => readdirSync(folder).filter((name) => name.startsWith('never'));
  for (let i = 0; i < 100 && left().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  t.strictSame(left(), []);
});

t.test('an upload that does not match its description is refused before anything is sent', async (t) => {
  const session = await openSession(server.host(), options());
  t.teardown(() => session.close());
  writeFileSync(`${folder}/word`, 'word');
  const cases: [from: string, to: string, bytes: number, words: RegExp][] = [
    [`${folder}/none`, '/tmp/x', 4, /none: the file to upload does not exist/],
    [`${folder}/word`, '/tmp/x', 5, /word: expected a file of 5 bytes, found 4/],
    [`${folder}/word`, '/tmp/x\ny', 4, /a path that contains a newline/],
  ];
  for (const [from, to, bytes, words] of cases) {
    await t.rejects(session.upload({ from, to, bytes }, silent), words);
  }
});

// The server keeps the process alive until the teardown, which runs after this.
t.end();
