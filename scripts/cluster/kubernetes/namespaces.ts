import type { Pod, Release } from '../../../approaches/approach_4/cluster/objects.ts';
import { CRASHING, type PodState, podState } from '../../../approaches/approach_4/cluster/pods.ts';
import { dataProblems, type Replica, type Sentinel } from '../status/data.ts';
import type { KubernetesSnapshot } from './probe.ts';
import { type WorkloadState, workloadState } from './workloads.ts';

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

/** The state of a namespace. `now` is milliseconds since 1970. */
export function namespaceState(
  name: string,
  { objects, logs }: KubernetesSnapshot,
  now: number,
): NamespaceState {
  const own = <T extends { readonly metadata: Pod['metadata'] }>(all: readonly T[]) =>
    all.filter(({ metadata }) => metadata.namespace === name);
  return {
    name,
    workloads: own(objects.workloads)
      .map((workload) => workloadState(workload, objects))
      .sort((a, b) => a.name.localeCompare(b.name)),
    pods: own(objects.pods)
      .flatMap((pod) => {
        const found = podState(pod, now);
        const log = logs[`${name}/${pod.metadata.name}`] ?? [];
        return found ? [log.length > 0 ? { ...found, log } : found] : [];
      })
      .sort((a, b) => a.seconds - b.seconds),
  };
}

/** The state of a namespace that has Helm releases. */
export function environmentState(
  namespace: NamespaceState,
  { releases, data }: KubernetesSnapshot,
): EnvironmentState {
  const own = releases.filter((one) => one.namespace === namespace.name);
  const { replicas = [], sentinels = [] } = data[namespace.name] ?? {};
  return { ...namespace, releases: own.sort((a, b) => a.name.localeCompare(b.name)), replicas, sentinels };
}

/** What is wrong with the workloads and pods of a namespace, one line each. */
export function namespaceProblems({ name, workloads, pods }: NamespaceState): string[] {
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

/** The Helm releases of TheAPP: an environment needs both. */
const RELEASES = ['theapp-data', 'theapp'];

/** What is wrong with the releases and data services of an environment, one line each. */
export function environmentProblems({ name, releases, replicas, sentinels }: EnvironmentState): string[] {
  const installed = RELEASES.filter((one) => releases.some((release) => release.name === one));
  const missing = RELEASES.filter((one) => installed.length > 0 && !installed.includes(one));
  return [
    ...missing.map(
      (one) => `${name}: the Helm release ${one} is missing, although ${installed} is installed`,
    ),
    ...releases
      .filter(({ status }) => status !== 'deployed')
      .map(({ name: own, status, revision }) => `${name}/${own}: revision ${revision} is ${status}`),
    ...dataProblems({ replicas, sentinels }).map((problem) => `${name}: ${problem}`),
  ];
}
