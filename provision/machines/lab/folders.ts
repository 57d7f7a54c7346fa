import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inputError } from '../../errors.ts';

const project = resolve(import.meta.dirname, '../../..');

/**
 * The folder for everything that the lab creates; it writes nowhere else. `THEAPP_LAB` moves the folder,
 * `THEAPP_LAB_IMAGES` moves only the images, so that several labs can share them.
 */
export const labFolder = () => resolve(process.env.THEAPP_LAB ?? join(project, '.lab'));
export const imagesFolder = () => resolve(process.env.THEAPP_LAB_IMAGES ?? join(labFolder(), 'images'));

/** The folder of a lab, which is the machines of one approach or of one test. @throws ProvisionError (input) */
export function folderOf(lab: string): string {
  if (/^[A-Za-z][\w-]{0,40}$/.test(lab) && lab !== 'images') return join(labFolder(), lab);
  throw inputError({
    place: 'lab',
    what: `"${lab}" is not a valid lab name`,
    why: 'expected letters, digits, _ and -',
  });
}

/** The names of a lab's machine folders, including those of machines whose creation was interrupted. */
export function machineFolders(lab: string): string[] {
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
