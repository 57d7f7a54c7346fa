import {
  type Count,
  countOf,
  failureOf,
  imageOf,
  nameOf,
  type Service,
  type Task,
} from '../../../approaches/approach_2/services/swarm.ts';
import { dataProblems, type Replica, type Sentinel } from './data.ts';
import type { ClusterSnapshot } from './probe.ts';

export interface NodeState {
  readonly name: string;
  readonly role: string;
  /** `leader`, `reachable` or `unreachable`; workers have none. */
  readonly manager?: string;
  readonly state: string;
  readonly availability: string;
  readonly tasks: number;
}

export interface ServiceState extends Count {
  readonly name: string;
  readonly image: string;
  /** Of the last update: `updating`, `completed`, `paused`, `rollback_completed` and so on. */
  readonly update?: string;
  /** Docker's message about it. */
  readonly message?: string;
}

/** A task that failed within the last hour, or that should run and does not. */
export interface TaskState {
  readonly task: string;
  readonly node: string;
  readonly state: string;
  readonly seconds: number;
  readonly error: string;
}

/** A cluster as `npm run status` shows it. */
export interface State {
  readonly healthy: boolean;
  /** Why it is not healthy, one line each. */
  readonly problems: readonly string[];
  readonly nodes: readonly NodeState[];
  readonly services: readonly ServiceState[];
  readonly failing: readonly TaskState[];
  readonly replicas: readonly Replica[];
  readonly sentinels: readonly Sentinel[];
}

/** Seconds: the age up to which failed tasks are listed. */
const RECENT = 3600;
/** Failed tasks that are listed, the latest first. */
const SHOWN = 10;

/** The state of a cluster, from a snapshot. `now` is milliseconds since 1970. */
export function stateOf({ cluster, data, unreachable }: ClusterSnapshot, now: number): State {
  const services = cluster.services
    .map((service) => ({
      name: service.Spec.Name,
      image: imageOf(service),
      ...countOf(service, cluster),
      ...updateOf(service),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
  const nodes = cluster.nodes
    .map((node): NodeState => {
      const { Spec, Status, ManagerStatus: manager } = node;
      const own = cluster.tasks.filter(
        ({ NodeID, DesiredState, Status }) =>
          NodeID === node.ID && DesiredState === 'running' && Status.State === 'running',
      );
      return {
        name: nameOf(node),
        role: Spec.Role,
        ...(manager ? { manager: manager.Leader ? 'leader' : (manager.Reachability ?? 'unknown') } : {}),
        state: Status?.State ?? 'unknown',
        availability: Spec.Availability,
        tasks: own.length,
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
  const problems = [
    ...Object.entries(unreachable).map(([host, why]) => `${host} does not answer: ${why}`),
    ...nodes.flatMap(nodeProblems),
    ...services.flatMap(serviceProblems),
    ...dataProblems(data),
  ];
  return {
    healthy: problems.length === 0,
    problems,
    nodes,
    services,
    failing: failing(cluster, now),
    ...data,
  };
}

function updateOf({ UpdateStatus }: Service): Pick<ServiceState, 'update' | 'message'> {
  const { State, Message } = UpdateStatus ?? {};
  return { ...(State ? { update: State } : {}), ...(Message ? { message: Message } : {}) };
}

function nodeProblems({ name, state, manager }: NodeState): string[] {
  return [
    ...(state === 'ready' ? [] : [`node ${name} is ${state}`]),
    ...(manager === 'unreachable' ? [`the other managers cannot reach ${name}`] : []),
  ];
}

function serviceProblems({ name, mode, wanted, running, update, message }: ServiceState): string[] {
  const words = mode === 'job' ? 'completed' : 'running';
  return [
    ...(running < wanted ? [`${name}: ${running} of ${wanted} ${words}`] : []),
    ...(update?.endsWith('paused')
      ? [`${name}: the ${update.startsWith('rollback') ? 'rollback' : 'update'} is paused: ${message ?? ''}`]
      : []),
  ];
}

function failing({ nodes, services, tasks }: ClusterSnapshot['cluster'], now: number): TaskState[] {
  const nodeOf = (id: string | undefined) => {
    const node = nodes.find(({ ID }) => ID === id);
    return node ? nameOf(node) : '';
  };
  const shown = (task: Task): TaskState[] => {
    const { DesiredState, Status } = task;
    const seconds = Math.max(0, Math.round((now - Date.parse(Status.Timestamp ?? '')) / 1000)) || 0;
    const waits =
      DesiredState === 'running' && Status.State !== 'running' && Status.Err ? Status.Err : undefined;
    const error = failureOf(task) ?? waits;
    if (error === undefined || seconds > RECENT) return [];
    const service = services.find(({ ID }) => ID === task.ServiceID)?.Spec.Name ?? task.ServiceID;
    return [
      {
        task: `${service}.${task.Slot ?? nodeOf(task.NodeID)}`,
        node: nodeOf(task.NodeID),
        state: Status.State,
        seconds,
        error,
      },
    ];
  };
  return tasks
    .flatMap(shown)
    .sort((a, b) => a.seconds - b.seconds)
    .slice(0, SHOWN);
}
