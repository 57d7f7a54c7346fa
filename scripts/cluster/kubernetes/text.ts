import type { PodState } from '../../../approaches/approach_4/cluster/pods.ts';
import { ago, narrowTable, table } from '../status/table.ts';
import { dataTables, verdictOf } from '../status/text.ts';
import type { EnvironmentState, NamespaceState } from './namespaces.ts';
import type { Amount, NodeState } from './nodes.ts';
import type { KubernetesState } from './state.ts';
import type { WorkloadState } from './workloads.ts';

/** The state of a Kubernetes cluster as text. `now` is milliseconds since 1970. */
export function textOf(state: KubernetesState, now: number): string {
  const { nodes, environments, system } = state;
  const parts = [
    narrowTable(['NODE', 'ROLE', 'VERSION', 'STATE', 'PODS', 'CPU', 'MEMORY'], nodes.map(nodeRow)),
    systemTable(system),
    ...system.flatMap(({ pods }) => podTable(pods)),
    ...environments.flatMap((environment) => environmentParts(environment, now)),
    verdictOf(state),
  ];
  return parts.filter(Boolean).join('\n');
}

const GIBIBYTE = 2 ** 30;

const nodeRow = ({ name, role, version, ready, message, cordoned, pods, cpu, memory }: NodeState) => [
  name,
  role.replace('-', ' '),
  version,
  `${ready ? 'ready' : `not ready${message ? `: ${message}` : ''}`}${cordoned ? ', cordoned' : ''}`,
  `${pods}`,
  part(cpu, (value) => String(Number(value.toFixed(2)))),
  part(memory, (value) => `${(value / GIBIBYTE).toFixed(1)} GiB`),
];

function part({ used, total }: Amount, words: (value: number) => string): string {
  if (total === undefined) return '';
  return used === undefined ? words(total) : `${words(used).replace(/ GiB$/, '')} of ${words(total)}`;
}

const systemTable = (system: readonly NamespaceState[]): string =>
  narrowTable(
    ['SYSTEM', 'READY', 'NODES', 'IMAGE'],
    system.flatMap(({ name, workloads }) => workloads.map((one) => workloadRow(one, `${name}/${one.name}`))),
  );

function environmentParts(environment: EnvironmentState, now: number): string[] {
  const { name, releases, workloads, pods } = environment;
  const scaled = workloads.flatMap(({ name: own, wanted, autoscaler: scaler }) =>
    scaler
      ? [
          [
            own,
            `${wanted}`,
            `${scaler.least} to ${scaler.most}`,
            scaler.metrics.join(', '),
            scaler.message ?? '',
          ],
        ]
      : [],
  );
  return [
    `${name.toUpperCase()}\n`,
    narrowTable(
      ['RELEASE', 'CHART', 'REVISION', 'STATUS', 'AGE', 'DESCRIPTION'],
      releases.map(({ name: own, chart = '', revision, status, updated, describes = '' }) => [
        own,
        chart,
        `${revision}`,
        status,
        updated ? ago(Math.max(0, Math.round((now - Date.parse(updated)) / 1000))) : '',
        describes,
      ]),
    ),
    narrowTable(
      ['WORKLOAD', 'READY', 'NODES', 'IMAGE'],
      workloads.map((one) => workloadRow(one, one.name)),
    ),
    narrowTable(['AUTOSCALER', 'REPLICAS', 'LIMITS', 'METRICS', 'ERROR'], scaled),
    ...podTable(pods),
    ...dataTables(environment),
  ];
}

function workloadRow({ wanted, ready, updated, nodes, images }: WorkloadState, name: string): string[] {
  const places = Object.entries(nodes)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([node, count]) => (count === 1 ? node : `${node} ×${count}`));
  const state = `${ready}/${wanted}${updated < wanted ? `, ${updated} updated` : ''}`;
  return [name, state, places.join(', '), images.join(', ')];
}

/** Pods that are listed in each namespace. */
const SHOWN = 10;

const podTable = (pods: readonly PodState[]): string[] => [
  table(
    ['POD', 'NODE', 'STATE', 'RESTARTS', 'AGE', 'REASON'],
    pods
      .slice(0, SHOWN)
      .map(({ name, node, state, restarts, seconds, reason }) => [
        name,
        node,
        state,
        `${restarts}`,
        ago(seconds),
        reason,
      ]),
  ),
  ...pods
    .slice(0, SHOWN)
    .flatMap(({ name, log = [] }) =>
      log.length > 0 ? [`The last lines of ${name}:\n${log.map((line) => `  ${line}\n`).join('')}`] : [],
    ),
];
