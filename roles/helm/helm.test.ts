import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { Resource } from '../../provision/authoring.ts';
import { absent } from '../../provision/index.ts';
import {
  applyOnce,
  becomeRoot,
  debian,
  isolated,
  localShell,
  needs,
  pending,
  title,
  vm,
} from '../../provision/testing.ts';
import { archiveOf, helm } from './index.ts';
import { PROGRAM, program, RECORD } from './program.ts';

const skip = becomeRoot() || needs('curl', 'curl');

const url = 'https://get.helm.sh/helm-v{version}-linux-{arch}.tar.gz';
const own = 'b'.repeat(64);

t.test('the archive, and its checksum', async (t) => {
  const usual = { version: '4.2.4', url, sha256: null };
  t.match(archiveOf(usual, debian), { url: /helm-v4\.2\.4-linux-amd64\.tar\.gz$/, sha256: /^c306b46f/ });
  t.match(archiveOf(usual, { architecture: 'arm64' }), { url: /linux-arm64/, sha256: /^564de219/ });
  t.match(archiveOf({ ...usual, url: 'http://mirror/helm.tgz', sha256: own }, debian), { sha256: own });
  const unknown: [given: Partial<typeof usual>, architecture: string][] = [
    [{ version: '4.2.5' }, 'amd64'],
    [{ url: 'http://mirror/helm.tgz' }, 'amd64'],
    [{}, 'riscv64'],
  ];
  for (const [given, architecture] of unknown)
    t.throws(() => archiveOf({ ...usual, ...given }, { architecture }), /helm\.sha256: no checksum is known/);
});

t.test('input', async (t) => {
  t.strictSame(helm().resolve([]).resources(debian, vm).map(title), [
    'apt.packages ca-certificates curl',
    `helm.program ${PROGRAM}`,
  ]);
  t.throws(() => helm({ version: 'v4' }).resolve([]), /helm\.version/);
  t.throws(() => helm({ url: 'ftp://x' }).resolve([]), /helm\.url/);
  t.throws(() => helm({ sha256: 'x' }).resolve([]), /helm\.sha256/);
});

t.test('installed, replaced when it differs, refused with another checksum, removed', { skip }, async (t) => {
  const root = t.testdir({ local: { bin: {} }, 'linux-amd64': { helm: '#!/bin/sh\necho v4\n' } });
  chmodSync(join(root, 'linux-amd64/helm'), 0o755);
  const bytes = execFileSync('tar', ['-cz', '-C', root, 'linux-amd64']);
  const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/helm.tar.gz`;
  const shell = localShell(isolated({ '/usr/local': join(root, 'local') }));
  t.teardown(() => shell.close());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const wanted = program({ version: '4.2.4', url: at, sha256 });
  const summaries = async (resource: Resource<string>) =>
    (await applyOnce(resource, shell)).map(({ summary }) => summary);

  await t.rejects(
    applyOnce(program({ version: '4.2.4', url: at, sha256: own }), shell),
    /the sha256 of http.* differs: expected b+, found [0-9a-f]{64}/,
  );
  t.strictSame(await summaries(wanted), ['install Helm 4.2.4']);
  t.strictSame(await summaries(wanted), [], 'again');
  const file = join(root, 'local/bin/helm');
  t.equal(execFileSync('stat', ['-c', '%a', file], { encoding: 'utf8' }), '755\n');
  writeFileSync(file, `${readFileSync(file, 'utf8')}# by hand\n`);
  t.strictSame(await summaries(wanted), ['replace by Helm 4.2.4']);
  t.match(await pending(program({ version: '4.3.0', url: at, sha256: own }), shell), [
    { summary: 'replace by Helm 4.3.0' },
  ]);
  for (const path of [PROGRAM, RECORD]) await applyOnce(absent(path) as Resource, shell);
  t.match(await pending(wanted, shell), [{ summary: 'install Helm 4.2.4' }]);
});
