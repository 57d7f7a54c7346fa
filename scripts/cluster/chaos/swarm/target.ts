import {
  type Cluster,
  countOf,
  nameOf,
  type Service,
} from '../../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, type Script, sh, urlOf } from '../../../../provision/index.ts';
import { managerOf, scale } from '../../scale/scaling.ts';
import { type ClusterSnapshot, probe } from '../../status/probe.ts';
import { stateOf } from '../../status/state.ts';
import { hostIn, provisioning } from '../machines.ts';
import type { Observation, Subject } from '../subject.ts';
import type { TargetOptions } from '../suite.ts';

/** The swarm that a scenario injects a fault into. */
export interface Target extends Subject, Pick<TargetOptions, 'hosts' | 'power'> {
  probe(): Promise<ClusterSnapshot>;
  on(host: Host, script: Script, seconds?: number): Promise<string>;
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
  const { approach, hosts, sessions, commands, progress } = options;
  const host = (name: string) => hostIn(hosts, name);
  const look = () => probe(hosts, sessions);
  const container = async (name: string) => {
    const { cluster } = await look();
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
    const { cluster, data } = await look();
    const master = data.sentinels[0]?.master.replace(/:\d+$/, '') ?? '';
    return (await container(masterService(cluster, master))).host;
  };
  return {
    ...options,
    urls: hosts.map((host) => new URL(urlOf(host, 80)).origin),
    health: '/nodez',
    probe: look,
    observe: async () => observationOf(await look()),
    on: (host, script, seconds) => commands.run(host, script, seconds),
    provision: provisioning(options),
    async scale(name, replicas) {
      const service = serviceNamed((await look()).cluster, name).Spec.Name;
      const show = (topic: string, line: string) => progress(`${topic}: ${line}`);
      await scale(hosts, { service, replicas }, commands, { seconds: 900, progress: show });
    },
    host,
    manager: async () => managerOf(hosts, (await look()).cluster),
    async statelessWorker() {
      const stateful = [await redisMaster(), (await container(services.primary)).host].map(
        ({ name }) => name,
      );
      const { cluster } = await look();
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

/** What an experiment must know of a swarm. */
export function observationOf(snapshot: ClusterSnapshot): Observation {
  const { cluster } = snapshot;
  const { wanted, running } = countOf(serviceNamed(cluster, services.app), cluster);
  return {
    problems: stateOf(snapshot, Date.now()).problems,
    underReplicated: running < wanted,
    running: new Map(
      cluster.services.flatMap((service) =>
        runningTasks(cluster, service).map(({ ID }) => [ID, service.Spec.Name]),
      ),
    ),
  };
}

/** The service of that name in any stack. @throws ProvisionError if there is none */
export function serviceNamed({ services }: Cluster, name: string): Service {
  const found = services.find(({ Spec }) => Spec.Name === name || Spec.Name.endsWith(`_${name}`));
  if (found) return found;
  const known = services.map(({ Spec }) => Spec.Name).join(', ');
  throw failure({ place: name, what: 'there is no such service', why: `services: ${known}` });
}

const runningTasks = ({ tasks }: Cluster, { ID }: Service) =>
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
