import { Command, CommanderError, Option } from 'commander';
import { didYouMean, inputError } from '../errors.ts';
import { optionDescription } from './help.ts';

export const providers = ['qemu', 'docker', 'vagrant', 'static'] as const;
/** The commands, as in `npm run deploy`. */
const commands = ['provision', 'deploy', 'promote'] as const;
type CommandName = (typeof commands)[number];
export const images = ['auto', 'ubuntu-24.04', 'debian-13', 'debian-12', 'debian'] as const;

/** The arguments of the command line. Names and meanings follow Ansible where Ansible has them. */
export interface Arguments {
  readonly command: CommandName;
  readonly approach?: string;
  /** Where to deploy to. */
  readonly environment?: string;
  readonly check: boolean;
  readonly diff: boolean;
  readonly limit: string;
  readonly tags: readonly string[];
  readonly list: boolean;
  readonly step: boolean;
  readonly extraVars: readonly string[];
  readonly forks: number;
  readonly provider?: (typeof providers)[number];
  readonly inventory?: string;
  readonly image: string;
  readonly json: boolean;
  readonly report?: string;
  readonly yes: boolean;
  readonly askBecomePass: boolean;
  readonly verbose: boolean;
  readonly verify: boolean;
  readonly decommission: boolean;
  readonly rollback: boolean;
  readonly purge: boolean;
}

/**
 * The first word may be one of the commands; otherwise it is `provision`.
 *
 * @returns undefined when help was requested and shown. @throws ProvisionError (input)
 */
export function parseArguments(argv: readonly string[]): Arguments | undefined {
  const named = commands.find((name) => name === argv[0]);
  const name = named ?? 'provision';
  const command = definitions[name]();
  try {
    command.parse(argv.slice(named ? 1 : 0), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const todo = `npm run ${name} -- --help lists all options`;
    throw inputError({ ...misread(error, command), todo }, error);
  }
  const [approach, environment] = command.args;
  return {
    ...unlessGiven,
    ...command.opts(),
    command: name,
    ...(approach === undefined ? {} : { approach }),
    ...(environment === undefined ? {} : { environment }),
  } as Arguments;
}

/** The values of options that not all commands have. */
const unlessGiven = {
  limit: 'all',
  tags: [],
  image: 'auto',
  verify: false,
  decommission: false,
  purge: false,
  rollback: false,
};

const exitCodesHelp = `
Exit codes:
  0  every host is in its desired state
  1  a host failed, or the application gave a wrong answer
  2  --check found differences
  3  the input was wrong, and no host was contacted
  4  a host could not be reached`;

/** Commander's error in this project's words. */
function misread({ code, message }: CommanderError, command: Command): { place?: string; what: string } {
  const [, given = ''] = /'([^']*)'/.exec(message) ?? [];
  const known = command.options.flatMap(({ long }) => long ?? []);
  const option = given.replace(/^-\w, /, '').replace(/ .*/, '');
  const value = /argument '([^']*)' is invalid/.exec(message)?.[1] ?? '';
  switch (code) {
    case 'commander.unknownOption':
      return { what: `there is no option "${given}"${didYouMean(given, known)}` };
    case 'commander.excessArguments':
      return { what: `unexpected argument "${command.args[most(command)]}"${only[most(command)] ?? ''}` };
    case 'commander.optionMissingArgument':
      return { place: option, what: 'a value is missing' };
    case 'commander.invalidArgument':
      return {
        place: option,
        what: `expected one of ${providers.join(', ')}, found "${value}"${didYouMean(value, providers)}`,
      };
    default:
      return { what: message.replace(/^error: /, '') };
  }
}

const most = (command: Command) => command.registeredArguments.length;
/** Added to the error about a word too many. */
const only: Readonly<Record<number, string>> = {
  1: ': only one approach can be named',
  2: ': only one environment can be named',
};

const collect = (value: string, before: readonly string[]) => [...before, value];

const definitions: Readonly<Record<CommandName, () => Command>> = {
  provision: () =>
    base('provision', '<approach> [options]')
      .description(
        'Brings the machines of an approach to their desired state over SSH, and checks that the application answers. Creates the machines if they do not exist yet.',
      )
      .argument('[approach]', 'a folder in approaches/, such as approach_0, or a path such as ./mine')
      .option(
        '-l, --limit <pattern>',
        'work on these hosts only: names, groups and globs, separated by commas; !NAME excludes a host',
        'all',
      )
      .option('-t, --tags <roles>', 'apply these roles only, separated by commas', roleNames, [])
      .option(
        '--image <name>',
        `operating system of new machines: ${images.join(', ')} (the newest); for qemu also a disk image with cloud-init`,
        'auto',
      )
      .option('--verify', 'only check that the running application answers correctly', false)
      .option('--decommission', 'remove what the approach installed, but keep the data', false)
      .option('--purge', 'with --decommission: remove the data too', false)
      .option(
        '--rollback',
        'roll back to the previous release; with -e environment=NAME if the approach has several',
        false,
      ),
  deploy: () =>
    base('deploy', '<approach> <environment> [options]')
      .description(
        'Builds the current release of TheAPP, rolls it out in one environment, and checks that it answers there. The cluster must exist: npm run provision creates it.',
      )
      .argument('[approach]', 'an approach that has environments, such as approach_4')
      .argument('[environment]', 'one of its environments, such as staging'),
  promote: () =>
    base('promote', '<approach> [options]')
      .description(
        'Rolls the release that runs in the first environment, such as staging, out in the second, such as production: the same image. Checks the first environment before, and the second afterwards.',
      )
      .argument('[approach]', 'an approach that has environments, such as approach_4'),
};

/** The options of all commands. */
function base(name: CommandName, usage: string): Command {
  return new Command(`npm run ${name} --`)
    .usage(usage)
    .option('-C, --check', 'show what would change, and change nothing', false)
    .option('-D, --diff', 'show how the contents of files change', false)
    .option('--list', 'list hosts and roles in order, without contacting any host', false)
    .option('--step', 'ask before each change', false)
    .option('-e, --extra-vars <role.key=value>', 'set a variable of a role; repeatable', collect, [])
    .option('-f, --forks <count>', 'number of hosts to work on at the same time', whole, 10)
    .addOption(
      new Option(
        '--provider <name>',
        'where the machines come from; docs/machines.md explains the default',
      ).choices(providers),
    )
    .option('-i, --inventory <file>', 'use the machines in this file (implies --provider static)')
    .option('--json', 'print one JSON object per line on stdout', false)
    .option('--report <file>', 'write an HTML page about the run')
    .option('-y, --yes', 'answer yes to every question, such as whether to install missing programs', false)
    .option('-K, --ask-become-pass', 'ask for the sudo password', false)
    .option('-v, --verbose', 'show every resource, all output and stack traces', false)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ optionDescription })
    .addHelpText('after', exitCodesHelp)
    .exitOverride()
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined });
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw inputError({ place: '--forks', what: `expected a whole number of 1 or more, found "${text}"` });
}

/** The value of `--tags`. @throws ProvisionError (input) when it names no role */
function roleNames(value: string, before: readonly string[]): readonly string[] {
  const names = value.split(',').filter(Boolean);
  if (names.length > 0) return [...before, ...names];
  throw inputError({ place: '--tags', what: 'expected the names of roles, found an empty value' });
}
