import { Command, CommanderError } from 'commander';
import { exitCodes, explain, ProvisionError } from '../../provision/index.ts';

/** A command of `scripts/`, for `runCommand`. Its sub-commands inherit how it ends and complains. */
export const newCommand = (name: string): Command =>
  new Command(name)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) });

/**
 * Runs a command by what was typed. The exit code is as of `npm run provision`: 1 failed, 3 bad input, 4 unreachable.
 * `ended` runs before anything is said of a failure.
 */
export async function runCommand(program: Command, ended: () => void = () => undefined): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    ended();
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.input;
    else {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = error instanceof ProvisionError ? exitCodes[error.kind] : 1;
    }
  }
}
