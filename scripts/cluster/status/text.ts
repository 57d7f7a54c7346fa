import type { State } from './state.ts';

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
    healthy ? 'healthy\n' : problems.map((problem) => `✗ ${problem}\n`).join(''),
  ];
  return parts.filter(Boolean).join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

const ago = (seconds: number) =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`;
