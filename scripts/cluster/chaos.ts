import { join } from 'node:path';
import { didYouMean, explain, inputError } from '../../provision/index.ts';
import { choose } from '../../provision/machines/choose.ts';
import { newCommand, runCommand } from '../command/command.ts';
import { collect, whole } from '../command/options.ts';
import { progressLines } from '../command/progress.ts';
import { faults } from './chaos/faults.ts';
import { planned } from './chaos/planned.ts';
import { type Played, play } from './chaos/play.ts';
import { type PowerCommands, powerOf } from './chaos/power.ts';
import type { Scenario } from './chaos/scenario.ts';
import { setStage } from './chaos/stage.ts';
import { textOf, writeTable } from './chaos/table.ts';
import { folderOf, hostsOf, type Where, withWhere } from './hosts.ts';
import { newSessions } from './sessions.ts';

interface Options extends Where, PowerCommands {
  readonly rate: number;
  readonly requests: number;
  readonly extraVars: readonly string[];
  readonly json: boolean;
  readonly write: boolean;
  readonly list: boolean;
}

const scenarios: readonly Scenario[] = [...planned, ...faults];
const progress = progressLines(process.stderr);

const program = withWhere(
  newCommand('chaos')
    .description(
      'what becomes of requests while a cluster is updated, scaled and broken; exits with 1 when too much',
    )
    .argument('<approach>', 'which approach: a folder of approaches/')
    .argument('[scenario...]', `all, or of: ${scenarios.map(({ name }) => name).join(', ')}`)
    .option('--rate <count>', 'requests a second', (text) => whole('--rate', text, 1000), 60)
    .option(
      '--requests <count>',
      'how many at least, each scenario',
      (text) => whole('--requests', text, 1e6),
      10_000,
    )
    .option('-e, --extra-vars <role.key=value>', 'for the provisioner; may be given many times', collect, [])
    .option(
      '--power-off <command>',
      "how a machine that is not the lab's loses its power: for sh, with $HOST",
    )
    .option('--power-on <command>', 'how it gets it back')
    .option('--json', 'one JSON object on stdout for each scenario', false)
    .option('--write', "put the table into the approach's README.md", false)
    .option('--list', 'show the scenarios, and do nothing', false),
).action(async (approach: string, names: readonly string[], options: Options) => {
  const chosen = choice(names);
  if (options.list)
    return void process.stdout.write(chosen.map(({ name, words }) => `${name}: ${words}\n`).join(''));
  const readme = join(folderOf(approach), 'README.md');
  const write = options.write ? (all: readonly Played[]) => writeTable(readme, approach, all) : undefined;
  // That there is a place for the table had better be known before an hour has passed.
  write?.([]);
  const all = await playAll(approach, chosen, options, write);
  if (all.length < chosen.length || !all.every(({ verdict }) => verdict.ok)) process.exitCode = 1;
});

async function playAll(
  approach: string,
  chosen: readonly Scenario[],
  { rate, requests, json, extraVars, powerOff, powerOn, ...where }: Options,
  write: (all: readonly Played[]) => void = () => undefined,
): Promise<Played[]> {
  const hosts = await hostsOf(approach, where);
  const sessions = newSessions();
  const lab = (await choose(where, approach)).name === 'qemu';
  const { provider, inventory } = where;
  const place = [
    ...(provider ? ['--provider', provider] : []),
    ...(inventory ? ['--inventory', inventory] : []),
  ];
  const words = extraVars.flatMap((one) => ['-e', one]);
  const all: Played[] = [];
  const stopping = stopAsked();
  try {
    for (const scenario of chosen) {
      if (stopping()) break;
      const tell = (line: string) => progress.show(scenario.name, line);
      const power = powerOf(approach, { lab, powerOff, powerOn }, tell);
      const stage = setStage({ approach, hosts, sessions, where: place, words, power, tell });
      try {
        const played = await play(stage, scenario, { rate, requests, health: '/nodez' });
        all.push(played);
        write([played]);
        progress.end();
        process.stdout.write(json ? `${JSON.stringify(played)}\n` : textOf(played));
      } catch (error) {
        // The next one says for itself whether the cluster is fit for it.
        progress.end();
        process.stderr.write(`${scenario.name}: ${explain(error)}\n`);
      }
    }
  } finally {
    await sessions.close();
  }
  return all;
}

/** The first Ctrl-C lets a scenario end, so that what it broke is mended; the second stops at once. */
function stopAsked(): () => boolean {
  let asked = false;
  process.on('SIGINT', () => {
    if (asked) process.exit(130);
    asked = true;
    progress.show('chaos', 'stops after this scenario; once more to stop at once');
  });
  return () => asked;
}

function choice(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return scenarios;
  return names.flatMap((name) => {
    const found = scenarios.filter((one) => one.name === name || one.name.startsWith(`${name}-`));
    if (found.length > 0) return found;
    const known = scenarios.map(({ name }) => name);
    throw inputError({
      what: `there is no scenario "${name}"${didYouMean(name, known)}`,
      why: `there are ${known.join(', ')}`,
    });
  });
}

await runCommand(program, progress.end);
