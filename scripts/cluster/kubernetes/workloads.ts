import type { Objects, Pod, Workload } from '../../../approaches/approach_4/cluster/objects.ts';
import { workloadOf } from '../../../approaches/approach_4/cluster/pods.ts';
import { countOf, shortImage } from '../../../approaches/approach_4/cluster/workloads.ts';
import { type AutoscalerState, autoscalerState, scalerOf } from './autoscalers.ts';

/** A workload, as `npm run status` shows it. */
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

/** The state of a workload; `objects` are those of its cluster. */
export function workloadState(workload: Workload, objects: Objects): WorkloadState {
  const { kind, metadata, spec } = workload;
  const { name, labels = {} } = metadata;
  const component = labels['app.kubernetes.io/component'];
  const nodes: Record<string, number> = {};
  for (const pod of podsOf(workload, objects)) {
    const { nodeName } = pod.spec;
    if (nodeName === undefined || pod.status.phase !== 'Running') continue;
    nodes[nodeName] = (nodes[nodeName] ?? 0) + 1;
  }
  const scaler = scalerOf(objects, workload);
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

/** The name of a workload in its namespace, such as `production/theapp`. */
export const fullName = ({ metadata }: Workload): string => `${metadata.namespace}/${metadata.name}`;

/** The pods of a workload, in any phase. */
export const podsOf = (workload: Workload, { pods }: Objects): Pod[] =>
  pods.filter((pod) => workloadOf(pod) === fullName(workload));
