import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { render, skipFile } from '../../provision/testing.ts';
import { kubernetesPrograms, needsKubernetes, startKubernetes } from '../../testing/servers/kubernetes.ts';

skipFile(await needsKubernetes());
const HELM = (await kubernetesPrograms()).helm;
const CHARTS = ['chart', 'data'] as const;
const ENVIRONMENTS = ['default', 'staging', 'production'] as const;
type Chart = (typeof CHARTS)[number];
type Environment = (typeof ENVIRONMENTS)[number];

t.setTimeout(240_000);

/** The parts of Kubernetes' objects that the tests read. */
interface Labelled {
  readonly metadata: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
}
interface Template extends Labelled {
  readonly spec: PodSpec;
}
interface Manifest extends Labelled {
  readonly kind: string;
  readonly data?: Record<string, string>;
  readonly spec: PodSpec & {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
    readonly [more: string]: unknown;
  };
}
interface PodSpec {
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: Record<string, unknown>;
  readonly containers: readonly Container[];
  readonly volumes?: readonly Record<string, unknown>[];
}
interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext?: Record<string, unknown>;
  readonly resources?: {
    readonly requests?: Record<string, string>;
    readonly limits?: Record<string, string>;
  };
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
}

const folderOf = (chart: Chart) => join(import.meta.dirname, chart);
const read = (chart: Chart, file: string) => readFileSync(join(folderOf(chart), file), 'utf8');
const valuesOf = (chart: Chart, environment: Environment) =>
  environment === 'default' ? [] : ['--values', join(folderOf(chart), `values-${environment}.yaml`)];

const helm = (args: string[], input = '') => execa(HELM, args, { input, reject: false, all: true });

/** The objects of a chart, including hooks. `values` are added to those of the environment. */
async function objects(chart: Chart, environment: Environment = 'default', values = {}): Promise<Manifest[]> {
  const args = ['template', 'theapp', folderOf(chart), '--namespace', environment];
  const more = [...valuesOf(chart, environment), '--values', '-'];
  const { stdout, stderr, failed } = await helm([...args, ...more], stringify(values));
  if (failed) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

/** The pods that an object creates. */
function podsOf(object: Manifest): Template[] {
  if (object.kind === 'Pod') return [object];
  const template = object.spec?.template ?? object.spec?.jobTemplate?.spec.template;
  return template?.spec?.containers ? [template] : [];
}

const named = (all: readonly Manifest[], kind: string, name: string) => {
  const found = all.find((object) => object.kind === kind && object.metadata.name === name);
  if (found) return found;
  throw new Error(`no ${kind} ${name}`);
};

const each = async (run: (chart: Chart, environment: Environment) => Promise<void>) => {
  for (const chart of CHARTS) for (const environment of ENVIRONMENTS) await run(chart, environment);
};

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

/** A JSON schema, as far as those of the charts use it. */
interface Schema {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: unknown;
  readonly $defs?: Record<string, Schema>;
}

t.test('values.yaml, and every level of the schema, have the same keys', async (t) => {
  for (const chart of CHARTS) {
    const root: Schema = JSON.parse(read(chart, 'values.schema.json'));
    const compare = (schema: Schema, values: unknown, path: string) => {
      const target = schema.$ref ? root.$defs?.[schema.$ref.replace('#/$defs/', '')] : schema;
      if (path !== '') t.ok(schema.description ?? target?.description, `${chart}: ${path} has a description`);
      if (!target?.properties || path.endsWith('resources') || path.startsWith('limitRange')) return;
      t.equal(target.additionalProperties, false, `${chart}: ${path || 'the root'} is strict`);
      const known = Object.keys(target.properties).sort();
      t.strictSame(Object.keys(values ?? {}).sort(), known, `${chart}: the keys of ${path || 'the root'}`);
      for (const [key, inner] of Object.entries(target.properties))
        compare(inner, (values as Record<string, unknown>)[key], path ? `${path}.${key}` : key);
    };
    compare(root, parse(read(chart, 'values.yaml')), '');
  }
});

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

/** What the Pod Security profile "restricted" forbids, and what this project adds to it. */
function problems({ metadata, spec }: Template): string[] {
  const pod = spec.securityContext ?? {};
  const wanted = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const volumes = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];
  const inContainer = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  };
  const check = (name: string, found: unknown, expected: unknown) =>
    JSON.stringify(found) === JSON.stringify(expected) ? [] : [`${name}: ${JSON.stringify(found)}`];
  return [
    ...Object.entries(wanted).flatMap(([name, value]) => check(name, pod[name], value)),
    ...(Number(pod.runAsUser) > 0 ? [] : ['it runs as root']),
    ...check('automountServiceAccountToken', spec.automountServiceAccountToken, false),
    ...(spec.volumes ?? []).flatMap((volume) =>
      Object.keys(volume).some((kind) => volumes.includes(kind)) ? [] : [`volume ${JSON.stringify(volume)}`],
    ),
    ...spec.containers.flatMap(({ name, securityContext = {}, resources }) => [
      ...Object.entries(inContainer).flatMap(([key, value]) =>
        check(`${name}: ${key}`, securityContext[key], value),
      ),
      ...(Object.keys(securityContext).length === 3 ? [] : [`${name}: other keys in its securityContext`]),
      ...(resources?.requests?.cpu && resources.requests.memory ? [] : [`${name}: no requests`]),
      ...(resources?.limits?.memory ? [] : [`${name}: no memory limit`]),
    ]),
    ...(metadata.labels['app.kubernetes.io/component'] ? [] : ['no component']),
  ];
}

t.test('every container is restricted, and has limits', (t) =>
  each(async (chart, environment) => {
    for (const object of await objects(chart, environment))
      for (const pod of podsOf(object))
        t.strictSame(problems(pod), [], `${environment}: ${object.kind} ${object.metadata.name}`);
  }),
);

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

/** A request that NetworkPolicies allow: `to` accepts it, or `from` may send it. */
const arrow = (from: string, to: string, port: number) => `${from} → ${to}:${port}`;

interface Policy {
  readonly podSelector: Selector;
  readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports: readonly Port[] }[];
  readonly egress?: readonly { readonly to: readonly Peer[]; readonly ports: readonly Port[] }[];
}
interface Selector {
  readonly matchExpressions?: readonly { readonly values: readonly string[] }[];
}
type Peer = { readonly podSelector: Selector; readonly namespaceSelector?: object };
type Port = { readonly port: number };

t.test('who may reach whom', async (t) => {
  const all = [...(await objects('chart')), ...(await objects('data'))];
  const policies = all
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ spec }) => spec as Partial<Policy>);
  const components = ({ matchExpressions = [] }: Selector) =>
    matchExpressions.flatMap(({ values }) => values);
  const pairs = (rule: { ports: readonly Port[] }, peers: readonly Peer[], own: string[], out: boolean) =>
    rule.ports.flatMap(({ port }) =>
      peers.flatMap(({ podSelector }) =>
        components(podSelector).flatMap((peer) =>
          own.map((self) => (out ? arrow(self, peer, port) : arrow(peer, self, port))),
        ),
      ),
    );
  const accepted = policies.flatMap(({ podSelector = {}, ingress = [] }) =>
    ingress.flatMap((rule) => pairs(rule, rule.from ?? [], components(podSelector), false)),
  );
  const sent = policies.flatMap(({ podSelector = {}, egress = [] }) =>
    egress.flatMap((rule) => pairs(rule, rule.to, components(podSelector), true)),
  );
  const known = new Set(
    all.flatMap(podsOf).map(({ metadata }) => metadata.labels['app.kubernetes.io/component']),
  );
  const fromTest = arrow('test', 'edge', 8080);
  t.strictSame(
    sent.filter((one) => one !== fromTest).sort(),
    accepted.sort(),
    'what one may send, the other accepts',
  );
  for (const one of [...sent, ...accepted])
    t.ok(
      one.split(' → ').every((end) => known.has(end.replace(/:.*/, ''))),
      `${one}: both exist`,
    );
  for (const [from, to, port] of [
    ['edge', 'mysql', 3306],
    ['edge', 'redis', 6379],
    ['memcached', 'app', 3000],
    ['redis', 'mysql', 3306],
  ] as const)
    t.notOk(sent.includes(arrow(from, to, port)), `not ${arrow(from, to, port)}`);
});

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
