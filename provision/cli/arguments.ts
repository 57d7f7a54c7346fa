import { Command, CommanderError, Option } from 'commander';
import { inputError } from '../errors.ts';

export const providers = ['qemu', 'vagrant', 'static'] as const;
export const images = ['auto', 'ubuntu-24.04', 'debian-13', 'debian-12', 'debian'] as const;

/** What the command line says; names and meanings follow Ansible where Ansible has one. */
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

/** @throws ProvisionError (input) for what is not understood; undefined when help was asked for and shown */
export function parseArguments(argv: readonly string[]): Arguments | undefined {
  const command = definition();
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const what = error.message
      .replace(/^error: /, '')
      .replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?');
    throw inputError({ what, todo: 'npm run provision -- --help lists what there is' }, error);
  }
  const [approach] = command.args;
  return { ...command.opts(), ...(approach === undefined ? {} : { approach }) } as Arguments;
}

function definition(): Command {
  const list = (value: string, before: readonly string[]) => [...before, ...value.split(',').filter(Boolean)];
  const collect = (value: string, before: readonly string[]) => [...before, value];
  return new Command('npm run provision --')
    .description('Takes fresh machines to a running application, over SSH.')
    .argument('[approach]', 'which approach: a folder of approaches/')
    .option('-C, --check', 'change nothing; exit with 2 where something would change', false)
    .option('-D, --diff', 'show what changes in files', false)
    .option('-l, --limit <pattern>', 'only these hosts: names, groups, globs; !x leaves out', 'all')
    .option('-t, --tags <roles>', 'only these roles, joined by commas', list, [])
    .option('--list', 'show hosts, roles and their order, and contact nothing', false)
    .option('--step', 'ask before each change', false)
    .option('-e, --extra-vars <role.key=value>', 'set a variable; may be given many times', collect, [])
    .option('-f, --forks <count>', 'how many hosts side by side', whole, 10)
    .addOption(new Option('--provider <name>', 'where machines come from').choices(providers))
    .option('-i, --inventory <file>', 'machines that exist already (implies --provider static)')
    .option('--image <name>', `what the qemu provider boots: ${images.join(', ')} or a file`, 'auto')
    .option('--json', 'one JSON object a line on stdout', false)
    .option('--report <file>', 'write an HTML page about the run')
    .option('-y, --yes', 'say yes to every question', false)
    .option('-K, --ask-become-pass', 'ask for the password that sudo wants', false)
    .option('-v, --verbose', 'every resource, whole outputs, stack traces', false)
    .option('--verify', 'only ask the running system whether all is well', false)
    .option('--decommission', 'take off what was put on; keeps the data', false)
    .option('--purge', 'with --decommission: the data too', false)
    .option('--rollback', 'put the release before the present one back', false)
    .exitOverride()
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined });
}

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw inputError({ place: '--forks', what: `expected a whole number of 1 or more, found "${text}"` });
}
