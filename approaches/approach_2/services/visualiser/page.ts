import { elapsed, escaped, tableOf, verdict } from '../../../visualiser/page.ts';
import { type Cluster, countOf, failureOf, imageOf, nameOf, type Task } from '../swarm.ts';

/** How many failed tasks are shown for each node, the latest first. */
const SHOWN = 3;

/** The services, and each node with its tasks. `now` is in milliseconds since 1970. */
export function bodyOf(cluster: Cluster, now: number): string {
  const services = cluster.services.toSorted((a, b) => a.Spec.Name.localeCompare(b.Spec.Name));
  const nodes = cluster.nodes.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const rows = services.map((service) => {
    const { wanted, running, mode } = countOf(service, cluster);
    const words = verdict(running >= wanted, `${running} of ${wanted}`);
    const update = service.UpdateStatus?.State?.replaceAll('_', ' ') ?? '';
    return [
      escaped(service.Spec.Name),
      `${words}${mode === 'job' ? ' completed' : ''}`,
      escaped(imageOf(service)),
      escaped(update),
    ];
  });
  const homeless = cluster.tasks.filter((task) => !task.NodeID && task.DesiredState === 'running');
  return `
${tableOf('Services', ['Service', 'Running', 'Image', 'Last update'], rows)}
<div class="nodes">
${nodes.map((node) => nodeHtml(node, cluster, now)).join('\n')}
${homeless.length > 0 ? `<section><h2 class="bad">Not on any node</h2>${tasksHtml(homeless, cluster, now)}</section>` : ''}
</div>`;
}

function nodeHtml(node: Cluster['nodes'][number], cluster: Cluster, now: number): string {
  const { Spec, Status, ManagerStatus } = node;
  const tasks = cluster.tasks.filter(({ NodeID }) => NodeID === node.ID);
  const failed = tasks.filter(failureOf).sort(latestFirst).slice(0, SHOWN);
  const state = Status?.State ?? 'unknown';
  const words = [ManagerStatus?.Leader ? 'leader' : Spec.Role, Spec.Availability, Status?.Addr ?? ''];
  return `<section><h2>${escaped(nameOf(node))} ${verdict(state === 'ready', state)}</h2>
<small>${escaped(words.filter(Boolean).join(' · '))}</small>
${tasksHtml([...tasks.filter(({ DesiredState }) => DesiredState === 'running'), ...failed], cluster, now)}</section>`;
}

function tasksHtml(tasks: readonly Task[], { services }: Cluster, now: number): string {
  const items = tasks.map((task) => {
    const service = services.find(({ ID }) => ID === task.ServiceID)?.Spec.Name ?? task.ServiceID;
    const why = failureOf(task) ?? (task.Status.State === 'running' ? undefined : task.Status.Err);
    const words = `${task.Status.State} ${since(task, now)}`;
    const good = task.Status.State === 'running';
    const image = task.Spec?.ContainerSpec?.Image?.replace(/@sha256:.*$/, '') ?? '';
    return {
      key: `${service}.${task.Slot ?? ''}`,
      item: `<li>${escaped(service)}${task.Slot ? `.${task.Slot}` : ''} ${verdict(good, words)}<br><small>${escaped(image)}${why ? `<br>${escaped(why)}` : ''}</small></li>`,
    };
  });
  return `<ul>${items
    .sort((a, b) => a.key.localeCompare(b.key))
    .map(({ item }) => item)
    .join('\n')}</ul>`;
}

const latestFirst = (a: Task, b: Task) => (b.Status.Timestamp ?? '').localeCompare(a.Status.Timestamp ?? '');

function since({ Status }: Task, now: number): string {
  const at = Date.parse(Status.Timestamp ?? '');
  return Number.isNaN(at) ? '' : `for ${elapsed(now - at)}`;
}
