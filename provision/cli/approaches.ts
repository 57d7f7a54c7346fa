import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { didYouMean, inputError } from '../errors.ts';
import { shown } from '../input/yaml.ts';
import type { Approach } from '../language/approach.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Where an approach is, and what it is called. */
export interface Location {
  readonly name: string;
  readonly folder: string;
}

/**
 * An approach of this project by its name, or one elsewhere by its folder: `./mine`.
 *
 * @throws ProvisionError (input)
 */
export function locate(name: string | undefined): Location {
  if (name !== undefined && (name.startsWith('.') || name.includes('/'))) return elsewhere(resolve(name));
  const folder = join(ROOT, 'approaches');
  const known = readdirSync(folder).filter((entry) => existsSync(join(folder, entry, 'index.ts')));
  if (name !== undefined && known.includes(name)) return { name, folder: join(folder, name) };
  const todo = `npm run provision -- ${known[0] ?? 'approach_0'}`;
  if (name === undefined)
    throw inputError({ what: `no approach was named (there are: ${known.join(', ')})`, todo });
  throw inputError({
    what: `there is no approach "${name}"${didYouMean(name, known)} (there are: ${known.join(', ')})`,
    todo,
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

/** The code of an approach. */
export async function loadApproach({ folder }: Location): Promise<Approach> {
  const { default: approach } = (await import(join(folder, 'index.ts'))) as { default: Approach };
  return approach;
}
