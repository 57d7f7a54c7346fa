import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import { render, skipFile } from '../../provision/testing.ts';
import {
  CHARTS,
  type Container,
  ENVIRONMENTS,
  each,
  type Manifest,
  objects,
  podsOf,
  type Template,
} from '../../testing/charts.ts';
import { needsKubernetes } from '../../testing/servers/kubernetes.ts';

skipFile(await needsKubernetes());
t.setTimeout(240_000);

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

/** The manifests that the roles apply, each with the values that its template needs. */
const manifests: Readonly<Record<string, object>> = {
  'roles/kubernetes/templates/kube-router.yaml.hbs': {
    kube_router_image: 'a',
    service_subnet: '10.96.0.0/16',
  },
  'roles/kubernetes/templates/metrics-server.yaml.hbs': { metrics_server_image: 'a' },
  'roles/kubernetes/templates/storage.yaml.hbs': { local: [], volume_size: '1Gi' },
  'approaches/approach_4/infra/registry.yaml.hbs': {
    ...{ registry_image: 'a', registry_port: 5000, certificate_hash: 'a', node: 'a', path: '/a', user: 1000 },
  },
  'approaches/approach_4/infra/visualiser.yaml.hbs': {
    ...{ visualiser_image: 'a', visualiser_port: 30090, program: '""', program_hash: 'a', api_servers: [] },
  },
};

/** The containers that run as root, and those of them that are privileged. Their manifests say why. */
const roots = { 'kube-router: install-cni': 'privileged', 'kube-router: kube-router': 'privileged' };

/** How a container differs from an ordinary user without privileges. */
function rights({ spec }: Template, { securityContext = {} }: Container): 'none' | 'root' | 'privileged' {
  const { runAsUser, runAsNonRoot, privileged, allowPrivilegeEscalation, capabilities } = {
    ...spec.securityContext,
    ...securityContext,
  } as Record<string, unknown>;
  if (privileged === true) return 'privileged';
  const dropped = JSON.stringify(capabilities) === '{"drop":["ALL"]}' && allowPrivilegeEscalation === false;
  if (!dropped) return 'privileged';
  return runAsNonRoot === true && Number(runAsUser) > 0 ? 'none' : 'root';
}

const rightsOf = (all: readonly Manifest[]) =>
  all.flatMap((object) =>
    podsOf(object).flatMap((pod) =>
      [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(
        (container) => [`${object.metadata.name}: ${container.name}`, rights(pod, container)] as const,
      ),
    ),
  );

t.test('no container runs as root, except where a comment says why', async (t) => {
  const root = join(import.meta.dirname, '../..');
  const found: (readonly [string, string])[] = [];
  for (const chart of CHARTS)
    for (const environment of ENVIRONMENTS) found.push(...rightsOf(await objects(chart, environment)));
  for (const [file, values] of Object.entries(manifests)) {
    const { text } = render(join(root, file), { ...values });
    const of = rightsOf(parseAllDocuments(text).map((document) => document.toJS()));
    const reasons =
      readFileSync(join(root, file), 'utf8').match(/# as root, because .*\n +securityContext:/g) ?? [];
    t.equal(reasons.length, of.filter(([, one]) => one !== 'none').length, `${file} has a reason for each`);
    found.push(...of);
  }
  t.ok(found.length > 30, `${found.length} containers`);
  t.strictSame(Object.fromEntries(found.filter(([, one]) => one !== 'none')), roots);
});

t.test('all manifests of the roles are in this test', async (t) => {
  const root = join(import.meta.dirname, '../..');
  const all = globSync(['roles/**/*.yaml.hbs', 'approaches/approach_4/**/*.yaml.hbs'], { cwd: root });
  const pods = all.filter((file) => / containers:$/m.test(readFileSync(join(root, file), 'utf8')));
  t.ok(pods.length > 2);
  for (const file of pods) t.ok(file in manifests, file);
});
