import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inputError } from '../../../provision/index.ts';
import type { Played } from './play.ts';

/** The rows of a table are what `npm run chaos` has played, the latest result of each scenario. */
const head = [
  'scenario',
  'what happens',
  'healed after',
  'whole after',
  'requests',
  'lost, idempotent',
  'lost, others',
  'retried',
  'longest gap',
  'provisioned again',
];

/** Marks the place in a README; what stands up to its end is replaced. */
const [MARK, END] = ['<!-- chaos -->', '<!-- /chaos -->'];

export function rowOf({ scenario, words, verdict, healed, whole, load, provisioned }: Played): string[] {
  return [
    `\`${scenario}\`${verdict.ok ? '' : ' ✗'}`,
    words,
    `${healed} s`,
    `${whole} s`,
    `${load.asked}`,
    `${load.lost.idempotent}`,
    `${load.lost.others}`,
    `${load.retried.asked}`,
    `${load.gap} s`,
    provisioned.exitCode === 0 ? `${provisioned.changed.length} changed, ${provisioned.seconds} s` : 'failed',
  ];
}

/** For a terminal: one scenario. */
export function textOf(played: Played): string {
  const { verdict, load } = played;
  const cells = rowOf(played).map((cell, at) => `  ${head[at]}: ${cell}`);
  const losses = load.failures
    .slice(0, 5)
    .map(({ at, call, node, word }) => `  lost at ${at} s: ${call} at ${node}: ${word}`);
  const why = verdict.why.map((words) => `  ✗ ${words}`);
  return `${[`${verdict.ok ? '✓' : '✗'} ${played.scenario}`, ...cells.slice(1), ...losses, ...why].join('\n')}\n`;
}

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** Puts results into a README at its mark; rows of scenarios that were not played stay. @throws ProvisionError (input) */
export function writeTable(file: string, approach: string, all: readonly Played[]): void {
  if (!existsSync(file)) throw inputError({ place: file, what: 'there is no such file for the table' });
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, withTable(text, approach, all, file));
}

export function withTable(
  text: string,
  approach: string,
  all: readonly Played[],
  file = 'README.md',
): string {
  const at = text.indexOf(MARK);
  if (at < 0) throw inputError({ place: file, what: `has no place for the table: ${MARK}` });
  const end = text.indexOf(END, at);
  const old = end < 0 ? '' : text.slice(at, end);
  const rows = new Map<string, string>();
  for (const [row, name] of old.matchAll(/^\| `([\w-]+)`.*$/gm)) if (name) rows.set(name, row);
  for (const played of all) rows.set(played.scenario, line(rowOf(played)));
  const table = [
    MARK,
    '',
    `Each row: \`npm run chaos -- ${approach} SCENARIO\` (\`--write\` put it here).`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.values(),
    '',
    END,
  ].join('\n');
  return text.slice(0, at) + table + text.slice(end < 0 ? at + MARK.length : end + END.length);
}
