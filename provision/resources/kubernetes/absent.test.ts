import t from 'tap';
import { objectsAbsent } from './absent.ts';

const one = objectsAbsent('namespace/page', 'clusterrole/page');

t.test('plan', async (t) => {
  const seen = (code: number, stdout = '', stderr = '') =>
    one.plan(
      'script' in one.probe ? one.probe.read({ code, stdout, stderr }) : { found: [], error: 'no script' },
    );
  t.strictSame(seen(0), [], 'no cluster yet, or none of them');
  const [change, ...more] = seen(0, 'namespace/page\nclusterrole.rbac.authorization.k8s.io/page\n');
  t.strictSame([change?.summary, more], ['delete namespace/page, clusterrole/page', []]);
  t.match(change?.script.text, /delete namespace\/page clusterrole\/page --ignore-not-found/);
  t.throws(() => seen(1, '', 'connection refused'), {
    message: 'the Kubernetes API does not answer',
    parts: { said: 'connection refused' },
  });
});

t.test('names', async (t) => {
  t.throws(() => objectsAbsent(), /the list is empty/);
  t.throws(() => objectsAbsent('page'), /invalid value "page"/);
  t.throws(() => objectsAbsent('namespace/a b'), /invalid value/);
});
