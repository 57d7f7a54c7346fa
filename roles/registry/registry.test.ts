import { execa } from 'execa';
import t from 'tap';
import type { Resource } from '../../provision/authoring.ts';
import { reveal, secret } from '../../provision/index.ts';
import { applyOnce, becomeRoot, isolated, localShell, pending } from '../../provision/testing.ts';
import { registry } from './index.ts';
import { authority, certificate, FOLDER, keysOf, passwords, showKeys } from './keys.ts';
import { digestOf, pushed } from './pushed.ts';

const skip = becomeRoot();

const password = secret('the-password');
const summaries = async (...given: Parameters<typeof applyOnce>) =>
  (await applyOnce(...given)).map(({ summary }) => summary);

t.test('keys: made once, good for the name, and for who has the password', { skip }, async (t) => {
  const root = t.testdir({ etc: { 'theapp-registry': {} } });
  await execa('cp', ['-a', '/etc/.', `${root}/etc`]);
  const shell = localShell(isolated({ '/etc': `${root}/etc` }));
  t.teardown(() => shell.close());
  const name = certificate('registry.internal', 365);
  const account = passwords('theapp', password);
  t.strictSame(await summaries(authority as Resource, shell), ['create, for ten years']);
  t.strictSame(await summaries(name as Resource, shell), ['create: for 365 days']);
  t.strictSame(await summaries(account as Resource, shell), ['set']);
  for (const one of [authority, name, account])
    t.strictSame(await pending(one as Resource, shell), [], 'again');

  const other = certificate('other.internal', 365);
  t.match(await pending(other, shell), [{ summary: 'it is of another name or authority: for 365 days' }]);
  t.match(await pending(certificate('registry.internal', 824), shell), [], 'more than a third is left');
  t.match(await pending(passwords('theapp', secret('another')), shell), [{ summary: 'set' }]);

  const { probes } = await shell.exchange({ steps: [], probes: [showKeys] });
  const keys = keysOf(probes[0]?.stdout ?? '');
  t.match(keys.ca, /^-----BEGIN CERTIFICATE-----\n[\s\S]+-----END CERTIFICATE-----\n$/);
  t.match(reveal(keys.key), 'PRIVATE KEY');
  t.match(reveal(keys.passwords), /^theapp:\$2b\$10\$[\w./]{53}\n$/);
  const { stdout } = await execa('find', [`${root}${FOLDER}`, '-type', 'f', '-perm', '/077']);
  t.equal(stdout, '', 'nobody else reads any of it');
});

t.test('a push is of what the registry does not have', async (t) => {
  const at = { host: 'registry.internal', port: 5000, user: 'theapp', password };
  const push = pushed(at, 'theapp:1');
  const planned = (stdout: string) => {
    if (!('script' in push.probe)) throw new Error('it has a probe of its own');
    return push.plan(push.probe.read({ code: 0, stdout, stderr: '' })).map(({ summary }) => summary);
  };
  const here = 'registry.internal:5000/theapp@sha256:aaa';
  const table: [string, string[]][] = [
    [`${here}\n\nsha256:aaa\n`, []],
    [`${here}\n\nsha256:bbb\n`, ['push: the registry has another under this tag']],
    [`${here}\n\n`, ['push']],
    ['\n\nsha256:bbb\n', ['push: the registry has another under this tag']],
    ['\n', ['push']],
  ];
  for (const [stdout, wanted] of table) t.strictSame(planned(stdout), wanted, JSON.stringify(stdout));
  t.match(digestOf(at, 'theapp:1').text, '-F registry.internal:5000/theapp@');
  if ('script' in push.probe) {
    t.notMatch(push.probe.script.text, /curl.*the-password/, 'the password is no argument of curl');
    t.match(push.probe.script.text, '/v2/theapp/manifests/1');
  }
});

t.test('input', async (t) => {
  t.doesNotThrow(() => registry({ password }).resolve([]));
  t.throws(() => registry({ password, host: 'a b' }).resolve([]), /registry\.host/);
  t.throws(() => registry({ password, image: 'theapp' }).resolve([]), /with its tag/);
  t.throws(() => registry({ password, certificate_days: 1000 }).resolve([]), /certificate_days/);
});
