import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { localShell } from '../shell/local.ts';
import { applyOnce, fingerprint, pending } from '../testing/resources.ts';
import { becomeRoot } from '../testing/root.ts';
import { archive } from './archive.ts';
import { artefact } from './artefact.ts';

const skip = becomeRoot();

const local = (file: string) => {
  const bytes = readFileSync(file);
  return {
    version: '1',
    file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes: bytes.length,
  };
};

t.test('artefact', { skip }, async (t) => {
  const dir = t.testdir({ one: 'one\0\n', two: 'two\n', host: {} });
  const shell = localShell();
  t.teardown(() => shell.close());
  const path = `${dir}/host/app`;
  const cases: [string, Parameters<typeof artefact>[2], string][] = [
    ['one', {}, 'upload'],
    ['one', {}, ''],
    [
      'two',
      { mode: '0755', owner: 'nobody' },
      'upload (the sha256 differs), change owner root:root → nobody:root, mode 0644 → 0755',
    ],
    ['two', { mode: '0700' }, 'change owner nobody:root → root:root, mode 0755 → 0700'],
  ];
  for (const [name, options, expected] of cases) {
    const source = local(`${dir}/${name}`);
    const changes = await applyOnce(artefact(path, source, options), shell);
    t.equal(changes.map(({ summary }) => summary).join(), expected, expected);
    t.equal(readFileSync(path, 'utf8'), readFileSync(source.file, 'utf8'));
  }
  const [change] = await pending(artefact(path, local(`${dir}/one`)), shell);
  t.strictSame(change?.upload, { from: `${dir}/one`, to: `${dir}/host/.app.provision-draft`, bytes: 5 });
  const torn = { ...local(`${dir}/one`), sha256: 'f'.repeat(64) };
  await t.rejects(
    applyOnce(artefact(path, torn), shell),
    /the uploaded file differs from the local file: one/,
  );
  t.equal(readFileSync(path, 'utf8'), 'two\n', 'the file is unchanged');
  t.strictSame(readdirSync(`${dir}/host`), ['app']);
  await t.rejects(applyOnce(artefact(`${dir}/host`, local(`${dir}/one`)), shell), /host is a directory/);
  t.throws(() => artefact('/x', { version: '1', file: 'x', sha256: 'no', bytes: 1 }), /64 lower-case hex/);
});

t.test('archive', { skip }, async (t) => {
  const dir = t.testdir({
    host: {},
    v1: { top: { bin: { run: '#!/bin/sh\n' }, gone: '' } },
    v2: { top: { new: 'two' } },
  });
  execFileSync(
    'sh',
    [
      '-c',
      'chmod 0755 v1/top/bin/run; ln -s bin/run v1/top/link; for v in v1 v2; do tar -czf $v.tgz -C $v top; done; tar -czf implied.tgz -C v1 top/bin/run; head -c 100 v2.tgz >torn.tgz',
    ],
    { cwd: dir },
  );
  const shell = localShell();
  t.teardown(() => shell.close());
  const folder = `${dir}/host/app`;
  const release = (name: string, more = {}) =>
    archive(folder, local(`${dir}/${name}.tgz`), { stripComponents: 1, ...more });
  const summaries = async (resource: ReturnType<typeof archive>) =>
    (await applyOnce(resource, shell)).map(({ summary }) => summary).join();

  t.equal(await summaries(release('v1', { owner: 'nobody' })), 'unpack');
  t.equal(statSync(`${folder}/bin/run`).mode & 0o7777, 0o755);
  t.not(statSync(`${folder}/bin/run`).uid, 0);
  t.equal(readlinkSync(`${folder}/link`), 'bin/run');
  const before = fingerprint(folder);
  t.equal(await summaries(release('v1')), '');
  t.equal(fingerprint(folder), before);

  await t.rejects(applyOnce(release('torn'), shell), /gzip|tar/);
  t.equal(fingerprint(folder), before, 'the directory is unchanged');
  t.equal(await summaries(release('v2')), 'replace: the archive has changed');
  t.strictSame(readdirSync(folder).sort(), ['.provision-archive', 'new']);
  t.strictSame(readdirSync(`${dir}/host`), ['app'], 'nothing is left next to it');
  t.equal(await summaries(release('implied')), 'replace: the archive has changed');
  t.equal(
    statSync(`${folder}/bin`).mode & 0o7777,
    0o755,
    'a directory that is implied by a name can be entered',
  );
  await applyOnce(release('v2'), shell);
  writeFileSync(`${folder}/.provision-archive`, '');
  t.equal(await summaries(release('v2')), 'replace: the archive has changed', 'an incomplete marker');
});
