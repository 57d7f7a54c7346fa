import { type Command, CommanderError } from 'commander';
import { inputError } from '../../provision/index.ts';

/** What a benchmark's words say. Throws as `parseOptions` does. */
export function parsed<T extends object>(command: Command, argv: readonly string[]): T | undefined {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeErr: () => undefined });
  try {
    return command.parse([...argv], { from: 'user' }).opts<T>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw inputError({
      what: error.message.replace(/^error: /, ''),
      todo: `${command.name()} --help lists what there is`,
    });
  }
}

/** The value of an option that counts something: from 1 to `most`. */
export function whole(place: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw inputError({ place, what: `expected a whole number from 1 to ${most}, found "${text}"` });
}

/** The value of an option that names some of the known, joined by commas. */
export const named = <T extends string>(
  place: string,
  what: string,
  known: readonly T[],
  text: string,
): T[] =>
  text.split(',').map((name) => {
    const one = known.find((one) => one === name);
    if (one) return one;
    throw inputError({ place, what: `there is no ${what} "${name}"`, why: `there are ${known.join(', ')}` });
  });

/** Collects an option that may be given many times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
