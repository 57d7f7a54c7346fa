import { Option } from 'commander';
import { didYouMean, inputError } from '../../provision/index.ts';

/** A whole number from 1 to `most`. @throws ProvisionError (input) */
export function whole(place: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw inputError({ place, what: `expected a whole number from 1 to ${most}, found "${text}"` });
}

/** An option such as `--rate <count>` that takes a whole number from 1 to `most`. */
export const wholeOption = (
  flags: string,
  words: string,
  { most, fallback }: { most: number; fallback: number },
): Option =>
  new Option(flags, words).default(fallback).argParser((text) => whole(flags.replace(/ .*/, ''), text, most));

/** One of the known words. @throws ProvisionError (input) with the closest one */
export function oneOf<T extends string>(place: string, known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found) return found;
  throw inputError({
    place,
    what: `expected one of ${known.join(', ')}, found "${text}"${didYouMean(text, known)}`,
  });
}

/** Several of the known words, separated by commas. */
export const someOf = <T extends string>(place: string, known: readonly T[], text: string): T[] =>
  text.split(',').map((one) => oneOf(place, known, one));

/** Collects the values of a repeatable option. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
