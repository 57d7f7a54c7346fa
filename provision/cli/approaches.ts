import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { didYouMean, inputError, ProvisionError } from '../errors.ts';
import { shown } from '../input/yaml.ts';
import type { Approach } from '../language/approach.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** The name and the folder of an approach. */
export interface Location {
  readonly name: string;
  readonly folder: string;
}

/**
 * An approach of this project by its name, or one elsewhere by its folder: `./mine`.
 *
 * @param example a command with an approach, which the error suggests
 * @throws ProvisionError (input)
 */
export function locate(name: string | undefined, example = 'npm run provision -- approach_0'): Location {
  if (name !== undefined && (name.startsWith('.') || name.includes('/'))) return elsewhere(resolve(name));
  const folder = join(ROOT, 'approaches');
  const known = readdirSync(folder).filter((entry) => existsSync(join(folder, entry, 'index.ts')));
  if (name !== undefined && known.includes(name)) return { name, folder: join(folder, name) };
  if (name === undefined)
    throw inputError({ what: `no approach was named (approaches: ${known.join(', ')})`, todo: example });
  throw inputError({
    what: `there is no approach "${name}"${didYouMean(name, known)} (approaches: ${known.join(', ')})`,
    todo: example,
  });
}

function elsewhere(folder: string): Location {
  if (existsSync(join(folder, 'index.ts'))) return { name: basename(folder), folder };
  throw inputError({
    place: shown(folder),
    what: existsSync(folder) ? 'this folder contains no approach' : 'there is no such folder',
    todo: 'name a folder that contains index.ts and machines.yml',
  });
}

/** The code of an approach. @throws ProvisionError (input) */
export async function loadApproach({ folder }: Location): Promise<Approach> {
  const file = join(folder, 'index.ts');
  const { default: approach } = (await import(file).catch((error: unknown) => {
    if (!(error instanceof Error) || error instanceof ProvisionError) throw error;
    throw inputError(
      { ...placeIn(error, file), what: 'the approach cannot be loaded', why: error.message },
      error,
    );
  })) as { default?: Approach };
  if (approach && 'groups' in approach) return approach;
  throw inputError({
    place: shown(file),
    what: 'this file does not define an approach',
    todo: 'write export default approach({ … }), as in approaches/approach_0/index.ts',
  });
}

/** `file:line` from a stack, whose first lines name the code that cannot be parsed or run. */
function placeIn({ stack = '' }: Error, fallback: string): { place: string } {
  const [, file = fallback, line] = /(?:file:\/\/)?(\/[^\s:()]+\.ts):(\d+)/.exec(stack) ?? [];
  return { place: [shown(file), line].filter(Boolean).join(':') };
}
