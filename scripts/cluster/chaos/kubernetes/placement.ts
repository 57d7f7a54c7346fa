import { setTimeout as sleep } from 'node:timers/promises';
import { isControlPlane } from '../../../../approaches/approach_4/cluster/nodes.ts';
import { failure, type Host, sh } from '../../../../provision/index.ts';
import { summaryOf } from '../../sessions.ts';
import type { Target } from './target.ts';

/** All nodes that are not control planes. */
export const workersOf = (target: Target): Promise<Host[]> => nodesOf(target, false);

export const controlPlanesOf = (target: Target): Promise<Host[]> => nodesOf(target, true);

async function nodesOf(target: Target, controlPlanes: boolean): Promise<Host[]> {
  const { objects } = await target.probe();
  return objects.nodes
    .filter((node) => isControlPlane(node) === controlPlanes)
    .map(({ metadata }) => target.host(metadata.name));
}

/** A worker that does not run the MariaDB primary. */
export async function workerWithoutPrimary(target: Target): Promise<Host> {
  const primary = target.hostOf(await target.pod('mysql-0')).name;
  const found = (await workersOf(target)).find(({ name }) => name !== primary);
  if (found) return found;
  throw failure({
    place: target.approach,
    what: 'the cluster has no worker without the MariaDB primary',
    todo: `npm run status -- ${target.approach}`,
  });
}

/**
 * Spreads the replicas of TheAPP and of nginx over several nodes, before the load begins. After a node was drained, all
 * of them run on the others, because Kubernetes moves no pod back.
 *
 * @throws ProvisionError after some seconds, with the reason of the last eviction that was refused
 */
export async function spread(
  target: Pick<Target, 'pods' | 'progress' | 'kubectl' | 'environment'>,
  seconds = 180,
): Promise<void> {
  for (const component of ['app', 'edge']) {
    let refused = '';
    for (const end = performance.now() + seconds * 1000; ; await sleep(5000)) {
      const pods = await target.pods(component);
      if (new Set(pods.map(({ spec }) => spec.nodeName)).size > 1) break;
      if (performance.now() > end)
        throw failure({
          place: component,
          what: `all replicas are on one node for ${seconds} s`,
          said: refused,
        });
      target.progress(`moving a replica of ${component} to another node${refused && `; ${refused}`}`);
      // a disruption budget allows it again once all replicas are ready
      refused = await evict(target, pods[0].metadata.name).then(() => '', summaryOf);
    }
  }
}

/** Evicts a pod through the API, as `kubectl drain` does. @throws ProvisionError if its disruption budget forbids it */
export async function evict(target: Pick<Target, 'kubectl' | 'environment'>, name: string): Promise<void> {
  const { environment: namespace } = target;
  const input = JSON.stringify({
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
  });
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  await target.kubectl(sh`create --raw=${path} --filename=- >/dev/null`, { input });
}
