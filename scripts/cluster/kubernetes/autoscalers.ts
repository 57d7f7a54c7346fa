import type {
  Autoscaler,
  Metric,
  Objects,
  Workload,
} from '../../../approaches/approach_4/cluster/objects.ts';

/** A HorizontalPodAutoscaler, as `npm run status` shows it. */
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

/** The autoscaler of a workload. */
export const scalerOf = ({ autoscalers }: Objects, { kind, metadata }: Workload): Autoscaler | undefined =>
  autoscalers.find(
    ({ metadata: own, spec: { scaleTargetRef: to } }) =>
      own.namespace === metadata.namespace && to.kind === kind && to.name === metadata.name,
  );

/** The limits of an autoscaler and what it does now. */
export function autoscalerState({ metadata, spec, status }: Autoscaler): AutoscalerState {
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
