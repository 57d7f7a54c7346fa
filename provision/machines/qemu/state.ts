import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inputError } from '../../errors.ts';
import type { Prepared } from './image.ts';

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

/** Makes a folder that only its owner can look into, with its parents. */
export function privateFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return folder;
}

/** What is remembered of a machine between two commands. */
export interface Saved {
  readonly image: Prepared;
  readonly accelerator: 'kvm' | 'tcg';
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  readonly groups: readonly string[];
  readonly privateAddress?: string;
  /** Its card on the private network, when it is on one, and where that network is. */
  readonly lan?: { readonly mac: string; readonly group: string; readonly port: number };
  /** Port of this computer's loopback where its sshd answers. */
  readonly sshPort: number;
  /** Port of the machine → port of this computer's loopback. */
  readonly forwarded: Readonly<Record<number, number>>;
  readonly hostKey: string;
}

export function readSaved(folder: string): Saved | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'machine.json'), 'utf8')) as Saved;
  } catch {
    return undefined;
  }
}

export function save(folder: string, saved: Saved): Saved {
  writeWhole(join(folder, 'machine.json'), `${JSON.stringify(saved, null, 2)}\n`);
  return saved;
}

/** Names of the machines that a lab has, running or not. */
export const machinesOf = (lab: string) =>
  leftOf(lab).filter((name) => readSaved(machineFolder(lab, name)) !== undefined);

/** The same, with what was left of those whose making was interrupted. */
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

/** Never half there: a draft, renamed. */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
