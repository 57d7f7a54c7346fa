import { machineFolder } from '../lab/folders.ts';
import { processOf } from './process.ts';
import { snapshotsOf } from './snapshot.ts';
import { machinesOf, readSaved } from './state.ts';

/** A machine of a lab as shown by `lab status --json`. Ports are on this computer's loopback interface. */
export interface Status {
  readonly name: string;
  readonly state: 'running' | 'stopped';
  readonly image: string;
  readonly accelerator: 'kvm' | 'tcg';
  /** The process id of QEMU. */
  readonly pid?: number;
  readonly ssh?: number;
  /** Port of the machine → port on this computer. */
  readonly ports: Readonly<Record<number, number>>;
  readonly privateAddress?: string;
  readonly snapshots: readonly string[];
}

/** The status of all machines of a lab, without connecting to them. */
export async function statusOf(lab: string): Promise<Status[]> {
  return await Promise.all(machinesOf(lab).map((name) => one(lab, name)));
}

async function one(lab: string, name: string): Promise<Status> {
  const folder = machineFolder(lab, name);
  const saved = readSaved(folder);
  if (!saved) throw new Error(`${folder} no longer exists`);
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
