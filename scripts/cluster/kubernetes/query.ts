import type {
  Autoscaler,
  CronJob,
  Node,
  Objects,
  Pod,
  Release,
  Resources,
  Usage,
  Workload,
} from '../../../approaches/approach_4/cluster/objects.ts';
import { KUBECONFIG, kubectl } from '../../../provision/authoring.ts';
import { type Script, sh } from '../../../provision/index.ts';

/** Where a value goes, where it comes from (JSONPath), and how it is read. Everything else stays on the host. */
type Field = readonly [to: string, from: string, read: (text: string) => unknown];

const text = (value: string) => value;
const json = (value: string): unknown => JSON.parse(value);
const same = (path: string, read: Field[2]): Field => [path, `.${path}`, read];

const metadata: readonly Field[] = [
  ...['namespace', 'name', 'uid', 'creationTimestamp', 'deletionTimestamp'].map((name) =>
    same(`metadata.${name}`, text),
  ),
  ...['generation', 'labels', 'ownerReferences'].map((name) => same(`metadata.${name}`, json)),
];
const workload: readonly Field[] = [
  ...metadata,
  same('spec.replicas', json),
  ['spec.images', '.spec.template.spec.containers[*].image', (names) => names.split(' ')],
  ['spec.claims', '.spec.volumeClaimTemplates[*].metadata.name', (names) => names !== ''],
  same('status', json),
];
const kinds: Readonly<Record<string, readonly Field[]>> = {
  Node: [
    ...metadata,
    same('spec.unschedulable', json),
    ...['conditions', 'addresses', 'capacity', 'nodeInfo'].map((name) => same(`status.${name}`, json)),
  ],
  Pod: [...metadata, same('spec.nodeName', text), same('status', json)],
  Deployment: workload,
  StatefulSet: workload,
  DaemonSet: workload,
  HorizontalPodAutoscaler: [...metadata, same('spec', json), same('status', json)],
  CronJob: [...metadata, same('spec.suspend', json), same('status', json)],
};

const TYPES = 'nodes,pods,deployments,statefulsets,daemonsets,horizontalpodautoscalers,cronjobs';

/** A line for each object: its kind and its fields, separated by tabs. In JSON, a tab or line break is escaped. */
const TEMPLATE = Object.entries(kinds)
  .map(
    ([kind, fields]) =>
      `{range .items[?(@.kind=="${kind}")]}${kind}${fields.map(([, from]) => `{"\\t"}{${from}}`).join('')}{"\\n"}{end}`,
  )
  .join('');

/**
 * Prints the objects of the cluster on a control plane, and nothing on other hosts. Of Secrets, only the labels with
 * which Helm marks its releases leave the API server.
 */
export const clusterProbe: Script = sh`if [ -e ${KUBECONFIG} ]; then
get() { ${kubectl} --request-timeout=20s get "$@" 2>&1; }
echo '== objects'
get ${TYPES} --all-namespaces --output=${`jsonpath=${TEMPLATE}`} || { echo '== failed'; exit 0; }
echo '== releases'
get secrets --all-namespaces --selector=owner=helm --no-headers --label-columns=name,version,status || :
echo '== usage nodes'
get --raw=/apis/metrics.k8s.io/v1beta1/nodes || :
fi`;

/** What a control plane printed: the state of the cluster, or why its API server does not answer. */
export type Printed = { readonly error: string } | Found;

export interface Found {
  readonly error?: undefined;
  readonly objects: Objects;
  readonly releases: readonly Release[];
}

/** Reads the output of `clusterProbe`; undefined if the host is not a control plane. */
export function readCluster(printed: string): Printed | undefined {
  if (printed.trim() === '') return undefined;
  const sections = new Map(
    printed.split(/^== /m).map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
  const part = (name: string) => sections.get(name) ?? '';
  if (sections.has('failed')) return { error: part('objects').trim().split('\n').at(-1) ?? '' };
  const all = part('objects').split('\n').flatMap(objectIn);
  const of = <T>(...names: string[]) => all.filter(({ kind }) => names.includes(kind)) as T[];
  return {
    releases: releasesIn(part('releases')),
    objects: {
      nodes: of<Node>('Node'),
      pods: of<Pod>('Pod'),
      workloads: of<Workload>('Deployment', 'StatefulSet', 'DaemonSet'),
      autoscalers: of<Autoscaler>('HorizontalPodAutoscaler'),
      cronJobs: of<CronJob>('CronJob'),
      usage: usageIn(part('usage nodes')),
    },
  };
}

function objectIn(line: string): { kind: string }[] {
  const [kind = '', ...values] = line.split('\t');
  const fields = kinds[kind];
  if (!fields) return [];
  const object: Record<string, unknown> & { kind: string } = { kind, metadata: {}, spec: {}, status: {} };
  for (const [at, [to, , read]] of fields.entries()) {
    const value = values[at];
    if (value) put(object, to.split('.'), read(value));
  }
  return [object];
}

function put(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) into[first] = value;
  else put(into[first] as Record<string, unknown>, rest, value);
}

/** Lines of `kubectl get`: namespace, Secret, type, number of keys, age, and the labels. */
function releasesIn(printed: string): Release[] {
  const newest = new Map<string, Release>();
  for (const line of printed.split('\n')) {
    const [namespace = '', , type, , , name = '', version, status = ''] = line.trim().split(/ +/);
    const revision = Number(version);
    const key = `${namespace}/${name}`;
    if (type !== 'helm.sh/release.v1' || (newest.get(key)?.revision ?? 0) > revision) continue;
    newest.set(key, { namespace, name, revision, status });
  }
  return [...newest.values()];
}

/** The answer of metrics-server; nothing if there is none. */
function usageIn(printed: string): Usage[] {
  if (!printed.startsWith('{')) return [];
  const { items } = JSON.parse(printed) as {
    readonly items: readonly { readonly metadata: { readonly name: string }; readonly usage: Resources }[];
  };
  return items.map(({ metadata: { name }, usage }) => ({ name, usage }));
}
