import { execa } from 'execa';
import t from 'tap';
import type { Resource } from '../../provision/authoring.ts';
import { reveal, secret } from '../../provision/index.ts';
import {
  applyOnce,
  becomeRoot,
  debian,
  isolated,
  localShell,
  pending,
  title,
  vm,
} from '../../provision/testing.ts';
import { registry } from './index.ts';
import { authority, certificate, FOLDER, keysOf, passwords, showKeys } from './keys.ts';

const skip = becomeRoot();

const password = secret('the-password');
const summaries = async (...given: Parameters<typeof applyOnce>) =>
  (await applyOnce(...given)).map(({ summary }) => summary);

t.test('keys: created once, for one name and one password', { skip }, async (t) => {
  const root = t.testdir({ etc: { 'theapp-registry': {} } });
  await execa('cp', ['-a', '/etc/.', `${root}/etc`]);
  const shell = localShell(isolated({ '/etc': `${root}/etc` }));
  t.teardown(() => shell.close());
  const name = certificate('registry.internal', 365);
  const account = passwords('theapp', password);
  t.strictSame(await summaries(authority as Resource, shell), ['create, valid for ten years']);
  t.strictSame(await summaries(name as Resource, shell), ['create, valid for 365 days']);
  t.strictSame(await summaries(account as Resource, shell), ['set']);
  for (const one of [authority, name, account])
    t.strictSame(await pending(one as Resource, shell), [], 'again');

  const other = certificate('other.internal', 365);
  t.match(await pending(other, shell), [
    { summary: 'replace: the name or authority has changed, valid for 365 days' },
  ]);
  t.match(
    await pending(certificate('registry.internal', 824), shell),
    [],
    'more than a third of its time is left',
  );
  t.match(await pending(passwords('theapp', secret('another')), shell), [{ summary: 'set' }]);

  const { probes } = await shell.exchange({ steps: [], probes: [showKeys] });
  const keys = keysOf(probes[0]?.stdout ?? '');
  t.match(keys.ca, /^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\n$/);
  t.match(reveal(keys.key), 'PRIVATE KEY');
  t.match(reveal(keys.passwords), /^theapp:\$2b\$10\$[\w./]{53}\n$/);
  const { stdout } = await execa('find', [`${root}${FOLDER}`, '-type', 'f', '-perm', '/077']);
  t.equal(stdout, '', 'only root can read them');
});

t.test('input', async (t) => {
  t.doesNotThrow(() => registry({ password }).resolve([]));
  t.throws(() => registry({ password, host: 'a b' }).resolve([]), /registry\.host/);
  t.throws(() => registry({ password, image: 'theapp' }).resolve([]), /with its tag/);
  t.throws(() => registry({ password, certificate_days: 1000 }).resolve([]), /certificate_days/);
});

t.test('containerd trusts the registry, and only its authority', async (t) => {
  const given = { part: 'containerd' as const, address: '10.0.0.1', ca: 'CA\n', password };
  const all = registry(given).resolve([]).resources(debian, vm);
  const folder = '/etc/containerd/certs.d/registry.internal:5000';
  t.strictSame(all.map(title), [
    'line /etc/hosts: 10.0.0.1 registry.internal',
    'directory /etc/containerd/certs.d',
    `directory ${folder}`,
    `file ${folder}/ca.crt`,
    `file ${folder}/hosts.toml`,
  ]);
});
