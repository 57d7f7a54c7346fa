import { cronJobProblems } from './cronJobs.ts';
import {
  type EnvironmentState,
  environmentProblems,
  environmentState,
  type NamespaceState,
  namespaceProblems,
  namespaceState,
} from './namespaces.ts';
import { type NodeState, nodeProblems, nodeState } from './nodes.ts';
import type { KubernetesSnapshot } from './probe.ts';

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
  const { objects, releases } = snapshot;
  const installed = new Set(releases.map(({ namespace }) => namespace));
  const isShown = (name: string) => !only || only.includes(name) || !installed.has(name);
  const namespaces = namesIn(snapshot).map((name) => namespaceState(name, snapshot, now));
  const environments = namespaces
    .filter(({ name }) => installed.has(name) && isShown(name))
    .map((one) => environmentState(one, snapshot))
    .sort((a, b) => (only ?? []).indexOf(a.name) - (only ?? []).indexOf(b.name));
  const system = namespaces.filter(({ name }) => !installed.has(name) && !only?.includes(name));
  const missing = (only ?? []).filter((name) => !installed.has(name));
  const problems = [
    ...hostProblems(snapshot),
    ...objects.nodes.flatMap(nodeProblems),
    ...missing.map((name) => `${name} has no Helm release`),
    ...[...system, ...environments].flatMap(namespaceProblems),
    ...objects.cronJobs
      .filter(({ metadata }) => isShown(metadata.namespace ?? ''))
      .flatMap((job) => cronJobProblems(job, now)),
    ...environments.flatMap(environmentProblems),
  ];
  const nodes = objects.nodes
    .map((node) => nodeState(node, objects))
    .sort((a, b) => a.name.localeCompare(b.name));
  return { healthy: problems.length === 0, problems, nodes, environments, system };
}

/** The namespaces that have anything, in order. */
function namesIn({ objects, releases }: KubernetesSnapshot): string[] {
  const names = new Set([
    ...releases.map(({ namespace }) => namespace),
    ...[...objects.workloads, ...objects.pods].map(({ metadata }) => metadata.namespace ?? ''),
  ]);
  return [...names].sort();
}

/** Hosts that do not answer, or are not nodes. */
const hostProblems = ({ unreachable, hosts, objects }: KubernetesSnapshot): string[] => [
  ...Object.entries(unreachable).map(([host, why]) => `${host} does not answer: ${why}`),
  ...hosts
    .filter((host) => !objects.nodes.some(({ metadata }) => metadata.name === host))
    .map((host) => `${host} is not a node of the cluster`),
];
