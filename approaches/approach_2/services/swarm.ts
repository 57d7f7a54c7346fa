/**
 * The parts of Docker's API that are used here (Engine API v1.41 and later). `docker inspect` prints the same objects.
 */
export interface Node {
  readonly ID: string;
  readonly Spec: {
    readonly Role: string;
    readonly Availability: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly Description?: { readonly Hostname?: string };
  readonly Status?: { readonly State?: string; readonly Addr?: string; readonly Message?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability?: string };
}

export interface Service {
  readonly ID: string;
  readonly Version?: { readonly Index: number };
  readonly Spec: {
    readonly Name: string;
    readonly Mode: {
      readonly Replicated?: { readonly Replicas?: number };
      readonly Global?: object;
      readonly ReplicatedJob?: { readonly TotalCompletions?: number };
      readonly GlobalJob?: object;
    };
    readonly TaskTemplate: {
      readonly ContainerSpec?: {
        readonly Image?: string;
        readonly Mounts?: readonly { readonly Type: string; readonly Source?: string }[] | null;
      };
    };
  };
  readonly UpdateStatus?: { readonly State?: string; readonly Message?: string } | null;
  readonly JobStatus?: { readonly JobIteration?: { readonly Index?: number } } | null;
}

export interface Task {
  readonly ID: string;
  readonly ServiceID: string;
  readonly NodeID?: string;
  readonly Slot?: number;
  readonly DesiredState: string;
  readonly JobIteration?: { readonly Index?: number };
  readonly Spec?: { readonly ContainerSpec?: { readonly Image?: string } };
  readonly Status: {
    readonly State: string;
    readonly Timestamp?: string;
    readonly Message?: string;
    readonly Err?: string;
    readonly ContainerStatus?: { readonly ExitCode?: number; readonly ContainerID?: string };
  };
}

export interface Cluster {
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly tasks: readonly Task[];
}

/** The wanted and running tasks of a service. For a job: the tasks to complete and those completed. */
export interface Count {
  readonly mode: 'replicated' | 'global' | 'job';
  readonly wanted: number;
  readonly running: number;
}

/** Only tasks on nodes that are ready count as running: the tasks of a dead node stay in the state "running". */
export function countOf(service: Service, { nodes, tasks }: Cluster): Count {
  const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID);
  const { Replicated, ReplicatedJob, GlobalJob } = service.Spec.Mode;
  if (ReplicatedJob || GlobalJob) {
    const now = service.JobStatus?.JobIteration?.Index ?? 0;
    const ours = own.filter(({ JobIteration }) => (JobIteration?.Index ?? 0) === now);
    const wanted = ReplicatedJob ? (ReplicatedJob.TotalCompletions ?? 1) : ours.length;
    return { mode: 'job', wanted, running: ours.filter(({ Status }) => Status.State === 'complete').length };
  }
  const ready = new Set(nodes.filter(({ Status }) => Status?.State === 'ready').map(({ ID }) => ID));
  const meant = own.filter(({ DesiredState }) => DesiredState === 'running');
  const running = meant.filter(({ Status, NodeID = '' }) => Status.State === 'running' && ready.has(NodeID));
  return Replicated
    ? { mode: 'replicated', wanted: Replicated.Replicas ?? 1, running: running.length }
    : { mode: 'global', wanted: meant.length, running: running.length };
}

/** The name of the host that is this node. It is in a label, because the node's hostname may be different. */
export const nameOf = ({ Spec, Description, ID }: Node): string =>
  Spec.Labels?.host ?? Description?.Hostname ?? ID;

/** The image without the digest that Docker adds: `nginx:1.28`. */
export const imageOf = ({ Spec }: Service): string =>
  (Spec.TaskTemplate.ContainerSpec?.Image ?? '').replace(/@sha256:[0-9a-f]+$/, '');

/** Docker's reason why a task failed; undefined if it did not. */
export function failureOf({ Status }: Task): string | undefined {
  if (!['failed', 'rejected', 'orphaned'].includes(Status.State)) return undefined;
  const code = Status.ContainerStatus?.ExitCode;
  return Status.Err || Status.Message || (code === undefined ? Status.State : `exit code ${code}`);
}
