import { createHash } from 'node:crypto';
import { type Cluster, countOf, failureOf, imageOf, nameOf, type Task } from '../swarm.ts';

/** Seconds after which a browser reloads the page. */
const REFRESH = 5;
/** How many failed tasks are shown for each node, the latest first. */
const SHOWN = 3;

const style = `
:root { color-scheme: light dark; --line: #c6cede; --box: #f3f6fb; --good: #1a7f42; --bad: #b3261e; --dim: #5b667c }
@media (prefers-color-scheme: dark) { :root { --line: #3a4358; --box: #1d2331; --good: #5dd28b; --bad: #ff8f86; --dim: #a3aec4 } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin: 0 0 .3rem }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem }
section { background: var(--box); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1rem }
ul { list-style: none; margin: .6rem 0 0; padding: 0 }
li { border-top: 1px solid var(--line); padding: .35rem 0; overflow-wrap: anywhere }
small { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; margin: 0 0 1.2rem } td, th { text-align: left; padding: .2rem 1.2rem .2rem 0 }
`;

/** The browser may only display the page. */
export const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Escapes text for HTML. All names on the page are escaped, because they are chosen by whoever starts a service. */
export const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** A page with the services, and each node with its tasks. `now` is in milliseconds since 1970. */
export function pageOf(cluster: Cluster, now: number): string {
  const services = cluster.services.toSorted((a, b) => a.Spec.Name.localeCompare(b.Spec.Name));
  const nodes = cluster.nodes.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const rows = services.map((service) => {
    const { wanted, running, mode } = countOf(service, cluster);
    const words = `<span class="${running >= wanted ? 'good' : 'bad'}">${running} of ${wanted}</span>`;
    const update = service.UpdateStatus?.State?.replaceAll('_', ' ') ?? '';
    return `<tr><td>${escaped(service.Spec.Name)}</td><td>${words}${mode === 'job' ? ' completed' : ''}</td><td>${escaped(imageOf(service))}</td><td>${escaped(update)}</td></tr>`;
  });
  const homeless = cluster.tasks.filter((task) => !task.NodeID && task.DesiredState === 'running');
  return html(`
<table><caption hidden>Services</caption><thead><tr><th>Service</th><th>Running</th><th>Image</th><th>Last update</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>
<main>
${nodes.map((node) => nodeHtml(node, cluster, now)).join('\n')}
${homeless.length > 0 ? `<section><h2 class="bad">Not on any node</h2>${tasksHtml(homeless, cluster, now)}</section>` : ''}
</main>`);
}

/** A page that only shows an error. */
export const sorry = (words: string) => html(`<p class="bad">${escaped(words)}</p>`);

function nodeHtml(node: Cluster['nodes'][number], cluster: Cluster, now: number): string {
  const { Spec, Status, ManagerStatus } = node;
  const tasks = cluster.tasks.filter(({ NodeID }) => NodeID === node.ID);
  const failed = tasks.filter(failureOf).sort(latestFirst).slice(0, SHOWN);
  const state = Status?.State ?? 'unknown';
  const words = [ManagerStatus?.Leader ? 'leader' : Spec.Role, Spec.Availability, Status?.Addr ?? ''];
  return `<section><h2>${escaped(nameOf(node))} <span class="${state === 'ready' ? 'good' : 'bad'}">${escaped(state)}</span></h2>
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
      item: `<li>${escaped(service)}${task.Slot ? `.${task.Slot}` : ''} <span class="${good ? 'good' : 'bad'}">${escaped(words)}</span><br><small>${escaped(image)}${why ? `<br>${escaped(why)}` : ''}</small></li>`,
    };
  });
  return `<ul>${items
    .sort((a, b) => a.key.localeCompare(b.key))
    .map(({ item }) => item)
    .join('\n')}</ul>`;
}

const html = (body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH}"><title>Nodes and tasks</title><style>${style}</style></head>
<body><h1>Nodes and tasks</h1>${body}</body></html>
`;

const latestFirst = (a: Task, b: Task) => (b.Status.Timestamp ?? '').localeCompare(a.Status.Timestamp ?? '');

function since({ Status }: Task, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(Status.Timestamp ?? '')) / 1000));
  if (Number.isNaN(seconds)) return '';
  if (seconds < 120) return `for ${seconds} s`;
  return seconds < 7200 ? `for ${Math.round(seconds / 60)} min` : `for ${Math.round(seconds / 3600)} h`;
}
