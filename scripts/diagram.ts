import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { failure } from '../provision/index.ts';
import { newCommand, runCommand } from './command/command.ts';
import { diagrams } from './diagram/diagrams.ts';

const program = newCommand('diagram')
  .description(
    'Draws the diagram.svg of each approach from its machines.yml, roles, and Compose file, stack file or charts.',
  )
  .option('--check', 'write nothing; exit with code 1 if a diagram is out of date', false)
  .action(async ({ check }: { check: boolean }) => {
    const stale = (await diagrams()).filter(
      ({ file, svg }) => !existsSync(file) || readFileSync(file, 'utf8') !== svg,
    );
    if (check && stale.length > 0)
      throw failure({
        what: `diagrams out of date: ${stale.map(({ approach }) => approach).join(', ')}`,
        todo: 'npm run diagram',
      });
    for (const { file, svg } of stale) writeFileSync(file, svg);
    process.stdout.write(
      stale.map(({ approach }) => `${approach}: diagram updated\n`).join('') ||
        'all diagrams are up to date\n',
    );
  });

await runCommand(program);
