import { type Cluster, nameOf, type Service } from '../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, type Script, sh } from '../../../provision/index.ts';
import { managerOf, scale } from '../scale/scaling.ts';
import type { Sessions } from '../sessions.ts';
import { type ClusterSnapshot, probe } from '../status/probe.ts';
import type { Power } from './power.ts';
import { type Provisioned, provision } from './provisioner.ts';

export interface TargetOptions {
  readonly approach: string;
  readonly hosts: readonly Host[];
  readonly sessions: Sessions;
  /** Arguments for every provisioning run: where the machines are, and variables. */
  readonly where: readonly string[];
  readonly words: readonly string[];
  readonly power: Power;
  readonly progress: (line: string) => void;
}

/** The cluster that a scenario injects a fault into. */
export interface Target extends TargetOptions {
  probe(): Promise<ClusterSnapshot>;
  on(host: Host, script: Script, seconds?: number): Promise<string>;
  /** Provisions, from another checkout or with more arguments if given. */
  provision(another?: { readonly from?: string; readonly words?: readonly string[] }): Promise<Provisioned>;
  /** Scales a service and waits for its replicas. */
  scale(service: string, replicas: number): Promise<void>;
  host(name: string): Host;
  manager(): Promise<Host>;
  /** A worker that runs neither the Redis master nor the MariaDB primary, if there is one. */
  statelessWorker(): Promise<Host>;
  /** The host and container of a service's first running task. */
  container(service: string): Promise<{ readonly host: Host; readonly id: string }>;
  /** The host of the Redis master, according to Sentinel. */
  redisMaster(): Promise<Host>;
}

/** The names of the stack's services that scenarios need. */
export const services = {
  app: 'app',
  primary: 'mysql-primary',
} as const;

export function newTarget(options: TargetOptions): Target {
  const { approach, hosts, sessions, where, words, progress } = options;
  const host = (name: string): Host => {
    const found = hosts.find((one) => one.name === name);
    if (found) return found;
    throw failure({
      place: name,
      what: 'is not a host of this cluster',
      why: `its hosts: ${hosts.map((one) => one.name).join(', ')}`,
    });
  };
  const observe = () => probe(hosts, sessions);
  const container = async (name: string) => {
    const { cluster } = await observe();
    const task = runningTasks(cluster, serviceNamed(cluster, name))[0];
    const id = task?.Status.ContainerStatus?.ContainerID;
    const node = cluster.nodes.find(({ ID }) => ID === task?.NodeID);
    if (id && node) return { host: host(nameOf(node)), id };
    throw failure({
      place: name,
      what: 'the service has no running task',
      todo: `npm run status -- ${approach}`,
    });
  };
  const redisMaster = async () => {
    const { cluster, data } = await observe();
    const master = data.sentinels[0]?.master.replace(/:\d+$/, '') ?? '';
    return (await container(masterService(cluster, master))).host;
  };
  return {
    ...options,
    probe: observe,
    on: (host, script, seconds) => sessions.run(host, script, seconds),
    provision: ({ from, words: more = [] } = {}) =>
      provision([approach, ...where, ...words, ...more], progress, from),
    async scale(name, replicas) {
      const service = serviceNamed((await observe()).cluster, name).Spec.Name;
      const show = (topic: string, line: string) => progress(`${topic}: ${line}`);
      await scale(hosts, { service, replicas }, sessions, { seconds: 900, progress: show });
    },
    host,
    manager: async () => managerOf(hosts, (await observe()).cluster),
    async statelessWorker() {
      const stateful = [await redisMaster(), (await container(services.primary)).host].map(
        ({ name }) => name,
      );
      const { cluster } = await observe();
      const workers = cluster.nodes.filter(({ Spec }) => Spec.Role === 'worker').map(nameOf);
      const name = workers.find((name) => !stateful.includes(name)) ?? workers[0];
      if (name !== undefined) return host(name);
      throw failure({
        place: approach,
        what: 'the cluster has no worker',
        todo: `npm run status -- ${approach}`,
      });
    },
    container,
    redisMaster,
  };
}

/** The service of that name in any stack. @throws ProvisionError if there is none */
export function serviceNamed({ services }: Cluster, name: string): Service {
  const found = services.find(({ Spec }) => Spec.Name === name || Spec.Name.endsWith(`_${name}`));
  if (found) return found;
  const known = services.map(({ Spec }) => Spec.Name).join(', ');
  throw failure({ place: name, what: 'there is no such service', why: `services: ${known}` });
}

export const runningTasks = ({ tasks }: Cluster, { ID }: Service) =>
  tasks.filter(
    ({ ServiceID, DesiredState, Status }) =>
      ServiceID === ID && DesiredState === 'running' && Status.State === 'running',
  );

/** The full name of the service that Sentinel names as the master. */
function masterService({ services }: Cluster, master: string): string {
  const found = services.find(
    ({ Spec }) => master && (Spec.Name === master || Spec.Name.endsWith(`_${master}`)),
  );
  if (found) return found.Spec.Name;
  throw failure({ what: 'the master that Sentinel names is not a service', why: `found "${master}"` });
}

/** A script that sends a signal to every process of a container. */
export const signal = (id: string, name: 'STOP' | 'KILL') =>
  sh`docker top ${id} -eo pid | sed 1d | xargs kill ${`-${name}`}`;
