import type { Cluster, Node, Service, Task } from '../approaches/approach_2/services/swarm.ts';

/** A ready node with this name. */
export const node = (ID: string, more: Partial<Node> = {}): Node => ({
  ID,
  Spec: { Role: 'worker', Availability: 'active', Labels: { host: ID } },
  Description: { Hostname: `vm-${ID}` },
  Status: { State: 'ready', Addr: '10.77.2.11' },
  ...more,
});
export const manager = node('manager', {
  Spec: { Role: 'manager', Availability: 'active', Labels: { host: 'manager' } },
  ManagerStatus: { Leader: true, Reachability: 'reachable' },
});

/** The service `theapp_NAME` with the image of that name. */
export const service = (
  name: string,
  Mode: Service['Spec']['Mode'],
  more: Partial<Service> = {},
): Service => ({
  ID: name,
  Spec: {
    Name: `theapp_${name}`,
    Mode,
    TaskTemplate: { ContainerSpec: { Image: `${name}:1@sha256:${'0'.repeat(64)}` } },
  },
  ...more,
});
export const app = service('app', { Replicated: { Replicas: 2 } });

let number = 0;
/** A task of a service on a node. */
export const task = (
  ServiceID: string,
  NodeID: string,
  state = 'running',
  more: Partial<Task> = {},
): Task => ({
  ID: `task${number++}`,
  ServiceID,
  NodeID,
  Slot: 1,
  DesiredState: 'running',
  Status: { State: state, Timestamp: '2026-11-21T14:59:00Z' },
  ...more,
});

export const nodes = [manager, node('worker1'), node('worker2')];
export const running = [task('app', 'worker1'), task('app', 'worker2')];
/** By default three nodes and two tasks of the application. */
export const cluster = (more: Partial<Cluster> = {}): Cluster => ({
  nodes,
  services: [app],
  tasks: running,
  ...more,
});
