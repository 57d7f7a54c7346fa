import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../../computer/files.ts';
import { leftOf, machineFolder } from '../lab/folders.ts';
import type { Prepared } from './image.ts';

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
