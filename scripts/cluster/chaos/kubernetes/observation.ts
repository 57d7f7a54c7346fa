import type { Workload } from '../../../../approaches/approach_4/cluster/objects.ts';
import { runningPods } from '../../../../approaches/approach_4/cluster/pods.ts';
import { countOf } from '../../../../approaches/approach_4/cluster/workloads.ts';
import type { KubernetesSnapshot } from '../../kubernetes/probe.ts';
import { stateOf } from '../../kubernetes/state.ts';
import { fullName } from '../../kubernetes/workloads.ts';
import type { Observation } from '../subject.ts';

/** How many replicas of what is autoscaled there were before the fault: `production/theapp` → 3. */
export type Replicas = ReadonlyMap<string, number>;

/**
 * What an experiment must know of a Kubernetes cluster. Replicas that an autoscaler has added since `before` are welcome,
 * but not missing while they start.
 */
export function observationOf(
  snapshot: KubernetesSnapshot,
  environment: string,
  before: Replicas = new Map(),
): Observation {
  const workloads = snapshot.objects.workloads.map((one) => withoutAdded(one, before.get(fullName(one))));
  const needed = { ...snapshot, objects: { ...snapshot.objects, workloads } };
  const stateless = workloads.filter(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === environment,
  );
  return {
    problems: stateOf(needed, Date.now()).problems,
    underReplicated: stateless.map(countOf).some(({ wanted, ready }) => ready < wanted),
    running: runningPods(snapshot),
    autoscaled: [...autoscaledIn(snapshot).keys()],
  };
}

/** How many replicas each autoscaler has decided on. */
export const autoscaledIn = ({ objects }: KubernetesSnapshot): Replicas =>
  new Map(
    objects.autoscalers.map(({ metadata, spec, status }) => [
      `${metadata.namespace}/${spec.scaleTargetRef.name}`,
      status.desiredReplicas ?? 0,
    ]),
  );

/** All autoscaled replicas are there, and as many as are wanted. */
export const isSettled = (snapshot: KubernetesSnapshot): boolean => {
  const wanted = autoscaledIn(snapshot);
  return snapshot.objects.workloads.every(
    (one) => !wanted.has(fullName(one)) || countOf(one).ready === wanted.get(fullName(one)),
  );
};

const withoutAdded = (one: Workload, before: number | undefined): Workload =>
  before === undefined || (one.spec.replicas ?? 1) <= before
    ? one
    : { ...one, spec: { ...one.spec, replicas: before } };
