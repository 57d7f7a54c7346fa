import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Cluster,
  countOf,
  nameOf,
  type Service,
} from '../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, sh } from '../../../provision/index.ts';
import type { Sessions } from '../sessions.ts';
import { probe } from '../status/probe.ts';
import { find, progressOf, type Request } from './request.ts';

export interface Scaled {
  readonly service: string;
  readonly before: number;
  readonly after: number;
  readonly seconds: number;
}

interface Options {
  /** How long it may take until all run. */
  readonly seconds: number;
  readonly progress: (topic: string, line: string) => void;
}

/** Milliseconds between two looks. */
const EVERY = 2000;

/**
 * Scales a service and waits until exactly as many tasks run.
 *
 * @throws ProvisionError (input) for what cannot be scaled, (failed) when it does not get there in time
 */
export async function scale(
  hosts: readonly Host[],
  request: Request,
  sessions: Sessions,
  { seconds, progress }: Options,
): Promise<Scaled> {
  const began = performance.now();
  const { cluster } = await probe(hosts, sessions);
  const service = find(cluster, request);
  const name = service.Spec.Name;
  const before = countOf(service, cluster).wanted;
  if (before !== request.replicas)
    await order(managerOf(hosts, cluster), service, request.replicas, sessions);
  for (let words = ''; ; await sleep(EVERY)) {
    const passed = (performance.now() - began) / 1000;
    if (passed > seconds)
      throw failure({
        place: name,
        what: `not at ${request.replicas} within ${seconds} s`,
        why: words,
        todo: `npm run status says more; back again: ${request.service}=${before}`,
      });
    // Between two elections of the managers nobody can say anything.
    const seen = await probe(hosts, sessions).catch(() => undefined);
    const now = seen?.cluster.services.find(({ ID }) => ID === service.ID);
    if (!seen || !now) continue;
    const { done, words: latest } = progressOf(seen.cluster, now, request.replicas);
    words = latest;
    progress(name, `${words}: ${Math.round(passed)} s`);
    if (done) return { service: name, before, after: request.replicas, seconds: Number(passed.toFixed(1)) };
  }
}

async function order(manager: Host, { Spec }: Service, replicas: number, sessions: Sessions): Promise<void> {
  await sessions.run(manager, sh`docker service scale --detach ${`${Spec.Name}=${replicas}`}`);
}

/** The host that leads the cluster. @throws ProvisionError (failed) when it is not among the hosts */
export function managerOf(hosts: readonly Host[], { nodes }: Cluster): Host {
  const leader = nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader);
  const host = hosts.find(({ name }) => leader && name === nameOf(leader));
  if (host) return host;
  throw failure({
    what: `the leader ${leader ? nameOf(leader) : ''} is none of the hosts`.replace('  ', ' '),
  });
}
