import { execa } from 'execa';
import { withLock } from '../../computer/lock.ts';
import { requireSpace } from '../../computer/space.ts';
import { failure } from '../../errors.ts';
import { folderOf, machineFolder } from '../lab/folders.ts';
import { requireName, unknownSnapshot } from '../lab/snapshots.ts';
import { waitForSsh } from './guest.ts';
import { setClock, startMachine } from './machine.ts';
import { obey, openMonitor, withMonitor } from './monitor.ts';
import { processOf } from './process.ts';
import { machinesOf, readSaved, type Saved } from './state.ts';

type Tell = (topic: string, line: string) => void;

/**
 * Saves the memory and disks of all machines of a lab under a name, replacing an older snapshot with that name. The
 * machines are paused meanwhile, so that their states are consistent.
 *
 * @throws ProvisionError
 */
export async function takeSnapshot(lab: string, snapshot: string, progress: Tell): Promise<void> {
  requireName(snapshot);
  await withLock(
    folderOf(lab),
    `taking a snapshot of ${lab}`,
    (line) => progress('lab', line),
    async () => {
      const machines = requireRunning(lab);
      for (const [name, { memory }] of machines)
        requireSpace(machineFolder(lab, name), 1 + memory / 1000, 'a snapshot');
      const monitors = await Promise.all(machines.map(([name]) => openMonitor(machineFolder(lab, name))));
      try {
        await Promise.all(monitors.map((monitor) => monitor.ask('stop')));
        await Promise.all(monitors.map((monitor) => obey(monitor, `savevm ${snapshot}`)));
      } finally {
        await Promise.all(monitors.map((monitor) => monitor.ask('cont').finally(() => monitor.close())));
      }
    },
  );
}

/** Restores all machines from a snapshot, running and with this computer's time. @throws ProvisionError */
export async function restoreSnapshot(lab: string, snapshot: string, progress: Tell): Promise<void> {
  requireName(snapshot);
  await withLock(
    folderOf(lab),
    `restoring ${lab}`,
    (line) => progress('lab', line),
    async () => {
      const names = requireMachines(lab);
      for (const name of names) await requireSnapshot(lab, name, snapshot);
      await Promise.all(names.map((name) => restore(lab, name, snapshot, (line) => progress(name, line))));
    },
  );
}

async function restore(
  lab: string,
  name: string,
  snapshot: string,
  tell: (line: string) => void,
): Promise<void> {
  const folder = machineFolder(lab, name);
  let saved: Saved | undefined = readSaved(folder);
  if (saved && processOf(folder) !== undefined) {
    await withMonitor(folder, (monitor) => obey(monitor, `loadvm ${snapshot}`));
    await withMonitor(folder, (monitor) => monitor.ask('cont'));
    await waitForSsh({ name, folder, port: saved.sshPort }, tell);
  } else saved = await startMachine(lab, name, tell, snapshot);
  await setClock(lab, name, saved);
}

/** The names of a machine's snapshots, oldest first. */
export async function snapshotsOf(lab: string, machine: string): Promise<string[]> {
  const disk = `${machineFolder(lab, machine)}/disk.qcow2`;
  const { stdout } = await execa('qemu-img', ['info', '--force-share', '--output=json', disk], {
    reject: false,
  });
  if (!stdout) return [];
  const { snapshots = [] } = JSON.parse(stdout) as { snapshots?: { name: string }[] };
  return snapshots.map(({ name }) => name);
}

function requireMachines(lab: string): string[] {
  const names = machinesOf(lab);
  if (names.length > 0) return names;
  throw failure({
    place: lab,
    what: 'the lab has no machines',
    todo: `create them: npm run lab -- up ${lab}`,
  });
}

function requireRunning(lab: string): [string, Saved][] {
  return requireMachines(lab).map((name) => {
    const saved = readSaved(machineFolder(lab, name));
    if (saved && processOf(machineFolder(lab, name)) !== undefined) return [name, saved];
    throw failure({
      place: name,
      what: 'the machine is not running',
      todo: `start it: npm run lab -- up ${lab}`,
    });
  });
}

async function requireSnapshot(lab: string, machine: string, snapshot: string): Promise<void> {
  const known = await snapshotsOf(lab, machine);
  if (!known.includes(snapshot)) throw unknownSnapshot(lab, machine, snapshot, known);
}
