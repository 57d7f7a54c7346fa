import { Command, CommanderError, Option } from 'commander';
import { didYouMean, inputError } from '../errors.ts';

export const providers = ['qemu', 'docker', 'vagrant', 'static'] as const;
export const images = ['auto', 'ubuntu-24.04', 'debian-13', 'debian-12', 'debian'] as const;

/** The arguments of the command line. Names and meanings follow Ansible where Ansible has them. */
export interface Arguments {
  readonly approach?: string;
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

/** @returns undefined when help was requested and shown. @throws ProvisionError (input) */
export function parseArguments(argv: readonly string[]): Arguments | undefined {
  const command = definition();
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const todo = 'npm run provision -- --help lists all options';
    throw inputError({ ...misread(error, command), todo }, error);
  }
  const [approach] = command.args;
  return { ...command.opts(), ...(approach === undefined ? {} : { approach }) } as Arguments;
}

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
      return { what: `unexpected argument "${command.args[1]}": only one approach can be named` };
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

function definition(): Command {
  const list = (value: string, before: readonly string[]) => [...before, ...value.split(',').filter(Boolean)];
  const collect = (value: string, before: readonly string[]) => [...before, value];
  return new Command('npm run provision --')
    .description('Provisions fresh machines over SSH, up to a running application.')
    .argument('[approach]', 'the approach: a folder in approaches/, or a path such as ./mine')
    .option('-C, --check', 'show what would change and change nothing; exit code 2 if something would', false)
    .option('-D, --diff', 'show how the content of files changes', false)
    .option(
      '-l, --limit <pattern>',
      'only these hosts: names, groups and globs, separated by commas; !x excludes',
      'all',
    )
    .option('-t, --tags <roles>', 'only these roles, separated by commas', list, [])
    .option('--list', 'show the hosts and the roles in order; contacts nothing', false)
    .option('--step', 'ask before each change', false)
    .option('-e, --extra-vars <role.key=value>', 'set a variable; can be repeated', collect, [])
    .option('-f, --forks <count>', 'how many hosts to work on at the same time', whole, 10)
    .addOption(new Option('--provider <name>', 'where the machines come from').choices(providers))
    .option('-i, --inventory <file>', 'a file that lists your own machines (implies --provider static)')
    .option('--image <name>', `what the qemu provider boots: ${images.join(', ')} or a file`, 'auto')
    .option('--json', 'print one JSON object per line on stdout', false)
    .option('--report <file>', 'write an HTML report of the run')
    .option('-y, --yes', 'answer yes to every question', false)
    .option('-K, --ask-become-pass', 'ask for the sudo password', false)
    .option('-v, --verbose', 'show every resource, complete output and stack traces', false)
    .option('--verify', 'only check the running system', false)
    .option('--decommission', 'remove everything that was installed, but keep the data', false)
    .option('--purge', 'with --decommission: remove the data as well', false)
    .option('--rollback', 'roll back to the previous release', false)
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
