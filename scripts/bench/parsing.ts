import type { Command } from 'commander';
import { parseCommand } from '../command/command.ts';

/** The options that a benchmark's command hands to its action, for tests. @throws ProvisionError (input) */
export async function optionsFrom<T>(
  command: (action: (options: T) => void) => Command,
  argv: readonly string[],
): Promise<T | undefined> {
  let given: T | undefined;
  await parseCommand(
    command((options) => {
      given = options;
    }),
    argv,
  );
  return given;
}
