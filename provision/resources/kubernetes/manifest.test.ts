import t from 'tap';
import { secret } from '../../shell/secret.ts';
import { parseDiff } from './diff.ts';
import { manifest } from './manifest.ts';

/** Printed by `kubectl diff --server-side` 1.36.3: an image and a flag edited by hand, and a deleted binding. */
const recorded = `diff -u -N /tmp/LIVE-1538/apps.v1.Deployment.kube-system.metrics-server /tmp/MERGED-2811/apps.v1.Deployment.kube-system.metrics-server
--- /tmp/LIVE-1538/apps.v1.Deployment.kube-system.metrics-server	2026-11-30 14:44:57.000000000 +0000
+++ /tmp/MERGED-2811/apps.v1.Deployment.kube-system.metrics-server	2026-11-30 14:44:57.000000000 +0000
@@ -4,7 +4,7 @@
   annotations:
     deployment.kubernetes.io/revision: "2"
   creationTimestamp: "2026-11-30T14:38:38Z"
-  generation: 2
+  generation: 3
   labels:
     k8s-app: metrics-server
   name: metrics-server
@@ -37,7 +37,7 @@
         - --metric-resolution=15s
         - --secure-port=10250
-        image: registry.k8s.io/metrics-server/metrics-server:v0.8.0
+        image: registry.k8s.io/metrics-server/metrics-server:v0.9.0
         imagePullPolicy: IfNotPresent
diff -u -N /tmp/LIVE-1538/rbac.authorization.k8s.io.v1.ClusterRoleBinding..system:metrics-server /tmp/MERGED-2811/rbac.authorization.k8s.io.v1.ClusterRoleBinding..system:metrics-server
--- /tmp/LIVE-1538/rbac.authorization.k8s.io.v1.ClusterRoleBinding..system:metrics-server	2026-11-30 14:44:57.000000000 +0000
+++ /tmp/MERGED-2811/rbac.authorization.k8s.io.v1.ClusterRoleBinding..system:metrics-server	2026-11-30 14:44:57.000000000 +0000
@@ -0,0 +1,8 @@
+apiVersion: rbac.authorization.k8s.io/v1
+kind: ClusterRoleBinding
+metadata:
+  creationTimestamp: "2026-11-30T14:44:57Z"
+  name: system:metrics-server
+  uid: e77ad4c1-cb02-4755-9f11-0f15398956e0
+roleRef:
+  name: system:metrics-server
`;

const content = 'apiVersion: v1\nkind: Service\n---\n# a comment\n---\nkind: Deployment\n';
const one = manifest('metrics', { content });
const seen = (code: number, stdout = '', stderr = '') =>
  'script' in one.probe ? one.probe.read({ code, stdout, stderr }) : undefined;
type State = Parameters<typeof one.plan>[0];
const planned = (code: number, stdout = '', stderr = '') => one.plan(seen(code, stdout, stderr) as State);
const summaries = (...given: Parameters<typeof planned>) => planned(...given).map(({ summary }) => summary);

t.test('the differences that the API server reports', async (t) => {
  const [deployment, binding] = parseDiff(recorded);
  t.match(deployment, { object: 'Deployment kube-system/metrics-server', created: false });
  t.match(deployment?.before, 'metrics-server:v0.8.0\n');
  t.match(deployment?.after, 'metrics-server:v0.9.0\n');
  t.notMatch(deployment?.after, 'generation', 'what the API server counts by itself is left out');
  t.match(binding, { object: 'ClusterRoleBinding system:metrics-server', created: true, before: '' });
  t.notMatch(binding?.after, /uid|creationTimestamp/);
  t.strictSame(parseDiff(''), []);
});

t.test('plan', async (t) => {
  const gone = 'Error from server (NotFound): namespaces "staging" not found\n';
  const table: [string, Parameters<typeof planned>, string[]][] = [
    ['nothing differs', [0], []],
    ['no cluster yet', [64], ['create 2 objects']],
    [
      'two objects differ',
      [1, recorded],
      ['change Deployment kube-system/metrics-server', 'create ClusterRoleBinding system:metrics-server'],
    ],
    ['the namespace is created by the same manifest', [2, '', gone], ['create 2 objects']],
  ];
  for (const [what, given, wanted] of table) t.strictSame(summaries(...given), wanted, what);
  t.throws(
    () => planned(2, '', 'The connection to the server 10.77.4.11:6443 was refused\n'),
    /does not accept a dry run/,
  );
});

t.test('one change applies all of it', async (t) => {
  const scripts = planned(1, recorded).map(({ script }) => script.text);
  t.match(scripts[0], /kubectl [\s\S]*apply --server-side --force-conflicts '--field-manager=provisioner'/);
  t.equal(scripts[1], ':');
});

t.test('many new objects of a kind are one line', async (t) => {
  const objects = Array.from({ length: 12 }, (_, i) =>
    recorded.slice(recorded.lastIndexOf('diff -u')).replaceAll('..system:metrics-server', `..local-${i}`),
  );
  t.strictSame(summaries(1, objects.join('')), ['create 12 × ClusterRoleBinding']);
});

t.test('secrets are in no diff', async (t) => {
  const hidden = manifest('secret', { content: secret('kind: Secret\npassword: hunter22\n') });
  const [change] = hidden.plan(seen(1, recorded) as State);
  t.equal(change?.diff, undefined);
  t.ok(change?.script.secrets.some((value) => value.includes('hunter22')));
});
