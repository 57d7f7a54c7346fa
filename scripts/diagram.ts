import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { failure } from '../provision/index.ts';
import { newCommand, runCommand } from './command/command.ts';
import { diagrams } from './diagram/diagrams.ts';

const program = newCommand('diagram')
  .description("draw each approach's diagram.svg, from its machines.yml, roles and stack files")
  .option('--check', 'write nothing; fail when one is not as its files are', false)
  .action(async ({ check }: { check: boolean }) => {
    const stale = (await diagrams()).filter(
      ({ file, svg }) => !existsSync(file) || readFileSync(file, 'utf8') !== svg,
    );
    if (check && stale.length > 0)
      throw failure({
        what: `out of date: the diagram of ${stale.map(({ approach }) => approach).join(', ')}`,
        todo: 'npm run diagram',
      });
    for (const { file, svg } of stale) writeFileSync(file, svg);
    process.stdout.write(
      stale.map(({ approach }) => `${approach}: drawn\n`).join('') || 'nothing has changed\n',
    );
  });

await runCommand(program);
