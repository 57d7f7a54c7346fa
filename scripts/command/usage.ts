import type { Argument, Command, CommanderError } from 'commander';
import { didYouMean, inputError, type ProvisionError } from '../../provision/index.ts';

/** Commander's error as ours: what is wrong, the closest known word, and the command that shows the help. */
export function usageError({ code, message }: CommanderError, program: Command): ProvisionError {
  const command = runningOf(program);
  const [, quoted = ''] = /'([^']*)'/.exec(message) ?? [];
  switch (code) {
    case 'commander.unknownOption':
      return unknownOption(command, quoted);
    case 'commander.unknownCommand':
      return unknownCommand(command, quoted);
    case 'commander.excessArguments':
      return unexpected(command, command.args[command.registeredArguments.length] ?? '');
    case 'commander.missingArgument':
      return inputError({ what: `the argument <${quoted}> is missing`, todo: helpOf(command) });
    case 'commander.optionMissingArgument':
      return inputError({ place: flagOf(quoted), what: 'a value is missing', todo: helpOf(command) });
    case 'commander.help':
      return inputError({ what: `no command was given${listOf(command)}`, todo: helpOf(command) });
    default:
      return inputError({ ...choiceIn(message), todo: helpOf(command) });
  }
}

/**
 * Refuses unknown words before the help is shown: Commander alone shows the help without checking the other words.
 *
 * @throws ProvisionError (input)
 */
export function refuseUnknown(command: Command): void {
  const given = command.args.filter((word) => word !== '--help' && word !== '-h');
  const words = command.commands.length > 0 && given[0] === 'help' ? given.slice(1) : given;
  const [first] = words;
  if (first !== undefined && command.commands.length > 0 && !isOption(first))
    throw unknownCommand(command, first);
  const option = words.find(isOption);
  if (option !== undefined) throw unknownOption(command, option);
  const known = command.registeredArguments;
  const extra = words[known.length];
  if (extra !== undefined && !known.at(-1)?.variadic) throw unexpected(command, extra);
  for (const [at, argument] of known.entries()) parse(argument, words.slice(at));
}

const isOption = (word: string) => /^-./.test(word);

/** Parses the values of one argument, which refuses unknown ones. */
function parse(argument: Argument, [first, ...more]: readonly string[]): void {
  const { parseArg } = argument;
  if (!parseArg || first === undefined) return;
  const values = argument.variadic ? [first, ...more] : [first];
  values.reduce<unknown>((previous, value) => parseArg(value, previous), argument.defaultValue);
}

/** The sub-command that was given, or the command itself. */
const runningOf = (program: Command): Command =>
  program.commands.find((command) => command.name() === program.args[0]) ?? program;

const unknownOption = (command: Command, given: string): ProvisionError => {
  const known = command.options.flatMap(({ long }) => long ?? []);
  return inputError({
    what: `there is no option "${given}"${didYouMean(given, [...known, '--help'])}`,
    todo: helpOf(command),
  });
};

const unknownCommand = (command: Command, given: string): ProvisionError => {
  const known = command.commands.map((one) => one.name());
  return inputError({
    what: `there is no command "${given}"${didYouMean(given, known)}${listOf(command)}`,
    todo: helpOf(command),
  });
};

const unexpected = (command: Command, given: string): ProvisionError =>
  inputError({ what: `unexpected argument "${given}"`, todo: helpOf(command) });

const listOf = ({ commands }: Command) =>
  commands.length > 0 ? ` (commands: ${commands.map((one) => one.name()).join(', ')})` : '';

/** `-i, --inventory <file>` → `--inventory` */
const flagOf = (flags: string) => flags.replace(/^-\w, /, '').replace(/ .*/, '');

/** `npm run lab -- up --help` */
const helpOf = (command: Command): string =>
  [command.parent?.name(), command.name(), '--help'].filter(Boolean).join(' ');

/** `option '--with <means>' argument 'x' is invalid. Allowed choices are a, b.` */
function choiceIn(message: string): { place?: string; what: string } {
  const [, place, given = '', choices = ''] =
    /'([^']*)' .*?'([^']*)'.* Allowed choices are (.*)\.$/.exec(message) ?? [];
  if (place === undefined) return { what: message.replace(/^error: /, '') };
  const known = choices.split(', ');
  return {
    place: flagOf(place),
    what: `expected one of ${choices}, found "${given}"${didYouMean(given, known)}`,
  };
}
