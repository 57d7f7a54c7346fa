import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { render, skipFile } from '../../provision/testing.ts';
import {
  CHARTS,
  type Chart,
  type Environment,
  each,
  folderOf,
  helm,
  named,
  objects,
  podsOf,
  valuesOf,
} from '../../testing/charts.ts';
import { needsKubernetes } from '../../testing/servers/kubernetes.ts';
import { workerMemory } from './needs.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

t.test('helm lint', (t) =>
  each(async (chart, environment) => {
    const { exitCode, all } = await helm([
      'lint',
      '--strict',
      folderOf(chart),
      ...valuesOf(chart, environment),
    ]);
    t.equal(exitCode, 0, `${chart}, ${environment}: ${exitCode === 0 ? 'passes' : all}`);
  }),
);

t.test('the schema names the place of a wrong value', async (t) => {
  const table: [Chart, object, RegExp][] = [
    ['chart', { replica: 3 }, /additional properties 'replica' not allowed/],
    ['chart', { edge: { servce: {} } }, /at '\/edge': additional properties 'servce' not allowed/],
    ['chart', { replicas: 'three' }, /at '\/replicas': got string, want integer/],
    ['chart', { image: { digest: 'abc' } }, /at '\/image\/digest': 'abc' does not match pattern/],
    ['chart', { edge: { service: { nodePort: 80_000 } } }, /at '\/edge\/service\/nodePort': maximum/],
    [
      'chart',
      { vhosts: { 'a.example.org': 'counter' } },
      /at '\/vhosts\/a.example.org': value must be one of/,
    ],
    ['chart', { resources: { limits: { memory: '1 GB' } } }, /at '\/resources\/limits\/memory'/],
    ['data', { mysql: { bufferPool: 1 } }, /at '\/mysql': additional properties 'bufferPool' not allowed/],
    ['data', { redis: { appendFsync: true } }, /at '\/redis\/appendFsync': .*(want string|one of)/],
    ['data', { secretsChecksum: { redis: 'a' } }, /at '\/secretsChecksum': additional properties 'redis'/],
    ['data', { quota: { memory: '1Gi' } }, /at '\/quota': additional properties 'memory' not allowed/],
  ];
  for (const [chart, values, message] of table)
    await t.rejects(objects(chart, 'default', values), { message }, JSON.stringify(values));
});

t.test('services that run all the time have probes', async (t) => {
  for (const chart of CHARTS)
    for (const object of await objects(chart))
      if (['Deployment', 'StatefulSet'].includes(object.kind))
        for (const { name, readinessProbe, livenessProbe } of podsOf(object)[0]?.spec.containers ?? [])
          t.ok(readinessProbe && livenessProbe, `${object.metadata.name}: ${name}`);
});

t.test('nginx’s configuration is the one that Handlebars renders', async (t) => {
  const file = join(import.meta.dirname, '..', '..', 'nginx', 'cluster.conf.hbs');
  for (const metricsFrom of [[], ['10.0.0.0/8', '::1']]) {
    const edge = { metricsFrom, maxBody: '2m', readSeconds: 7, resolver: '10.96.0.10' };
    const { data } = named(await objects('chart', 'staging', { edge }), 'ConfigMap', 'edge');
    const { text } = render(file, {
      resolver: '10.96.0.10',
      app: 'theapp.staging.svc.cluster.local:3000',
      max_body: '2m',
      read_seconds: 7,
      retry_seconds: 28,
      metrics_from: metricsFrom,
    });
    t.equal(data?.['nginx.conf']?.trimEnd(), text.trimEnd(), `metricsFrom: ${metricsFrom}`);
  }
});

t.test('a new password replaces only the pods that use it', async (t) => {
  const templates = async (values: object) => {
    const all = (await Promise.all(CHARTS.map((chart) => objects(chart, 'default', values)))).flat();
    return new Map(
      all
        .filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))
        .map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec.template)]),
    );
  };
  const before = await templates({});
  const table: [string, string[]][] = [
    ['mysql-password', ['theapp']],
    ['redis-password', ['redis', 'sentinel', 'theapp']],
    ['mysql-root-password', []],
  ];
  for (const [key, expected] of table) {
    const after = await templates({ secretsChecksum: { [key]: 'another' } });
    const changed = [...after].filter(([name, template]) => before.get(name) !== template);
    t.strictSame(changed.map(([name]) => name).sort(), expected, key);
  }
});

t.test('images', async (t) => {
  const image = { registry: 'registry.internal:5000', repository: 'theapp', tag: '1.2.3' };
  const digest = `sha256:${'a'.repeat(64)}`;
  const table: [object, string][] = [
    [{}, 'theapp:0.1.0'],
    [image, 'registry.internal:5000/theapp:1.2.3'],
    [{ ...image, digest }, `registry.internal:5000/theapp@${digest}`],
  ];
  for (const [given, expected] of table) {
    const all = await objects('chart', 'default', { image: given });
    const used = ['theapp', 'migrate'].map((name) =>
      all
        .flatMap(podsOf)
        .flatMap(({ spec }) => spec.containers)
        .find((container) => container.name === name),
    );
    t.strictSame(
      used.map((container) => container?.image),
      [expected, expected],
    );
  }
});

/** The images in the values of a chart: the path of each, and its repository. */
function imagesIn(
  values: object,
  path: readonly string[] = [],
): [path: readonly string[], repository: string][] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (typeof value !== 'object' || value === null) return [];
    if ('repository' in value) return [[[...path, key], value.repository]];
    return imagesIn(value, [...path, key]);
  });
}

t.test('every image can have a digest, which replaces its tag', async (t) => {
  for (const chart of CHARTS) {
    const images = imagesIn(parse(readFileSync(join(folderOf(chart), 'values.yaml'), 'utf8')));
    t.ok(images.length > 2, `${chart}: ${images.map(([path]) => path.join('.')).join(', ')}`);
    for (const [path, repository] of images) {
      const digest = `sha256:${'b'.repeat(64)}`;
      const given = path.reduceRight<object>((inner, key) => ({ [key]: inner }), { digest });
      const all = (await objects(chart, 'default', given)).flatMap(podsOf);
      const used = all.flatMap(({ spec }) => spec.containers.map(({ image }) => image));
      t.ok(
        used.some((image) => image.endsWith(`${repository}@${digest}`)),
        `${chart}: ${path.join('.')}`,
      );
    }
  }
});

t.test('scaling by load leaves the number of replicas to the autoscaler', async (t) => {
  const production = await objects('chart', 'production');
  t.notOk(named(production, 'Deployment', 'theapp').spec.replicas);
  t.match(named(production, 'HorizontalPodAutoscaler', 'theapp').spec, { minReplicas: 2 });
  const staging = await objects('chart', 'staging');
  t.equal(named(staging, 'Deployment', 'theapp').spec.replicas, 1);
  t.notOk(staging.some(({ kind }) => kind === 'HorizontalPodAutoscaler'));
  const [metric] = named(
    await objects('chart', 'production', { autoscaling: { cpuPercent: null, requestsPerSecond: 50 } }),
    'HorizontalPodAutoscaler',
    'theapp',
  ).spec.metrics as object[];
  t.match(metric, { pods: { metric: { name: 'http_requests_per_second' }, target: { averageValue: '50' } } });
});

/** MiB that an environment's permanent pods request, without those that run on a control plane or on every node. */
async function memoryIn(environment: Environment): Promise<number> {
  const all = (await Promise.all(CHARTS.map((chart) => objects(chart, environment)))).flat();
  const scaler = named(all, 'Deployment', 'theapp').spec.replicas ? undefined : 2;
  return all
    .filter(({ kind }) => ['Deployment', 'StatefulSet'].includes(kind))
    .flatMap((object) =>
      podsOf(object).map(({ spec }) => ({ spec, replicas: object.spec.replicas ?? scaler })),
    )
    .filter(
      ({ spec }) => !spec.tolerations?.some(({ key }) => key === 'node-role.kubernetes.io/control-plane'),
    )
    .flatMap(({ spec, replicas }) =>
      spec.containers.map(
        ({ resources }) => Number(replicas) * Number(resources?.requests?.memory?.replace('Mi', '')),
      ),
    )
    .reduce((sum, memory) => sum + memory, 0);
}

t.test('the memory that the preflight requires of all workers', async (t) => {
  const file = join(import.meta.dirname, '../../roles/kubernetes/templates/metrics-server.yaml.hbs');
  const metrics = Number(/memory: (\d+)Mi/.exec(readFileSync(file, 'utf8'))?.[1]);
  const [staging, production] = [await memoryIn('staging'), await memoryIn('production')];
  t.equal(workerMemory(['staging', 'production']), staging + production + metrics);
  t.equal(workerMemory(['staging']), staging + metrics);
});

t.test('optional objects', async (t) => {
  const values = {
    ingress: { enabled: true, className: 'nginx', hosts: ['theapp.example.org'] },
    httpRoute: { enabled: true, parentRefs: [{ name: 'gateway' }], hostnames: ['theapp.example.org'] },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    prometheusRule: { enabled: true },
  };
  const all = await objects('chart', 'default', values);
  t.match(named(all, 'Ingress', 'theapp').spec, {
    ingressClassName: 'nginx',
    rules: [{ host: 'theapp.example.org' }],
  });
  t.match(named(all, 'HTTPRoute', 'theapp').spec, { rules: [{ backendRefs: [{ name: 'edge' }] }] });
  t.match(named(all, 'ServiceMonitor', 'theapp').metadata.labels, { release: 'prometheus' });
  t.match(JSON.stringify(named(all, 'PrometheusRule', 'theapp').spec), /absent\(up\{namespace=/);
  const kinds = new Set((await objects('chart')).map(({ kind }) => kind));
  for (const kind of ['Ingress', 'HTTPRoute', 'ServiceMonitor', 'PrometheusRule'])
    t.notOk(kinds.has(kind), `${kind}: off by default`);
});
