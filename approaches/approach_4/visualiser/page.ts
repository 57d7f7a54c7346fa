import { tableOf } from '../../visualiser/page.ts';
import type { Workload } from '../cluster/objects.ts';
import type { Cluster } from './cluster.ts';
import { environmentHtml, environmentsOf, HEADS, workloadCells } from './environments.ts';
import { nodesHtml } from './nodes.ts';

/** The environments, the workloads of the cluster itself, and each node with its pods. `now` is milliseconds since 1970. */
export function bodyOf(cluster: Cluster, now: number): string {
  const environments = environmentsOf(cluster);
  const isSystem = ({ metadata }: Workload) => !environments.includes(metadata.namespace ?? '');
  const system = cluster.workloads
    .filter(isSystem)
    .map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one] as const)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, one]) => workloadCells(name, one, now));
  return `
${environments.map((name) => environmentHtml(name, cluster, now)).join('\n')}
<h2>The cluster itself</h2>
${tableOf('The cluster itself', HEADS, system)}
${nodesHtml(cluster, environments, now)}`;
}
