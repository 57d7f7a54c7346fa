import type { Data } from './data.ts';
import type { State } from './state.ts';
import { ago, table } from './table.ts';

/** A cluster's state as text. */
export function textOf({ healthy, problems, nodes, services, failing, replicas, sentinels }: State): string {
  const parts = [
    table(
      ['NODE', 'ROLE', 'STATE', 'AVAILABILITY', 'TASKS'],
      nodes.map(({ name, role, manager, state, availability, tasks }) => [
        name,
        manager === 'leader' ? `${role}, leader` : role,
        state,
        availability,
        `${tasks}`,
      ]),
    ),
    table(
      ['SERVICE', 'RUNNING', 'IMAGE', 'LAST UPDATE'],
      services.map(({ name, mode, running, wanted, image, update = '' }) => [
        name,
        `${running}/${wanted}${mode === 'job' ? ' completed' : mode === 'global' ? ' (global)' : ''}`,
        image,
        update.replaceAll('_', ' '),
      ]),
    ),
    table(
      ['FAILED TASK', 'NODE', 'STATE', 'AGE', 'ERROR'],
      failing.map(({ task, node, state, seconds, error }) => [task, node, state, ago(seconds), error]),
    ),
    ...dataTables({ replicas, sentinels }),
    verdictOf({ healthy, problems }),
  ];
  return parts.filter(Boolean).join('\n');
}

/** The state of replication and of the Sentinels. */
export const dataTables = ({ replicas, sentinels }: Data): string[] => [
  table(
    ['REPLICA', 'NODE', 'LAG', 'ERROR'],
    replicas.map(({ service, host, lag, error = '' }) => [
      service,
      host,
      lag === null ? '?' : `${lag} s`,
      error,
    ]),
  ),
  table(
    ['SENTINEL', 'NODE', 'MASTER', 'REPLICAS', 'FLAGS'],
    sentinels.map(({ service, host, master, flags, replicas }) => [
      service,
      host,
      master || '?',
      `${replicas}`,
      flags === 'master' ? '' : flags,
    ]),
  ),
];

/** The last line: whether all is well, or what is not. */
export const verdictOf = ({ healthy, problems }: Pick<State, 'healthy' | 'problems'>): string =>
  healthy ? 'healthy\n' : problems.map((problem) => `✗ ${problem}\n`).join('');
