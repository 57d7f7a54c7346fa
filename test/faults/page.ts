import { healthy, type RequestKind, type Row, requestKinds, table } from './table.ts';

/** The tables in docs/faults.md: the responses to each request, and the signs of each fault. */
export function tablesOfPage(): string {
  const kinds = Object.keys(requestKinds) as RequestKind[];
  const answers = kinds.map((kind) => [
    requestKinds[kind],
    healthy[kind],
    ...table.map((row) => (row.answers[kind] === healthy[kind] ? '' : row.answers[kind])),
  ]);
  return [
    ...tableOf(['request', 'all servers up', ...table.map(({ unavailable }) => unavailable)], answers),
    '',
    ...tableOf(['unavailable', '`/readyz`: 200 and', '`/metrics`'], table.map(signsOf)),
  ].join('\n');
}

const signsOf = ({ unavailable, degraded, metrics }: Row) => [
  unavailable,
  `\`degraded\`: \`${degraded}…\``,
  metrics.map((sample) => `\`${sample}\``.replace(/ increases`$/, '` increases')).join('<br>'),
];

/** Pads the columns, so that the page is readable as text. */
function tableOf(head: string[], rows: string[][]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
