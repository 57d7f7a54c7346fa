import { machineFolder } from '../lab/folders.ts';
import type { Status } from '../lab/status.ts';
import { processOf } from './process.ts';
import { snapshotsOf } from './snapshot.ts';
import { machinesOf, readSaved } from './state.ts';

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
    provider: 'qemu',
    state: pid === undefined ? 'stopped' : 'running',
    image: saved.image.image.name,
    accelerator: saved.accelerator,
    ...(pid === undefined ? {} : { pid, ssh: saved.sshPort }),
    ports: saved.forwarded,
    ...(saved.privateAddress ? { privateAddress: saved.privateAddress } : {}),
    snapshots: await snapshotsOf(lab, name),
  };
}
