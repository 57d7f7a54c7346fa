import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { failuresIn, outcomeOf, summary } from './results.ts';

// node testing/run.ts NAME ARGUMENT…: runs tap with these arguments, then prints the skipped tests and the counts. The
// full output of tap is written to .cache/tests/NAME.tap, for testing/summary.ts.
const [name = '', ...words] = process.argv.slice(2);
const root = resolve(import.meta.dirname, '..');
const folder = join(root, '.cache/tests');
const file = join(folder, `${name}.tap`);
mkdirSync(folder, { recursive: true });
writeFileSync(file, '');
// With --reporter=tap, stdout is that output already; --output-file would print it twice.
const plain = words.includes('--reporter=tap');
const { exitCode } = await execa('tap', plain ? words : [`--output-file=${file}`, ...words], {
  cwd: root,
  reject: false,
  stdin: 'inherit',
  stdout: plain ? ['inherit', { file }] : 'inherit',
  stderr: 'inherit',
  buffer: false,
  preferLocal: true,
});
const output = readFileSync(file, 'utf8');
// Without a terminal, the terse reporter does not print the failures.
if (exitCode !== 0 && !plain)
  process.stdout.write(
    failuresIn(output)
      .map((one) => `\n${one}\n`)
      .join(''),
  );
process.stdout.write(`${summary([outcomeOf(output)])}\n`);
process.exitCode = exitCode ?? 1;
