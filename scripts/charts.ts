import { execa } from 'execa';
import { failure, helm } from '../provision/index.ts';
import { helmHere, type Installation, installations } from './charts/charts.ts';
import { newCommand, runCommand } from './command/command.ts';

const program = newCommand('charts')
  .description(
    'Checks the values of the Helm charts with their schemas, and lints the charts if there is a Helm.',
  )
  .action(async () => {
    const all = installations();
    for (const { chart, values } of all) helm.valuesIn(chart, values);
    const file = helmHere();
    if (file) for (const one of all) await lint(file, one);
    const lints = file
      ? 'helm lint passes'
      : 'helm lint is skipped, because there is no Helm (install Helm 4, or build it: npm run lab -- images --kubernetes)';
    process.stdout.write(`charts: ${all.length} files of values match their schemas; ${lints}\n`);
  });

/** @throws ProvisionError (failed) with what Helm says */
async function lint(file: string, { chart, values }: Installation): Promise<void> {
  const { exitCode, all } = await execa(file, ['lint', '--strict', chart, '--values', values], {
    reject: false,
    all: true,
  });
  if (exitCode !== 0) throw failure({ place: values, what: 'helm lint finds problems', said: all });
}

await runCommand(program);
