import type { Autoscaler, Objects, Workload } from '../../../approaches/approach_4/cluster/objects.ts';
import { podState } from '../../../approaches/approach_4/cluster/pods.ts';
import { countOf } from '../../../approaches/approach_4/cluster/workloads.ts';
import { kubectl } from '../../../provision/authoring.ts';
import { didYouMean, type Host, inputError, sh } from '../../../provision/index.ts';
import type { ScaleRequest } from '../scale/request.ts';
import { type Progress, type Scaled, type ScaleOptions, scaleBack, waitForReplicas } from '../scale/wait.ts';
import type { Sessions } from '../sessions.ts';
import { scalerOf } from './autoscalers.ts';
import { probeObjects } from './probe.ts';
import { fullName, podsOf } from './workloads.ts';

export interface KubernetesScaleOptions extends ScaleOptions {
  /** If an autoscaler sets the number of replicas, change its minimum. */
  readonly minimum: boolean;
}

/**
 * Scales a Deployment and waits until exactly as many pods run. With `minimum`, the number is the minimum of its
 * autoscaler, and more may run.
 *
 * @throws ProvisionError (input) if it cannot be scaled, (failed) if it misses the deadline
 */
export async function scaleWorkload(
  hosts: readonly Host[],
  request: ScaleRequest,
  sessions: Sessions,
  options: KubernetesScaleOptions,
): Promise<Scaled> {
  const began = performance.now();
  const { reporter, objects } = await probeObjects(hosts, sessions);
  const workload = findWorkload(objects, request);
  const { name, namespace = '' } = workload.metadata;
  const scaler = scalerOf(objects, workload);
  refuse(request, scaler, options);
  const { replicas } = request;
  const before = scaler ? (scaler.spec.minReplicas ?? 1) : countOf(workload).wanted;
  const change = scaler
    ? sh`${kubectl} patch hpa ${scaler.metadata.name} --namespace ${namespace} --patch ${JSON.stringify({ spec: { minReplicas: replicas } })}`
    : sh`${kubectl} scale deployment ${name} --namespace ${namespace} --replicas ${replicas}`;
  if (before !== replicas) await sessions.run(reporter, change);
  const service = fullName(workload);
  const wanted = { name: service, began, replicas, todo: scaleBack(request, before) };
  const seconds = await waitForReplicas({ ...options, ...wanted }, async () => {
    const now = await probeObjects(hosts, sessions).catch(() => undefined);
    return now && progressOf(now.objects, request, { atLeast: options.minimum, now: Date.now() });
  });
  return { service, before, after: replicas, seconds };
}

/** The workload that a request means, by its name (`theapp`) or else its component (`app`). @throws ProvisionError (input) */
export function findWorkload({ workloads }: Objects, { environment = '', service }: ScaleRequest): Workload {
  const place = `${environment}/${service}`;
  const own = workloads.filter(({ metadata }) => metadata.namespace === environment);
  const component = ({ metadata }: Workload) => metadata.labels?.['app.kubernetes.io/component'];
  const found =
    own.find(({ metadata }) => metadata.name === service) ?? own.find((one) => component(one) === service);
  const known = own.filter((one) => !whyNot(one)).map((one) => component(one) ?? one.metadata.name);
  if (!found)
    throw inputError({
      place,
      what: `there is no such workload${didYouMean(service, known)}`,
      todo: `one of: ${known.map((name) => `${environment}/${name}`).join(', ')}`,
    });
  const why = whyNot(found);
  if (why) throw inputError({ place, what: 'this workload cannot be scaled', why });
  return found;
}

/** A second primary, or another number of voters, would damage the data. */
function whyNot({ kind }: Workload): string | undefined {
  if (kind === 'DaemonSet') return 'it runs one pod on every node';
  return kind === 'StatefulSet' ? 'each of its pods has data and a role of its own' : undefined;
}

/** @throws ProvisionError (input) if an autoscaler would undo the change, or if there is none whose minimum could change */
function refuse(
  { environment = '', service, replicas }: ScaleRequest,
  scaler: Autoscaler | undefined,
  { minimum }: KubernetesScaleOptions,
): void {
  const place = `${environment}/${service}`;
  if (!scaler) {
    if (minimum) throw inputError({ place, what: 'has no autoscaler', todo: 'leave out --minimum' });
    return;
  }
  const { minReplicas = 1, maxReplicas } = scaler.spec;
  const file = `autoscaling.minReplicas and .maxReplicas in the chart's values-${environment}.yaml, then npm run provision`;
  if (!minimum)
    throw inputError({
      place,
      what: `its autoscaler sets the number of replicas: ${minReplicas} to ${maxReplicas}, by load`,
      todo: `--minimum changes the minimum until the next run of the provisioner; to keep it: ${file}`,
    });
  if (replicas > maxReplicas)
    throw inputError({ place, what: `its autoscaler has a maximum of ${maxReplicas}`, todo: file });
}

/** The progress of scaling: done once the wanted pods are ready, and no other is starting or stopping. */
export function progressOf(
  objects: Objects,
  request: ScaleRequest,
  { atLeast, now }: { readonly atLeast: boolean; readonly now: number },
): Progress {
  const workload = findWorkload(objects, request);
  const { replicas } = request;
  const { wanted, ready, updated } = countOf(workload);
  const pods = podsOf(workload, objects).filter(
    ({ status }) => !['Succeeded', 'Failed'].includes(status.phase ?? ''),
  );
  const stopping = pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length;
  const enough = atLeast ? wanted >= replicas : wanted === replicas;
  const done = enough && ready === wanted && updated === wanted && pods.length === wanted;
  const refused = workload.status.conditions?.find(({ type }) => type === 'ReplicaFailure')?.message;
  const stuck = pods.map((pod) => podState(pod, now)).find((one) => one?.state === 'waiting')?.reason;
  const why = refused ?? stuck;
  const words = [
    `${ready} of ${Math.max(replicas, atLeast ? wanted : 0)} replicas ready`,
    ...(stopping > 0 ? [`${stopping} stopping`] : []),
    ...(why ? [why] : []),
  ];
  return { done, words: words.join(', ') };
}
