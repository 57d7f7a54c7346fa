import { elapsed, escaped, tableOf, verdict } from '../../visualiser/page.ts';
import type { Workload } from '../cluster/objects.ts';
import { CRASHING, podState } from '../cluster/pods.ts';
import { countOf, shortImage } from '../cluster/workloads.ts';
import type { Cluster } from './cluster.ts';

/** The namespaces in which the charts are installed, in order. */
export const environmentsOf = ({ workloads }: Cluster): string[] => {
  const own = workloads.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/part-of'] === 'theapp');
  return [...new Set(own.map(({ metadata }) => metadata.namespace ?? ''))].sort();
};

/** The heads of a table of workloads. */
export const HEADS = ['Workload', 'Ready', 'Image', 'Release', 'Chart', 'Last update'];

/** An environment: whether it is healthy, and its workloads. */
export function environmentHtml(name: string, cluster: Cluster, now: number): string {
  const workloads = cluster.workloads
    .filter(({ metadata }) => metadata.namespace === name)
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const rows = workloads.map((one) => workloadCells(one.metadata.name, one, now));
  return `<h2>${escaped(name)} ${healthOf(name, workloads, cluster, now)}</h2>
${tableOf(name, HEADS, rows)}`;
}

/** Healthy if every workload has all its pods, with its newest definition, and no container keeps crashing. */
function healthOf(name: string, workloads: readonly Workload[], { pods }: Cluster, now: number): string {
  const counts = workloads.map(countOf);
  const crashing = pods.some(
    (pod) => pod.metadata.namespace === name && podState(pod, now)?.reason.startsWith(CRASHING),
  );
  if (crashing || counts.some(({ wanted, ready }) => ready < wanted)) return verdict(false, 'not healthy');
  return counts.some(({ wanted, updated }) => updated < wanted) ? 'updating' : verdict(true, 'healthy');
}

/** The row of a workload. Helm's own records are Secrets, so the release and its chart come from the labels. */
export function workloadCells(name: string, workload: Workload, now: number): string[] {
  const { wanted, ready } = countOf(workload);
  const { labels = {} } = workload.metadata;
  return [
    escaped(name),
    verdict(ready >= wanted, `${ready} of ${wanted}`),
    escaped((workload.spec.images ?? []).map(shortImage).join(', ')),
    escaped(labels['app.kubernetes.io/instance'] ?? ''),
    escaped(labels['helm.sh/chart'] ?? ''),
    updateOf(workload, now),
  ];
}

/** How far the last update of a workload has come. Only a Deployment says when it was completed, and why it was not. */
function updateOf(workload: Workload, now: number): string {
  const { wanted, updated } = countOf(workload);
  const progress = workload.status.conditions?.find(({ type }) => type === 'Progressing');
  if (progress?.status === 'False')
    return verdict(false, `failed: ${progress.message ?? progress.reason ?? ''}`);
  if (updated < wanted) return `${updated} of ${wanted} updated`;
  const at = Date.parse(progress?.lastUpdateTime ?? '');
  return Number.isNaN(at) ? 'completed' : `completed ${elapsed(now - at)} ago`;
}
