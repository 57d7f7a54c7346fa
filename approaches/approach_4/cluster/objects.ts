/**
 * The parts of Kubernetes' objects that are used here (core/v1, apps/v1, autoscaling/v2, batch/v1). None of them contains
 * a Secret or an environment variable.
 */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  /** Only Deployments have it. */
  readonly lastUpdateTime?: string;
}

export interface Node {
  readonly kind: 'Node';
  readonly metadata: Metadata;
  readonly spec: {
    readonly unschedulable?: boolean;
  };
  readonly status: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly capacity?: Resources;
    readonly nodeInfo?: { readonly kubeletVersion?: string };
  };
}

/** Quantities, such as `2` or `250m` CPUs and `1843Mi` of memory. */
export interface Resources {
  readonly cpu?: string;
  readonly memory?: string;
}

export interface Pod {
  readonly kind: 'Pod';
  readonly metadata: Metadata;
  readonly spec: { readonly nodeName?: string; readonly images?: readonly string[] };
  readonly status: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  /** Such as `containerd://3f2a…`. */
  readonly containerID?: string;
  readonly imageID?: string;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: {
    readonly reason?: string;
    readonly message?: string;
    readonly exitCode: number;
    readonly finishedAt?: string;
  };
}

/** What keeps a number of pods running. */
export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly metadata: Metadata;
  readonly spec: {
    /** A DaemonSet has none. */
    readonly replicas?: number;
    readonly images?: readonly string[];
    /** Whether each pod has a volume of its own. */
    readonly claims?: boolean;
  };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
    readonly conditions?: readonly Condition[];
  };
}

export interface Autoscaler {
  readonly kind: 'HorizontalPodAutoscaler';
  readonly metadata: Metadata;
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics?: readonly Metric[];
  };
  readonly status: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly currentMetrics?: readonly Metric[] | null;
    readonly conditions?: readonly Condition[];
  };
}

/** The target of a metric, or its current value. */
export interface Metric {
  readonly type: string;
  readonly resource?: {
    readonly name: string;
    readonly target?: MetricValue;
    readonly current?: MetricValue;
  };
  readonly pods?: {
    readonly metric: { readonly name: string };
    readonly target?: MetricValue;
    readonly current?: MetricValue;
  };
}

export interface MetricValue {
  readonly averageUtilization?: number;
  readonly averageValue?: string;
}

export interface CronJob {
  readonly kind: 'CronJob';
  readonly metadata: Metadata;
  readonly spec: { readonly suspend?: boolean };
  readonly status: {
    readonly active?: readonly object[];
    readonly lastScheduleTime?: string;
    readonly lastSuccessfulTime?: string;
  };
}

/** The newest revision of a Helm release. */
export interface Release {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  /** `deployed`, `failed`, `pending-upgrade` and so on. */
  readonly status: string;
  /** The name and version of the chart, such as `theapp-0.1.0`. Unknown if the control plane has no Helm. */
  readonly chart?: string;
  /** What was released: TheAPP's version for the release `theapp`, otherwise Helm's words. */
  readonly describes?: string;
  /** When, as an ISO 8601 time. */
  readonly updated?: string;
}

/** What a node uses now; metrics-server measures it. */
export interface Usage {
  readonly name: string;
  readonly usage: Resources;
}

/** The objects of a cluster. */
export interface Objects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly workloads: readonly Workload[];
  readonly autoscalers: readonly Autoscaler[];
  readonly cronJobs: readonly CronJob[];
  readonly usage: readonly Usage[];
}
