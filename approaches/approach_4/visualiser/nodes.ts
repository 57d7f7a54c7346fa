import { elapsed, escaped, verdict } from '../../visualiser/page.ts';
import { isControlPlane, isNodeReady } from '../cluster/nodes.ts';
import type { Node, Pod } from '../cluster/objects.ts';
import { isReady, podState } from '../cluster/pods.ts';
import { shortImage } from '../cluster/workloads.ts';
import type { Cluster } from './cluster.ts';

/** How many failed pods are shown in each namespace of a node, the latest first. */
const SHOWN = 3;

/** Each node with its pods, and the pods that have no node. The namespaces of `first` come first. */
export function nodesHtml({ nodes, pods }: Cluster, first: readonly string[], now: number): string {
  const sections = nodes
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map((node) => {
      const own = pods.filter(({ spec }) => spec.nodeName === node.metadata.name);
      return `${headOf(node)}\n${podsHtml(own, first, now)}`;
    });
  const homeless = pods.filter(({ spec, status }) => !spec.nodeName && status.phase === 'Pending');
  if (homeless.length > 0)
    sections.push(`<h2 class="bad">Not on any node</h2>\n${podsHtml(homeless, first, now)}`);
  return `<div class="nodes">
${sections.map((section) => `<section>${section}</section>`).join('\n')}
</div>`;
}

/** The name of a node, its state, and why it is not ready. */
function headOf(node: Node): string {
  const { metadata, spec, status } = node;
  const condition = status.conditions?.find(({ type }) => type === 'Ready');
  const ready = isNodeReady(node);
  const state = ready ? 'ready' : condition?.status === 'False' ? 'not ready' : 'down';
  const pressures = (status.conditions ?? []).filter(
    ({ type, status }) => /Pressure$/.test(type) && status === 'True',
  );
  const address = status.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const words = [
    isControlPlane(node) ? 'control plane' : 'worker',
    address,
    status.nodeInfo?.kubeletVersion,
    spec.unschedulable ? 'cordoned' : undefined,
  ];
  const why = [ready ? undefined : condition?.message, ...pressures.map(({ type }) => type)];
  return `<h2>${escaped(metadata.name)} ${verdict(ready, state)}</h2>
<small>${escaped(words.filter(Boolean).join(' · '))}</small>${why
    .filter((one) => one !== undefined)
    .map((one) => `<br><small class="bad">${escaped(one)}</small>`)
    .join('')}`;
}

/** Pods by namespace. Pods of jobs that have succeeded are left out. */
function podsHtml(pods: readonly Pod[], first: readonly string[], now: number): string {
  const rank = (name: string) => (first.includes(name) ? 0 : 1);
  return [...Map.groupBy(pods, ({ metadata }) => metadata.namespace ?? '')]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([namespace, own]) => [namespace, shownOf(own)] as const)
    .filter(([, own]) => own.length > 0)
    .map(
      ([namespace, own]) =>
        `<h3>${escaped(namespace)}</h3>\n<ul>${own.map((pod) => podHtml(pod, now)).join('\n')}</ul>`,
    )
    .join('\n');
}

function shownOf(pods: readonly Pod[]): Pod[] {
  const since = ({ metadata }: Pod) => metadata.creationTimestamp ?? '';
  const failed = pods
    .filter(({ status }) => status.phase === 'Failed')
    .sort((a, b) => since(b).localeCompare(since(a)));
  const others = pods.filter(({ status }) => !['Failed', 'Succeeded'].includes(status.phase ?? ''));
  return [...others, ...failed.slice(0, SHOWN)].sort((a, b) =>
    a.metadata.name.localeCompare(b.metadata.name),
  );
}

function podHtml(pod: Pod, now: number): string {
  const { metadata, spec, status } = pod;
  const restarts = (status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
  const small = [
    (spec.images ?? []).map(shortImage).join(', '),
    restarts === 0 ? '' : restarts === 1 ? '1 restart' : `${restarts} restarts`,
  ].filter(Boolean);
  const { words, reason } = stateOf(pod, now);
  const why = reason ? `<br>${escaped(reason)}` : '';
  return `<li>${escaped(metadata.name)} ${verdict(isReady(pod), words)}<br><small>${escaped(small.join(' · '))}${why}</small></li>`;
}

/** The state of a pod, since when, and why it is not as it should be. */
function stateOf(pod: Pod, now: number): { readonly words: string; readonly reason: string } {
  const found = podState(pod, now);
  if (isReady(pod)) {
    const at = pod.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
    const last = found ? `restarted ${elapsed(found.seconds * 1000)} ago: ${found.reason}` : '';
    return { words: since('ready', at, now), reason: last };
  }
  if (found) return { words: `${found.state} for ${elapsed(found.seconds * 1000)}`, reason: found.reason };
  const { deletionTimestamp, creationTimestamp } = pod.metadata;
  const state = deletionTimestamp ? 'stopping' : (pod.status.phase ?? 'unknown').toLowerCase();
  return { words: deletionTimestamp ? state : since(state, creationTimestamp, now), reason: '' };
}

function since(words: string, time: string | undefined, now: number): string {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? words : `${words} for ${elapsed(now - at)}`;
}
