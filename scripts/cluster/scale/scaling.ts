import {
  type Cluster,
  countOf,
  nameOf,
  type Service,
} from '../../../approaches/approach_2/services/swarm.ts';
import { failure, type Host, sh } from '../../../provision/index.ts';
import type { Sessions } from '../sessions.ts';
import { probe } from '../status/probe.ts';
import { findService, progressOf, type ScaleRequest } from './request.ts';
import { type Scaled, type ScaleOptions, scaleBack, waitForReplicas } from './wait.ts';

/**
 * Scales a service and waits until exactly as many tasks run.
 *
 * @throws ProvisionError (input) if it cannot be scaled, (failed) if it misses the deadline
 */
export async function scale(
  hosts: readonly Host[],
  request: ScaleRequest,
  sessions: Sessions,
  options: ScaleOptions,
): Promise<Scaled> {
  const began = performance.now();
  const { cluster } = await probe(hosts, sessions);
  const service = findService(cluster, request);
  const name = service.Spec.Name;
  const before = countOf(service, cluster).wanted;
  if (before !== request.replicas)
    await applyReplicas(managerOf(hosts, cluster), service, request.replicas, sessions);
  const wanted = { name, began, replicas: request.replicas, todo: scaleBack(request, before) };
  const seconds = await waitForReplicas({ ...options, ...wanted }, async () => {
    // No manager answers while the managers elect a leader.
    const snapshot = await probe(hosts, sessions).catch(() => undefined);
    const now = snapshot?.cluster.services.find(({ ID }) => ID === service.ID);
    return snapshot && now ? progressOf(snapshot.cluster, now, request.replicas) : undefined;
  });
  return { service: name, before, after: request.replicas, seconds };
}

async function applyReplicas(
  manager: Host,
  { Spec }: Service,
  replicas: number,
  sessions: Sessions,
): Promise<void> {
  await sessions.run(manager, sh`docker service scale --detach ${`${Spec.Name}=${replicas}`}`);
}

/** The host of the swarm leader. @throws ProvisionError (failed) if it is not among the hosts */
export function managerOf(hosts: readonly Host[], { nodes }: Cluster): Host {
  const leader = nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader);
  const host = hosts.find(({ name }) => leader && name === nameOf(leader));
  if (host) return host;
  throw failure({
    what: leader ? `the swarm leader ${nameOf(leader)} is not among the hosts` : 'the swarm has no leader',
    todo: 'npm run status -- APPROACH shows the managers',
  });
}
