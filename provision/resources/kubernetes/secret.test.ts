import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { needsCluster, startCluster } from '../../../testing/servers/cluster.ts';
import { localShell } from '../../shell/local.ts';
import { redact, secret } from '../../shell/secret.ts';
import { applyOnce, isolated, pending, stateOf } from '../../testing/resources.ts';
import { becomeRoot } from '../../testing/root.ts';
import { kubernetes } from '../kubernetes.ts';
import type { SecretOptions } from './secret.ts';

t.setTimeout(120_000);
const skip = becomeRoot() || needsCluster();

const values = {
  password: 'the-password',
  tricky: `a'b"c$d\\e`,
  long: 'x'.repeat(200_000),
  lines: 'one\ntwo\n',
};
const data = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, secret(value)]));

t.test('a Secret of a real API server', { skip }, async (t) => {
  const cluster = await startCluster();
  t.teardown(() => cluster.stop());
  const shell = localShell(isolated({ '/usr/local/bin': cluster.programs }));
  t.teardown(() => shell.close());
  const { kubeconfig } = cluster;
  const of = (more: Partial<SecretOptions> = {}) =>
    kubernetes.secret('keys', { namespace: 'default', data, kubeconfig, ...more });
  const apply = async (more: Partial<SecretOptions> = {}) =>
    (await applyOnce(of(more), shell)).map(({ summary }) => summary);

  t.strictSame(await apply(), ['create with password, tricky, long, lines']);
  t.strictSame(await apply(), [], 'again');
  for (const [key, value] of Object.entries(values)) {
    const found = cluster.kubectl('get', 'secret', 'keys', '-o', `jsonpath={.data.${key}}`);
    t.equal(Buffer.from(found, 'base64').toString() === value, true, key);
  }
  t.notMatch(cluster.kubectl('get', 'secret', 'keys', '-o', 'yaml'), 'last-applied');

  cluster.kubectl('patch', 'secret', 'keys', '-p', '{"stringData":{"password":"by-hand","more":"x"}}');
  t.strictSame(await apply(), ['change password; remove more']);
  const { long: _, ...fewer } = data;
  t.strictSame(await apply({ data: { ...fewer, other: secret('y') } }), ['add other; remove long']);
  t.strictSame(await apply({ type: 'example.com/x' }), ['create again: its type is Opaque']);

  const state = JSON.stringify([...(await stateOf(of(), shell)).hashes]);
  for (const value of Object.values(values)) {
    t.notMatch(state, value.slice(0, 12));
    t.notMatch(state, Buffer.from(value).toString('base64').slice(0, 12));
  }
  t.not(state, JSON.stringify([...(await stateOf(of(), shell)).hashes]), 'each run has its own salt');

  const where = { namespace: 'default', kubeconfig };
  t.match(await applyOnce(kubernetes.secret.absent('keys', where), shell), [{ summary: 'delete' }]);
  t.strictSame(await applyOnce(kubernetes.secret.absent('keys', where), shell), []);

  t.test('no namespace, no cluster, no answer', async (t) => {
    await t.rejects(apply({ namespace: 'nowhere' }), /namespaces "nowhere" not found/);
    t.match(await pending(of({ kubeconfig: '/nowhere' }), shell), [{ summary: /^create with/ }]);
    const silent = join(t.testdir(), 'admin.conf');
    writeFileSync(silent, readFileSync(kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'));
    await t.rejects(pending(of({ kubeconfig: silent }), shell), {
      message: 'the Kubernetes API does not answer',
      parts: { said: /connection.*refused/ },
    });
  });
});

t.test('the values are known to redaction, and input is checked', async (t) => {
  const of = (more: Partial<SecretOptions> = {}) =>
    kubernetes.secret('keys', { namespace: 'a', data, ...more });
  const none = { cluster: 'answers', error: '', type: '', hashes: new Map() } as const;
  const [change] = of().plan(none);
  const shown = redact(change?.script.text ?? '', change?.script.secrets ?? []);
  for (const value of Object.values(values)) t.notMatch(shown, value.slice(0, 12));
  t.throws(() => of({ data: {} }), /at least one key/);
  t.throws(() => of({ data: { 'a/b': secret('x') } }), /invalid value "a\/b"/);
  t.throws(() => of({ namespace: 'A' }), /the name of a namespace/);
  t.throws(() => kubernetes.secret('A', { namespace: 'a', data }), /kubernetes\.secret A/);
});
