import { type Cluster, nameOf, type Service } from '../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, type Script, sh } from '../../../provision/index.ts';
import { managerOf, scale } from '../scale/scale.ts';
import type { Sessions } from '../sessions.ts';
import { probe, type Sight } from '../status/probe.ts';
import type { Power } from './power.ts';
import { type Provisioned, provision } from './provision.ts';

export interface StageOptions {
  readonly approach: string;
  readonly hosts: readonly Host[];
  readonly sessions: Sessions;
  /** Words for every run of the provisioner: where the machines are, and variables. */
  readonly where: readonly string[];
  readonly words: readonly string[];
  readonly power: Power;
  readonly tell: (line: string) => void;
}

/** A cluster to which something is done: what scenarios work with. */
export interface Stage extends StageOptions {
  probe(): Promise<Sight>;
  on(host: Host, script: Script, seconds?: number): Promise<string>;
  /** From another checkout, or with more words, where these are given. */
  provision(another?: { readonly from?: string; readonly words?: readonly string[] }): Promise<Provisioned>;
  /** So many replicas of a service, which are waited for. */
  scale(service: string, replicas: number): Promise<void>;
  host(name: string): Host;
  manager(): Promise<Host>;
  /** A worker where neither the Redis master nor the MariaDB primary stands. */
  calmWorker(): Promise<Host>;
  /** Where a service's first running task stands, and its container. */
  container(service: string): Promise<{ readonly host: Host; readonly id: string }>;
  /** Where the Redis master stands, as the Sentinels say. */
  redisMaster(): Promise<Host>;
}

/** The names of the stack's services, by the part they play. */
export const roles = {
  app: 'app',
  primary: 'mysql-primary',
} as const;

export function setStage(options: StageOptions): Stage {
  const { approach, hosts, sessions, where, words, tell } = options;
  const host = (name: string): Host => {
    const found = hosts.find((one) => one.name === name);
    if (found) return found;
    throw failure({ place: name, what: 'is none of the hosts' });
  };
  const see = () => probe(hosts, sessions);
  const container = async (name: string) => {
    const { cluster } = await see();
    const task = runningTasks(cluster, serviceNamed(cluster, name))[0];
    const id = task?.Status.ContainerStatus?.ContainerID;
    const node = cluster.nodes.find(({ ID }) => ID === task?.NodeID);
    if (id && node) return { host: host(nameOf(node)), id };
    throw failure({ place: name, what: 'has no running task' });
  };
  const redisMaster = async () => {
    const { cluster, data } = await see();
    const master = data.sentinels[0]?.master.replace(/:\d+$/, '') ?? '';
    return (await container(masterService(cluster, master))).host;
  };
  return {
    ...options,
    probe: see,
    on: (host, script, seconds) => sessions.run(host, script, seconds),
    provision: ({ from, words: more = [] } = {}) =>
      provision([approach, ...where, ...words, ...more], tell, from),
    async scale(name, replicas) {
      const service = serviceNamed((await see()).cluster, name).Spec.Name;
      const progress = (topic: string, line: string) => tell(`${topic}: ${line}`);
      await scale(hosts, { service, replicas }, sessions, { seconds: 900, progress });
    },
    host,
    manager: async () => managerOf(hosts, (await see()).cluster),
    async calmWorker() {
      const taken = [await redisMaster(), (await container(roles.primary)).host].map(({ name }) => name);
      const { cluster } = await see();
      const workers = cluster.nodes.filter(({ Spec }) => Spec.Role === 'worker').map(nameOf);
      const name = workers.find((name) => !taken.includes(name)) ?? workers[0];
      if (name !== undefined) return host(name);
      throw failure({ place: approach, what: 'has no worker' });
    },
    container,
    redisMaster,
  };
}

/** `app` of whichever stack. @throws ProvisionError when there is none */
export function serviceNamed({ services }: Cluster, name: string): Service {
  const found = services.find(({ Spec }) => Spec.Name === name || Spec.Name.endsWith(`_${name}`));
  if (found) return found;
  const known = services.map(({ Spec }) => Spec.Name).join(', ');
  throw failure({ place: name, what: 'there is no such service', why: `there are: ${known}` });
}

export const runningTasks = ({ tasks }: Cluster, { ID }: Service) =>
  tasks.filter(
    ({ ServiceID, DesiredState, Status }) =>
      ServiceID === ID && DesiredState === 'running' && Status.State === 'running',
  );

/** Sentinels announce the name by which a Redis is known in the stack. */
function masterService({ services }: Cluster, master: string): string {
  const found = services.find(
    ({ Spec }) => master && (Spec.Name === master || Spec.Name.endsWith(`_${master}`)),
  );
  if (found) return found.Spec.Name;
  throw failure({ what: 'the Sentinels name no master that is a service', why: `they say "${master}"` });
}

/** Docker's own words for what a container's processes are, and a signal for each. */
export const signal = (id: string, name: 'STOP' | 'KILL') =>
  sh`docker top ${id} -eo pid | sed 1d | xargs kill ${`-${name}`}`;
