import { join } from 'node:path';
import type { Test } from 'tap';
import { helm } from '../provision/index.ts';
import type { ReleaseOptions } from '../provision/resources/helm/release.ts';
import { applyOnce, isolated, localShell, pending } from '../provision/testing.ts';
import type { Kubernetes } from './servers/kubernetes.ts';

/** The Chart.yaml of a small chart. */
export const CHART = 'apiVersion: v2\nname: shop\nversion: 0.1.0\n';

/** The templates of the chart, and more objects. */
export const objects = (more = '') => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: nginx
          image: {{ .Values.image }}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data:
  text: |
    = rendered
    @000
    |{{ .Values.image }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: deny }
spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: migrate
  annotations: { "helm.sh/hook": "pre-install,pre-upgrade" }
data: { image: {{ .Values.image | quote }} }
${more}`;

const VALUES = 'image: nginx:1\nreplicas: 2\n';
const SCHEMA = JSON.stringify({ properties: { image: { type: 'string' } } });

/** A namespace with nothing in it, a chart, and a shell with `helm` and `kubectl`. */
export function scene(t: Test, cluster: Kubernetes, namespace: string) {
  const chart = join(
    t.testdir({
      shop: {
        'Chart.yaml': CHART,
        'values.yaml': VALUES,
        'values.schema.json': SCHEMA,
        templates: { 'all.yaml': objects() },
      },
    }),
    'shop',
  );
  const shell = localShell(isolated({ '/usr/local/bin': cluster.programs }));
  t.teardown(() => shell.close());
  cluster.kubectl('create', 'namespace', namespace);
  const kubectl = (...words: string[]) => cluster.kubectl('--namespace', namespace, ...words);
  const options = { namespace, chart, wait: false, kubeconfig: cluster.kubeconfig };
  const of = (values: Record<string, unknown> = {}, more: Partial<ReleaseOptions> = {}) =>
    helm.release('shop', { ...options, values, ...more });
  const apply = async (...given: Parameters<typeof of>) =>
    (await applyOnce(of(...given), shell)).map(({ summary }) => summary);
  const check = async (...given: Parameters<typeof of>) =>
    (await pending(of(...given), shell)).map(({ summary }) => summary);
  return { chart, shell, kubectl, of, apply, check };
}
