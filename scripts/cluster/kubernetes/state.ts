import { cronJobProblems } from './cronJobs.ts';
import {
  type EnvironmentState,
  environmentProblems,
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
  const { objects, releases, data } = snapshot;
  const nodes = objects.nodes
    .map((node) => nodeState(node, objects))
    .sort((a, b) => a.name.localeCompare(b.name));
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
