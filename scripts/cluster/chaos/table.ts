import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inputError } from '../../../provision/index.ts';
import type { Result } from './experiment.ts';
import { boundsOf } from './verdict.ts';

/** The columns of the table. Each row is the latest result of one scenario. */
const head = [
  'scenario',
  'what happens',
  'bounds',
  'recovered after',
  'healthy after',
  'requests',
  'lost (idempotent)',
  'lost (other)',
  'retried',
  'longest gap',
  'next provisioning run',
];

/** Mark the place in a README; the text between them is replaced. */
const [MARK, END] = ['<!-- chaos -->', '<!-- /chaos -->'];

export function rowOf({
  scenario,
  description,
  bounds,
  verdict,
  recoveredAfter,
  healthyAfter,
  load,
  provisioned,
}: Result): string[] {
  return [
    `\`${scenario}\`${verdict.ok ? '' : ' ✗'}`,
    description,
    boundsOf(bounds, load),
    `${recoveredAfter} s`,
    `${healthyAfter} s`,
    `${load.asked}`,
    `${load.lost.idempotent}`,
    `${load.lost.others}`,
    `${load.retried.asked}`,
    `${load.gap} s`,
    provisioned.exitCode === 0 ? `${provisioned.changed.length} changed, ${provisioned.seconds} s` : 'failed',
  ];
}

/** The result of one scenario as text. */
export function textOf(result: Result): string {
  const { verdict, load } = result;
  const cells = rowOf(result).map((cell, at) => `  ${head[at]}: ${cell}`);
  const losses = load.failures
    .slice(0, 5)
    .map(({ at, call, node, reason }) => `  lost at ${at} s: ${call} to ${node}: ${reason}`);
  const why = verdict.why.map((reason) => `  ✗ ${reason}`);
  return `${[`${verdict.ok ? '✓' : '✗'} ${result.scenario}`, ...cells.slice(1), ...losses, ...why].join('\n')}\n`;
}

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** Writes results into the table of a README; rows of other scenarios stay. @throws ProvisionError (input) */
export function writeTable(file: string, approach: string, all: readonly Result[]): void {
  if (!existsSync(file))
    throw inputError({ place: file, what: 'the table cannot be written', why: 'there is no such file' });
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, withTable(text, approach, all, file));
}

export function withTable(
  text: string,
  approach: string,
  all: readonly Result[],
  file = 'README.md',
): string {
  const at = text.indexOf(MARK);
  if (at < 0)
    throw inputError({
      place: file,
      what: 'this file has no place for the table',
      why: `expected the line ${MARK}`,
    });
  const end = text.indexOf(END, at);
  const old = end < 0 ? '' : text.slice(at, end);
  const rows = new Map<string, string>();
  for (const [row, name] of old.matchAll(/^\| `([\w() -]+)`.*$/gm)) if (name) rows.set(name, row);
  for (const result of all) rows.set(result.scenario, line(rowOf(result)));
  const table = [
    MARK,
    '',
    `To measure a scenario again and update its row: \`npm run chaos -- ${approach} drain --write\`.`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.values(),
    '',
    END,
  ].join('\n');
  return text.slice(0, at) + table + text.slice(end < 0 ? at + MARK.length : end + END.length);
}
