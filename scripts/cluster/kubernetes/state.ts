import { dataProblems, type Replica, type Sentinel } from '../status/data.ts';
import type { Autoscaler, CronJob, Metric, Node, Pod, Release, Workload } from './objects.ts';
import { CRASHING, isNodeReady, type PodState, podState, workloadOf } from './pods.ts';
import type { KubernetesSnapshot } from './probe.ts';
import { amountOf } from './quantity.ts';

export interface NodeState {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  readonly version: string;
  readonly ready: boolean;
  /** Why it is not ready, as Kubernetes reports it. */
  readonly message?: string;
  /** No pods are scheduled to it. */
  readonly cordoned: boolean;
  readonly pods: number;
  /** CPUs. What it uses is known if metrics-server runs. */
  readonly cpu: Amount;
  /** Bytes. */
  readonly memory: Amount;
}

export interface Amount {
  readonly used?: number;
  readonly total?: number;
}

export interface WorkloadState {
  readonly name: string;
  readonly kind: Workload['kind'];
  /** What the chart calls it, such as `app`. */
  readonly component?: string;
  readonly wanted: number;
  readonly ready: number;
  /** How many have the newest revision. */
  readonly updated: number;
  /** Without the registry, and with the first digits of the digest. */
  readonly images: readonly string[];
  /** How many of its pods are on each node. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly autoscaler?: AutoscalerState;
}

export interface AutoscalerState {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly wanted: number;
  /** Such as `cpu 34% of 80%`. */
  readonly metrics: readonly string[];
  /** Why it does not scale, as Kubernetes reports it. */
  readonly message?: string;
}

/** A namespace. */
export interface NamespaceState {
  readonly name: string;
  readonly workloads: readonly WorkloadState[];
  /** Pods that are not as they should be, or that were restarted within the last hour; the latest first. */
  readonly pods: readonly PodState[];
}

/** A namespace with Helm releases. */
export interface EnvironmentState extends NamespaceState {
  readonly releases: readonly Release[];
  readonly replicas: readonly Replica[];
  readonly sentinels: readonly Sentinel[];
}

/** A cluster as `npm run status` shows it. */
export interface KubernetesState {
  readonly healthy: boolean;
  /** Why it is not healthy, one line each. */
  readonly problems: readonly string[];
  readonly nodes: readonly NodeState[];
  readonly environments: readonly EnvironmentState[];
  /** The namespaces without Helm releases, such as `kube-system`. */
  readonly system: readonly NamespaceState[];
}

/**
 * The state of a cluster, from a snapshot. `now` is milliseconds since 1970. A cordoned node is no problem: somebody has
 * drained it. Of several environments, `only` those named are part of the state, in this order; it is a problem if one is missing.
 */
export function stateOf(
  snapshot: KubernetesSnapshot,
  now: number,
  only?: readonly string[],
): KubernetesState {
  const { objects, releases, data } = snapshot;
  const nodes = objects.nodes.map((node) => nodeState(node, snapshot)).sort(byName);
  const names = new Set([
    ...releases.map(({ namespace }) => namespace),
    ...[...objects.workloads, ...objects.pods].map(({ metadata }) => metadata.namespace ?? ''),
  ]);
  const namespaces = [...names].sort().map((name) => namespaceState(name, snapshot, now));
  const installed = (name: string) =>
    releases.filter(({ namespace }) => namespace === name).sort((a, b) => a.name.localeCompare(b.name));
  const isShown = (name: string) => !only || only.includes(name) || installed(name).length === 0;
  const environments = namespaces
    .filter(({ name }) => installed(name).length > 0 && isShown(name))
    .map((one): EnvironmentState => {
      const { replicas = [], sentinels = [] } = data[one.name] ?? {};
      return { ...one, releases: installed(one.name), replicas, sentinels };
    })
    .sort((a, b) => (only ?? []).indexOf(a.name) - (only ?? []).indexOf(b.name));
  const system = namespaces.filter(({ name }) => installed(name).length === 0 && !only?.includes(name));
  const problems = [
    ...Object.entries(snapshot.unreachable).map(([host, why]) => `${host} does not answer: ${why}`),
    ...snapshot.hosts
      .filter((host) => !nodes.some(({ name }) => name === host))
      .map((host) => `${host} is not a node of the cluster`),
    ...objects.nodes.flatMap(nodeProblems),
    ...(only ?? [])
      .filter((name) => installed(name).length === 0)
      .map((name) => `${name} has no Helm release`),
    ...[...system, ...environments].flatMap(namespaceProblems),
    ...objects.cronJobs
      .filter(({ metadata }) => isShown(metadata.namespace ?? ''))
      .flatMap((job) => cronJobProblems(job, now)),
    ...environments.flatMap(environmentProblems),
  ];
  return {
    healthy: problems.length === 0,
    problems,
    nodes,
    environments,
    system,
  };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => a.name.localeCompare(b.name);

function nodeState(node: Node, { objects }: KubernetesSnapshot): NodeState {
  const { name, labels = {} } = node.metadata;
  const ready = isNodeReady(node);
  const message = node.status.conditions?.find(({ type }) => type === 'Ready')?.message;
  const usage = objects.usage.find((one) => one.name === name)?.usage;
  const amount = (of: 'cpu' | 'memory'): Amount => {
    const [used, total] = [amountOf(usage?.[of]), amountOf(node.status.capacity?.[of])];
    return { ...(used === undefined ? {} : { used }), ...(total === undefined ? {} : { total }) };
  };
  return {
    name,
    role: 'node-role.kubernetes.io/control-plane' in labels ? 'control-plane' : 'worker',
    version: node.status.nodeInfo?.kubeletVersion?.replace(/^v/, '') ?? '?',
    ready,
    ...(ready || !message ? {} : { message }),
    cordoned: node.spec.unschedulable === true,
    pods: objects.pods.filter((pod) => pod.spec.nodeName === name && pod.status.phase === 'Running').length,
    cpu: amount('cpu'),
    memory: amount('memory'),
  };
}

function nodeProblems({ metadata: { name }, status: { conditions = [] } }: Node): string[] {
  return conditions.flatMap(({ type, status, message = '' }) => {
    if (type === 'Ready') return status === 'True' ? [] : [`node ${name} is not ready: ${message}`];
    return /Pressure$/.test(type) && status === 'True' ? [`node ${name} has ${type}: ${message}`] : [];
  });
}

function namespaceState(name: string, { objects, logs }: KubernetesSnapshot, now: number): NamespaceState {
  const own = <T extends { readonly metadata: Pod['metadata'] }>(all: readonly T[]) =>
    all.filter(({ metadata }) => metadata.namespace === name);
  const pods = own(objects.pods);
  const autoscalers = own(objects.autoscalers);
  return {
    name,
    workloads: own(objects.workloads)
      .map((workload) => workloadState(workload, pods, autoscalers))
      .sort(byName),
    pods: pods
      .flatMap((pod) => {
        const found = podState(pod, now);
        const log = logs[`${name}/${pod.metadata.name}`] ?? [];
        return found ? [log.length > 0 ? { ...found, log } : found] : [];
      })
      .sort((a, b) => a.seconds - b.seconds),
  };
}

function workloadState(
  workload: Workload,
  pods: readonly Pod[],
  autoscalers: readonly Autoscaler[],
): WorkloadState {
  const { kind, metadata, spec } = workload;
  const { name, namespace, labels = {} } = metadata;
  const component = labels['app.kubernetes.io/component'];
  const nodes: Record<string, number> = {};
  for (const pod of pods) {
    const { nodeName } = pod.spec;
    if (
      nodeName === undefined ||
      pod.status.phase !== 'Running' ||
      workloadOf(pod) !== `${namespace}/${name}`
    )
      continue;
    nodes[nodeName] = (nodes[nodeName] ?? 0) + 1;
  }
  const scaler = autoscalers.find(({ spec: { scaleTargetRef: to } }) => to.kind === kind && to.name === name);
  return {
    name,
    kind,
    ...(component === undefined ? {} : { component }),
    ...countOf(workload),
    images: (spec.images ?? []).map(shortImage),
    nodes,
    ...(scaler ? { autoscaler: autoscalerState(scaler) } : {}),
  };
}

/** How many pods a workload wants and has. Until its controller has seen its newest revision, no pod has that. */
export function countOf({ kind, metadata, spec, status }: Workload) {
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const [wanted, ready, updated] =
    kind === 'DaemonSet'
      ? [status.desiredNumberScheduled ?? 0, status.numberReady ?? 0, status.updatedNumberScheduled ?? 0]
      : [spec.replicas ?? 1, status.readyReplicas ?? 0, status.updatedReplicas ?? 0];
  return { wanted, ready, updated: seen ? updated : 0 };
}

/** `theapp@sha256:1f0c…` without the registry, and with the first 12 digits of a digest. */
const shortImage = (image: string): string =>
  image.replace(/^.*\//, '').replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1');

function autoscalerState({ metadata, spec, status }: Autoscaler): AutoscalerState {
  const metrics = (spec.metrics ?? []).map((metric, at) => metricWords(metric, status.currentMetrics?.[at]));
  const stuck = status.conditions?.find(({ type, status }) => type === 'ScalingActive' && status !== 'True');
  return {
    name: metadata.name,
    least: spec.minReplicas ?? 1,
    most: spec.maxReplicas,
    wanted: status.desiredReplicas ?? 0,
    metrics,
    ...(stuck?.message ? { message: stuck.message } : {}),
  };
}

function metricWords(metric: Metric, current: Metric | undefined): string {
  const { resource, pods } = metric;
  const name = resource?.name ?? pods?.metric.name ?? metric.type;
  const target = (resource ?? pods)?.target;
  const now = (current?.resource ?? current?.pods)?.current;
  if (target?.averageUtilization !== undefined)
    return `${name} ${now?.averageUtilization ?? '?'}% of ${target.averageUtilization}%`;
  return `${name} ${now?.averageValue ?? '?'} of ${target?.averageValue ?? '?'}`;
}

function namespaceProblems({ name, workloads, pods }: NamespaceState): string[] {
  const counts = workloads.flatMap(({ name: own, wanted, ready, updated, autoscaler }) => {
    if (wanted < (autoscaler?.least ?? 0))
      return [`${name}/${own}: ${wanted} wanted, but its autoscaler wants at least ${autoscaler?.least}`];
    if (ready < wanted) return [`${name}/${own}: ${ready} of ${wanted} ready`];
    return updated < wanted ? [`${name}/${own}: ${updated} of ${wanted} have the newest revision`] : [];
  });
  const loops = pods
    .filter(({ state, reason }) => state === 'waiting' && reason.startsWith(CRASHING))
    .map(({ name: pod, restarts, reason }) => `${name}/${pod} was restarted ${restarts} times: ${reason}`);
  return [...counts, ...loops];
}

function environmentProblems({ name, releases, replicas, sentinels }: EnvironmentState): string[] {
  return [
    ...releases
      .filter(({ status }) => status !== 'deployed')
      .map(({ name: own, status, revision }) => `${name}/${own}: revision ${revision} is ${status}`),
    ...dataProblems({ replicas, sentinels }).map((problem) => `${name}: ${problem}`),
  ];
}

/** Seconds after which a run that was scheduled should have started a job. */
const LATE = 60;

/** A job that is not running, and that did not succeed the last time it was due. */
function cronJobProblems({ metadata, spec, status }: CronJob, now: number): string[] {
  const due = Date.parse(status.lastScheduleTime ?? '');
  const succeeded = Date.parse(status.lastSuccessfulTime ?? '') || 0;
  const late = due > succeeded && now - due > LATE * 1000;
  if (spec.suspend || !late || (status.active ?? []).length > 0) return [];
  return [`${metadata.namespace}/${metadata.name}: the run of ${status.lastScheduleTime} did not succeed`];
}
