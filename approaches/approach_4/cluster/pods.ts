import { isNodeReady } from './nodes.ts';
import type { ContainerStatus, Objects, Pod } from './objects.ts';

/** A pod that is not as it should be, or that was restarted within the last hour. */
export interface PodState {
  readonly name: string;
  readonly node: string;
  readonly state: 'starting' | 'waiting' | 'not ready' | 'failed' | 'stopping' | 'restarted';
  readonly restarts: number;
  /** Since it was created, failed or was last restarted. */
  readonly seconds: number;
  /** Kubernetes' reason and message, in one line. */
  readonly reason: string;
  /** The last lines of the container that ended. */
  readonly log?: readonly string[];
}

/** Seconds: the age up to which failures and restarts are listed. */
const RECENT = 3600;

/** The workload that a pod belongs to, such as `production/theapp`. Pods of jobs belong to none: they end by themselves. */
export function workloadOf({ metadata }: Pod): string | undefined {
  const { namespace = '', name, labels = {}, ownerReferences = [] } = metadata;
  const [owner] = ownerReferences;
  if (owner?.kind === 'Job') return undefined;
  const hash = `-${labels['pod-template-hash'] ?? ''}`;
  const own =
    owner?.kind === 'ReplicaSet' && owner.name.endsWith(hash)
      ? owner.name.slice(0, -hash.length)
      : owner && owner.kind !== 'Node'
        ? owner.name
        : name;
  return `${namespace}/${own}`;
}

const condition = ({ status }: Pod, type: string) =>
  status.conditions?.find((condition) => condition.type === type);

/** Whether a pod serves requests. A pod that is being stopped does not count. */
export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && condition(pod, 'Ready')?.status === 'True';

/**
 * The pods that are ready on a node that is ready: uid → workload, such as `production/theapp`. A pod that a later run
 * replaces has another uid.
 */
export function runningPods({ objects }: { readonly objects: Objects }): Map<string, string> {
  const nodes = new Set(objects.nodes.filter(isNodeReady).map(({ metadata }) => metadata.name));
  const running = objects.pods.filter((pod) => isReady(pod) && nodes.has(pod.spec.nodeName ?? ''));
  return new Map(
    running.flatMap((pod) => {
      const workload = workloadOf(pod);
      return workload === undefined ? [] : [[pod.metadata.uid ?? '', workload] as const];
    }),
  );
}

/** The container of a pod that has ended, although it should run. */
export function endedContainer({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const ended = ({ state, lastState }: ContainerStatus) => state?.terminated ?? lastState?.terminated;
  return all.find((one) => !one.ready && (ended(one)?.exitCode ?? 0) !== 0)?.name;
}

/** What is wrong with a pod; undefined if nothing is. `now` is milliseconds since 1970. */
export function podState(pod: Pod, now: number): PodState | undefined {
  const { metadata, spec, status } = pod;
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const found = conditionOf(pod, containers, now);
  if (!found) return undefined;
  const age = (time: string | undefined) =>
    Math.max(0, Math.round((now - Date.parse(time ?? '')) / 1000)) || 0;
  const seconds = age(found.at ?? metadata.creationTimestamp);
  if (['failed', 'restarted'].includes(found.state) && seconds > RECENT) return undefined;
  return {
    name: metadata.name,
    node: spec.nodeName ?? '',
    state: found.state,
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    seconds,
    reason: found.reason.trim().replace(/\s+/g, ' '),
  };
}

interface Found {
  readonly state: PodState['state'];
  readonly reason: string;
  readonly at?: string | undefined;
}

function conditionOf(pod: Pod, containers: readonly ContainerStatus[], now: number): Found | undefined {
  const { metadata, status } = pod;
  const { deletionTimestamp: until } = metadata;
  if (until !== undefined)
    return Date.parse(until) < now
      ? { state: 'stopping', reason: 'it should have stopped by now', at: until }
      : undefined;
  if (status.phase === 'Succeeded') return undefined;
  const ended = lastEnd(containers);
  if (status.phase === 'Failed')
    return { state: 'failed', reason: words(status) || (ended?.reason ?? ''), at: ended?.at };
  const waiting = containers.find(({ state }) => state?.waiting)?.state?.waiting;
  if (waiting && !STARTING.has(waiting.reason ?? '')) {
    // its message only says how long the kubelet waits until the next try
    const why = waiting.reason === CRASHING ? [CRASHING, ended?.reason] : [words(waiting)];
    return { state: 'waiting', reason: why.filter(Boolean).join(': ') };
  }
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status === 'False') return { state: 'waiting', reason: words(scheduled) };
  if (!isReady(pod)) {
    const created = status.phase === 'Pending';
    const reason = created ? (waiting?.reason ?? '') : (ended?.reason ?? '');
    return { state: created ? 'starting' : 'not ready', reason };
  }
  return ended?.at ? { state: 'restarted', ...ended } : undefined;
}

/** The reason of a container that ends again and again. */
export const CRASHING = 'CrashLoopBackOff';

/** A container that waits for one of these is not in trouble. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing']);

const words = ({ reason, message }: { readonly reason?: string; readonly message?: string }): string =>
  [reason, message].filter(Boolean).join(': ');

/** Why the container that ended last did so. Init containers that have succeeded do not count. */
function lastEnd(
  containers: readonly ContainerStatus[],
): { reason: string; at?: string | undefined } | undefined {
  const ends = containers
    .map(({ state, lastState }) => state?.terminated ?? lastState?.terminated)
    .filter((end) => end !== undefined)
    .filter(({ reason }) => reason !== 'Completed')
    .sort((a, b) => (b.finishedAt ?? '').localeCompare(a.finishedAt ?? ''));
  const [last] = ends;
  if (!last) return undefined;
  return { reason: `${words(last) || 'ended'} (exit code ${last.exitCode})`, at: last.finishedAt };
}
