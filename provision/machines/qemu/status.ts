import { machineFolder } from '../lab/folders.ts';
import { processOf } from './process.ts';
import { snapshotsOf } from './snapshot.ts';
import { machinesOf, readSaved } from './state.ts';

/** A machine of a lab as `lab status --json` shows it. Ports are of this computer's loopback. */
export interface Status {
  readonly name: string;
  readonly state: 'running' | 'stopped';
  readonly image: string;
  readonly accelerator: 'kvm' | 'tcg';
  /** The emulator's process. */
  readonly pid?: number;
  readonly ssh?: number;
  /** Port of the machine → port here. */
  readonly ports: Readonly<Record<number, number>>;
  readonly privateAddress?: string;
  readonly snapshots: readonly string[];
}

/** Asks nothing of the machines themselves. */
export async function statusOf(lab: string): Promise<Status[]> {
  return await Promise.all(machinesOf(lab).map((name) => one(lab, name)));
}

async function one(lab: string, name: string): Promise<Status> {
  const folder = machineFolder(lab, name);
  const saved = readSaved(folder);
  if (!saved) throw new Error(`${folder} has gone`);
  const pid = processOf(folder);
  return {
    name,
    state: pid === undefined ? 'stopped' : 'running',
    image: saved.image.image.name,
    accelerator: saved.accelerator,
    ...(pid === undefined ? {} : { pid, ssh: saved.sshPort }),
    ports: saved.forwarded,
    ...(saved.privateAddress ? { privateAddress: saved.privateAddress } : {}),
    snapshots: await snapshotsOf(lab, name),
  };
}
