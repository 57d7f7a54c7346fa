import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inputError } from '../../errors.ts';

const project = resolve(import.meta.dirname, '../../..');

/**
 * The folder that holds everything the lab makes; nothing else is written. `THEAPP_LAB` puts it elsewhere,
 * `THEAPP_LAB_IMAGES` only the images, so that another lab need not build them again.
 */
export const labFolder = () => resolve(process.env.THEAPP_LAB ?? join(project, '.lab'));
export const imagesFolder = () => resolve(process.env.THEAPP_LAB_IMAGES ?? join(labFolder(), 'images'));

/** A lab is the machines of one approach (or of one test), by a name of its own. @throws ProvisionError (input) */
export function folderOf(lab: string): string {
  if (/^[A-Za-z][\w-]{0,40}$/.test(lab) && lab !== 'images') return join(labFolder(), lab);
  throw inputError({
    place: 'lab',
    what: `"${lab}" is no name of a lab`,
    why: 'expected letters, digits, _ and -',
  });
}

/** Names of the machines of a lab, with what is left of those whose creation was interrupted. */
export function leftOf(lab: string): string[] {
  try {
    const entries = readdirSync(folderOf(lab), { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

export const machineFolder = (lab: string, name: string) => join(folderOf(lab), name);
