import { join } from 'node:path';
import { Option } from 'commander';
import { explain } from '../../provision/index.ts';
import { choose } from '../../provision/machines/choose.ts';
import { interruption, newCommand, runCommand } from '../command/command.ts';
import { collect, wholeOption } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { approachOf, approachWords, environmentsOf } from './approach.ts';
import type { Result } from './chaos/experiment.ts';
import { type PowerCommands, powerOf } from './chaos/power.ts';
import type { Named, Suite } from './chaos/suite.ts';
import { suiteFor, suites } from './chaos/suites.ts';
import { textOf, writeTable } from './chaos/table.ts';
import { folderOf, hostsOf, type Where, withWhere } from './hosts.ts';
import { newSessions } from './sessions.ts';

interface Options extends Where, PowerCommands {
  readonly rate: number;
  readonly requests: number;
  readonly extraVars: readonly string[];
  readonly environment?: string;
  readonly json: boolean;
  readonly write: boolean;
  readonly list: boolean;
}

/** A result, the reason why a scenario was skipped, or nothing if it could not run. */
type Outcome = Result | string | undefined;

/** The scenarios of the approach on the command line: it is read before the names of scenarios. */
let suite: Suite = suites.swarm;
const namesOf = ({ all }: Suite) => all.map(({ name }) => name).join(', ');
const progress = progressLines(process.stderr);

const program = withWhere(
  newCommand('chaos')
    .description(
      'Injects faults into a cluster under load and measures which requests are lost. Exits with code 1 if a scenario exceeds its bounds, or the cluster does not recover.',
    )
    .argument('<approach>', approachWords, (name: string) => {
      suite = suiteFor(approachOf(name));
      return name;
    })
    .argument(
      '[scenario...]',
      `which scenarios to run, by name or by the first words of a name (bad-release); by default, all. Docker Swarm: ${namesOf(suites.swarm)}. Kubernetes: ${namesOf(suites.kubernetes)}`,
      (text: string, before: readonly string[] = []) => [...before, suite.matching(text) && text],
    )
    .option(
      '--environment <name>',
      'the environment that gets the faults and the load; by default, production',
    )
    .addOption(wholeOption('--rate <count>', 'requests per second', { most: 1000, fallback: 60 }))
    .addOption(
      wholeOption('--requests <count>', 'minimum number of requests in each scenario', {
        most: 1e6,
        fallback: 10_000,
      }),
    )
    .option(
      '-e, --extra-vars <role.key=value>',
      'set a variable of a role when the scenario provisions; repeatable',
      collect,
      [],
    )
    .addOption(
      new Option(
        '--power-off <command>',
        'shell command that cuts the power of a machine outside the lab; $HOST is its name, $ADDRESS its address',
      ),
    )
    .option('--power-on <command>', 'shell command that restores the power')
    .option('--json', 'print one JSON object per scenario on stdout', false)
    .option('--write', "update the table in the approach's README.md", false)
    .option('--list', 'list the scenarios and exit', false),
).action(async (approach: string, given: readonly string[] = [], options: Options) => {
  const chosen = given.length === 0 ? suite.all : given.flatMap((name) => suite.matching(name));
  if (options.list)
    return void process.stdout.write(
      chosen.map(({ name, description }) => `${name}: ${description}\n`).join(''),
    );
  await environmentsOf(approach, options.environment);
  const readme = join(folderOf(approach), 'README.md');
  const write = options.write
    ? (results: readonly Result[]) => writeTable(readme, approach, results)
    : undefined;
  // Fails now if the README has no place for the table, not after an hour.
  write?.([]);
  const results = await runAll(approach, chosen, options, write);
  if (!results.every((result) => typeof result === 'string' || result?.verdict.ok)) process.exitCode = 1;
});

async function runAll(
  approach: string,
  chosen: readonly Named[],
  { rate, requests, json, extraVars, powerOff, powerOn, environment, ...where }: Options,
  write: (results: readonly Result[]) => void = () => undefined,
): Promise<Outcome[]> {
  const hosts = await hostsOf(approach, where);
  const [sessions, commands] = [newSessions(), newSessions()];
  const { provider: from } = await choose(where, approach);
  const { provider, inventory } = where;
  const place = [
    ...(provider ? ['--provider', provider] : []),
    ...(inventory ? ['--inventory', inventory] : []),
  ];
  const words = extraVars.flatMap((one) => ['-e', one]);
  const results = chosen.map((): Outcome => undefined);
  // The first Ctrl-C lets a scenario end, so that its fault is reverted.
  const signal = interruption(() =>
    progress.show('chaos', 'stopping after this scenario; press Ctrl-C again to stop at once'),
  );
  try {
    for (const [at, scenario] of chosen.entries()) {
      if (signal.aborted) break;
      const show = (line: string) => progress.show(scenario.name, line);
      const power = powerOf(approach, { provider: from.name, powerOff, powerOn }, show);
      const target = {
        approach,
        environment,
        hosts,
        sessions,
        commands,
        where: place,
        words,
        power,
        progress: show,
      };
      try {
        const result = await suite.run(scenario, target, { rate, requests });
        results[at] = result;
        progress.end();
        if (typeof result === 'string') process.stderr.write(`${scenario.name} is skipped: ${result}\n`);
        else {
          write([result]);
          process.stdout.write(json ? `${JSON.stringify(result)}\n` : textOf(result));
        }
      } catch (error) {
        // The next scenario checks whether the cluster is healthy.
        progress.end();
        process.stderr.write(`${scenario.name}: ${explain(error)}\n`);
      }
    }
  } finally {
    await Promise.all([sessions.close(), commands.close()]);
  }
  return results;
}

await runCommand(program, progress.end);
