import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadMachines } from '../../provision/index.ts';
import { type Box, busesOf, type Picture } from './model.ts';
import { type Applying, applyingOf } from './roles.ts';
import {
  at,
  type Environment,
  environmentOf,
  imageIn,
  imageOf,
  perEnvironment,
  type Values,
} from './values.ts';

/** What the diagram says about each data service of the chart `data`, in addition to its values. */
const services: Readonly<Record<string, { readonly name: string; readonly words: string }>> = {
  mysql: { name: 'MariaDB', words: 'a primary and a replica' },
  redis: { name: 'Redis', words: 'three servers' },
  sentinel: { name: 'Sentinel', words: 'three, elect the master' },
  memcached: { name: 'Memcached', words: 'one server' },
};

/** When each job of the two charts runs that uses a data service. */
const jobs: Readonly<Record<string, string>> = {
  migrate: 'before an update',
  accounts: 'before and after an update',
  'redis-passwords': 'after an update',
  backup: 'dumps MariaDB',
};

/** An approach whose services are pods: its roles, the values of its charts, and the NetworkPolicies between its pods. */
export async function pictureOfCharts(folder: string, title: string): Promise<Picture> {
  const machines = loadMachines(folder);
  const applying = await applyingOf(folder, machines);
  const names = applying.filter(({ role }) => role === 'theapp').map(({ vars }) => String(vars.environment));
  const environments = names.map((name) => environmentOf(folder, name));
  const arrows = arrowsOf(folder);
  const boxes = [
    ...nodes(applying, environments),
    ...entrance(environments),
    ...data(environments, arrows),
    ...jobsOf(environments, arrows),
  ];
  const pods = boxes.filter(({ job, machines }) => !job && machines.length === 0);
  const namespaces = `in each of the namespaces ${names.join(' and ')}`;
  return {
    title,
    description: `A Kubernetes cluster of ${Object.keys(machines).length} machines; ${namespaces}: ${pods.map(({ name }) => name).join(', ')}.`,
    machines,
    boxes,
    buses: busesOf(boxes, wordsOf),
    rows: { free: `pods on nodes that Kubernetes chooses, ${namespaces}`, jobs: 'jobs, which run and end' },
  };
}

const wordsOf = (name: string) =>
  name === 'front' ? 'NetworkPolicy: nginx to TheAPP' : 'NetworkPolicies: TheAPP, jobs to data';

/** What each machine itself runs. */
function nodes(applying: readonly Applying[], environments: readonly Environment[]): Box[] {
  const on = (role: string, part?: string) => [
    ...new Set(
      applying
        .filter((one) => one.role === role && (part === undefined || one.vars.part === part))
        .flatMap(({ hosts }) => hosts),
    ),
  ];
  const infra = applying.find(({ role }) => role === 'infra')?.vars ?? {};
  const ports = perEnvironment(environments, ({ chart }) => `port ${at(chart, 'edge.service.nodePort')}`);
  const page = infra.visualiser ? [`visualiser: port ${infra.visualiser_port}`] : [];
  const image = imageOf(String(infra.registry_image));
  return [
    box('kube-proxy', { tier: 'in', machines: on('kubernetes', 'node'), notes: [...ports, ...page] }),
    box('kubelet', { tier: 'app', machines: on('kubernetes', 'node'), notes: ['containerd', 'kube-router'] }),
    box('API server', {
      tier: 'data',
      machines: on('kubernetes', 'cluster'),
      notes: ['etcd, scheduler', 'controller manager'],
    }),
    box('registry', {
      tier: 'data',
      machines: on('infra'),
      notes: [image, `port ${infra.registry_port}`],
    }),
  ];
}

function entrance(environments: readonly Environment[]): Box[] {
  const count = (values: Values, path: string) => counted(Number(at(values, path)));
  const scaled = ({ chart }: Environment) =>
    at(chart, 'autoscaling.enabled')
      ? `${at(chart, 'autoscaling.minReplicas')}–${at(chart, 'autoscaling.maxReplicas')} replicas`
      : count(chart, 'replicas');
  return [
    box('nginx', {
      tier: 'in',
      networks: ['front'],
      notes: [
        ...perEnvironment(environments, ({ chart }) => imageIn(chart, 'edge.image')),
        ...perEnvironment(environments, ({ chart }) =>
          at(chart, 'edge.kind') === 'DaemonSet' ? 'on every node' : count(chart, 'edge.replicas'),
        ),
      ],
    }),
    box('TheAPP', {
      tier: 'app',
      networks: ['front', 'back'],
      notes: ['the release', ...perEnvironment(environments, scaled)],
    }),
  ];
}

/** A data service for each group of values that NetworkPolicies protect: the component `mysql-replica` is of `mysql`. */
function data(environments: readonly Environment[], arrows: readonly Arrow[]): Box[] {
  const known = [...new Set(arrows.map(({ to }) => groupOf(to)))];
  same('data services', known, Object.keys(services));
  return known.map((key) => {
    const { name = key, words = '' } = services[key] ?? {};
    const image = key === 'sentinel' ? 'redis.image' : `${key}.image`;
    const volumes = environments.some(({ data }) => at(data, `${key}.storage`) !== undefined);
    return box(name, {
      tier: 'data',
      networks: arrows.some(({ from, to }) => from === 'app' && groupOf(to) === key) ? ['back'] : [],
      notes: [
        ...perEnvironment(environments, ({ data }) => imageIn(data, image)),
        words,
        ...(volumes
          ? perEnvironment(environments, ({ data }) => `${at(data, `${key}.storage`)} volumes`)
          : []),
      ],
    });
  });
}

function jobsOf(environments: readonly Environment[], arrows: readonly Arrow[]): Box[] {
  const running = ['app', ...arrows.map(({ to }) => to)];
  const known = [...new Set(arrows.map(({ from }) => from))].filter(
    (from) => !running.includes(from) && from !== 'data-test',
  );
  same('jobs', known, Object.keys(jobs));
  return known.map((key) => {
    const more =
      key === 'backup'
        ? perEnvironment(environments, ({ data }) => `cron: ${at(data, 'backup.schedule')}`)
        : [];
    return box(key, { tier: 'app', networks: ['back'], notes: [jobs[key] ?? '', ...more], job: true });
  });
}

/** A request that a NetworkPolicy of the chart `data` allows. */
interface Arrow {
  readonly from: string;
  readonly to: string;
}

function arrowsOf(folder: string): Arrow[] {
  const text = readFileSync(join(folder, 'data/templates/networkpolicies.yaml'), 'utf8');
  return [...text.matchAll(/\(dict "to" "([\w-]+)" "port" \d+ "from" \(list ([^)]*)\)\)/g)].flatMap(
    ([, to = '', from = '']) => [...from.matchAll(/"([\w-]+)"/g)].map(([, one = '']) => ({ from: one, to })),
  );
}

const groupOf = (component: string) => component.replace(/-.*/, '');

/** @throws Error if the charts and the tables above name different things */
function same(what: string, found: readonly string[], described: readonly string[]): void {
  const [ours, theirs] = [found, described].map((names) => names.toSorted().join(', '));
  if (ours !== theirs)
    throw new Error(`scripts/diagram/charts.ts: the charts have the ${what} ${ours}, not ${theirs}`);
}

const counted = (count: number) => (count === 1 ? '1 replica' : `${count} replicas`);

const box = (name: string, given: Partial<Box> & Pick<Box, 'tier' | 'notes'>): Box => ({
  machines: [],
  networks: [],
  job: false,
  ...given,
  name,
});
