import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../computer/files.ts';
import { machineFolder, machineFolders } from '../lab/folders.ts';
import type { Prepared } from './image.ts';

/** The state of a machine that is stored between runs. */
export interface Saved {
  readonly image: Prepared;
  readonly accelerator: 'kvm' | 'tcg';
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  readonly groups: readonly string[];
  readonly privateAddress?: string;
  /** Its network card on the private network, and the multicast group of that network, if it has one. */
  readonly lan?: { readonly mac: string; readonly group: string; readonly port: number };
  /** The port on this computer's loopback interface where its sshd answers. */
  readonly sshPort: number;
  /** Port of the machine → port on this computer's loopback interface. */
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

/** The names of a lab's machines, running or not. */
export const machinesOf = (lab: string) =>
  machineFolders(lab).filter((name) => readSaved(machineFolder(lab, name)) !== undefined);
