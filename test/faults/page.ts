import { type Ask, asks, healthy, type Row, table } from './table.ts';

/** The table as docs/faults.md shows it: what is answered, and who is told of what is missing. */
export function tablesOfPage(): string {
  const kinds = Object.keys(asks) as Ask[];
  const answers = kinds.map((ask) => [
    asks[ask],
    healthy[ask],
    ...table.map((row) => (row.answers[ask] === healthy[ask] ? '' : row.answers[ask])),
  ]);
  return [
    ...tableOf(['request', 'nothing missing', ...table.map(({ missing }) => missing)], answers),
    '',
    ...tableOf(['missing', '`/readyz`: 200 and', '`/metrics`'], table.map(signs)),
  ].join('\n');
}

const signs = ({ missing, degraded, metrics }: Row) => [
  missing,
  `\`degraded\`: \`${degraded}…\``,
  metrics.map((sample) => `\`${sample}\``.replace(/ grows`$/, '` grows')).join('<br>'),
];

/** Columns as wide as their widest cell, so that the page can be read as text. */
function tableOf(head: string[], rows: string[][]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
