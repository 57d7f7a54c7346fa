import t from 'tap';
import { skipFile } from '../../provision/testing.ts';
import { ENVIRONMENTS, each, type Labelled, type Manifest, objects, podsOf } from '../../testing/charts.ts';
import { needsKubernetes, startKubernetes } from '../../testing/servers/kubernetes.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

/**
 * In place of kubeconform, whose schemas are derived from the same OpenAPI documents that the API server checks with: the
 * server also applies defaults, admission, and the rules that no schema contains.
 */
t.test('a real API server accepts everything', async (t) => {
  const api = await startKubernetes();
  t.teardown(api.stop);
  const dryRun = ['--dry-run=server', '--output=name'];
  for (const environment of ENVIRONMENTS) {
    const labels = {
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn': 'restricted',
    };
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: `the-${environment}`, labels },
    };
    api.send(JSON.stringify(namespace), 'create', '--filename=-');
  }
  await t.test('its admission refuses a pod that is not restricted', async (t) => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'root', image: 'nginx' }] },
    };
    const words = ['create', '--namespace=the-default', '--filename=-', ...dryRun];
    t.throws(() => api.send(JSON.stringify(pod), ...words), { message: /violates PodSecurity "restricted/ });
  });
  await t.test('it refuses a field that does not exist', async (t) => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, datta: {} };
    const words = ['apply', '--server-side', '--namespace=the-default', '--filename=-', ...dryRun];
    t.throws(() => api.send(JSON.stringify(map), ...words), {
      message: /\.datta: field not declared in schema/,
    });
  });
  await each(async (chart, environment) => {
    const all = await objects(chart, environment);
    const pods = all.flatMap((object) =>
      podsOf(object).map(({ metadata, spec }, index) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name: `${object.kind.toLowerCase()}-${object.metadata.name}-${index}` },
        spec: { restartPolicy: 'Always', ...spec, volumes: [...(spec.volumes ?? []), ...claims(object)] },
      })),
    );
    const list = (items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const to = [`--namespace=the-${environment}`, '--filename=-', ...dryRun];
    const made = api.send(list(all), 'apply', '--server-side', '--warnings-as-errors', ...to);
    t.equal(made.split('\n').length, all.length, `${chart}, ${environment}: ${all.length} objects`);
    const created = api.send(list(pods), 'create', ...to);
    t.equal(created.split('\n').length, pods.length, `${chart}, ${environment}: ${pods.length} pods`);
  });
});

/** The volumes that a StatefulSet adds to its pods. */
function claims({ spec }: Manifest): object[] {
  const templates = (spec.volumeClaimTemplates ?? []) as Labelled[];
  return templates.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: name } }));
}
