import { Command, CommanderError } from 'commander';
import { optionDescription } from '../../provision/cli/help.ts';
import { toleratePipes } from '../../provision/cli/pipes.ts';
import { exitCodes, explain, ProvisionError } from '../../provision/index.ts';
import { refuseUnknown, usageError } from './usage.ts';

/** The command behind `npm run NAME`, for `runCommand`. Its sub-commands inherit its settings. */
export const newCommand = (name: string): Command =>
  new Command(`npm run ${name} --`)
    .exitOverride()
    .allowExcessArguments(false)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ optionDescription, commandDescription, subcommandDescription, minWidthToWrap: 30 })
    .configureOutput({ outputError: () => undefined })
    .addHelpText('beforeAll', ({ command }) => {
      refuseUnknown(command);
      return '';
    });

/** A command's own help begins with a sentence; the list of its parent has the same words in lower case. */
function commandDescription(command: Command): string {
  const words = command.description().replace(/^\(default\) /, '');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/\.$/.test(words) ? '' : '.'}`;
}

const subcommandDescription = (command: Command): string =>
  command.name() === 'help' ? 'show the help of a command' : command.description();

/** How a command runs. */
export interface RunOptions {
  /** Runs before an error is printed: ends the progress line. */
  readonly ended?: () => void;
  /** The sub-command that runs when none is named. */
  readonly byDefault?: string;
  /** Once it is aborted, the exit code is 130 and errors that follow from it are not printed. */
  readonly signal?: AbortSignal;
}

/** Receives a program instead of it being run, and the name of its default sub-command. */
export type TakeProgram = (program: Command, byDefault: string | undefined) => void;
let take: TakeProgram | undefined;

/** Makes `runCommand` pass programs to `taker` instead of running them, so that tests can inspect scripts. */
export function takePrograms(taker: TakeProgram): void {
  take = taker;
}

/**
 * Runs a command with the words that were typed, and sets the exit code as `npm run provision` does: 1 failed, 3 bad
 * input, 4 unreachable; 130 interrupted.
 */
export async function runCommand(
  program: Command,
  options: RunOptions | (() => void) = {},
  argv: readonly string[] = process.argv.slice(2),
): Promise<void> {
  const {
    ended = () => undefined,
    byDefault,
    signal,
  } = typeof options === 'function' ? { ended: options } : options;
  if (take) return take(program, byDefault);
  toleratePipes();
  try {
    await parseCommand(program, argv, byDefault);
  } catch (error) {
    ended();
    process.exitCode = signal?.aborted ? 130 : codeOf(error);
    if (!signal?.aborted) process.stderr.write(`${explain(error)}\n`);
  }
  if (signal?.aborted) process.exitCode = 130;
}

/** Of several errors, the highest code, as in `npm run provision`. */
function codeOf(error: unknown): number {
  if (error instanceof AggregateError) return Math.max(1, ...error.errors.map(codeOf));
  return error instanceof ProvisionError ? exitCodes[error.kind] : 1;
}

/** Parses words and runs their action. @throws ProvisionError (input) for unknown words, or as the action does */
export async function parseCommand(
  program: Command,
  argv: readonly string[],
  byDefault?: string,
): Promise<void> {
  const named = byDefault === undefined || /^(?!-)|^(-h|--help)$/.test(argv[0] ?? '-');
  try {
    await program.parseAsync(named ? [...argv] : [`${byDefault}`, ...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, program);
  }
}

/**
 * A signal that aborts at the first SIGINT, SIGTERM or SIGHUP, so that a command can clean up; the second ends the
 * process. npm passes a terminal's Ctrl-C on, so what arrives within a second counts as one.
 */
export function interruption(onFirst: () => void = () => undefined): AbortSignal {
  const asked = new AbortController();
  let first = 0;
  const hear = () => {
    if (asked.signal.aborted && performance.now() - first > 1000) process.exit(130);
    if (asked.signal.aborted) return;
    first = performance.now();
    asked.abort();
    onFirst();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, hear);
  return asked.signal;
}
