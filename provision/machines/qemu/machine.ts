import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { privateFolder } from '../../computer/files.ts';
import { keyPair } from '../../computer/keys.ts';
import { freePort, isFree, requireFree } from '../../computer/ports.ts';
import { failure, ProvisionError } from '../../errors.ts';
import { bootstrapKeys } from '../lab/bootstrap.ts';
import { guestUser } from '../lab/door.ts';
import { folderOf, machineFolder } from '../lab/folders.ts';
import type { Machine } from '../machines.ts';
import type { Wanted } from './command.ts';
import { forwardedPorts } from './forwarding.ts';
import { runAsRoot, waitForSsh } from './guest.ts';
import { clock, identityScript } from './identity.ts';
import type { Prepared } from './image.ts';
import { plugLan, withMonitor } from './monitor.ts';
import { cutPower, launch, processOf } from './process.ts';
import { copyDisk, fresh, newDisk, readyDisk } from './ready.ts';
import { readSaved, type Saved, save } from './state.ts';
import { lanCard, meeting } from './wiring.ts';

export interface Making {
  readonly lab: string;
  readonly name: string;
  readonly machine: Machine;
  readonly image: Prepared;
  readonly accelerator: 'kvm' | 'tcg';
  /** Uses free ports on this computer instead of those in machines.yml. */
  readonly anyPorts: boolean;
  progress(line: string): void;
}

/**
 * Creates and starts a new machine with its own identity. It is resumed from the snapshot for its configuration, or
 * booted if that is not possible. Previous contents of its folder are removed.
 *
 * @throws ProvisionError
 */
export async function makeMachine(making: Making): Promise<Saved> {
  const { lab, name, machine, anyPorts, progress } = making;
  const folder = machineFolder(lab, name);
  await cutPower(folder);
  rmSync(folder, { recursive: true, force: true });
  const requested = Object.entries(machine.forward).map(
    async ([here, guest]) => [guest, anyPorts ? await freePort() : Number(here)] as const,
  );
  const forward = [[22, await freePort()] as const, ...(await Promise.all(requested))];
  if (!anyPorts) await requireFree(name, lab, Object.keys(machine.forward).map(Number));
  const ready = await readyDisk({ ...making, ...machine }, progress);
  privateFolder(folder);
  try {
    await boot(making, folder, forward, ready);
    return save(folder, await giveIdentity(making, folder));
  } catch (error) {
    await cutPower(folder);
    // The log of its serial console is kept.
    rmSync(join(folder, 'disk.qcow2'), { force: true });
    throw error;
  }
}

/** Starts QEMU, from the snapshot if there is one that works. */
async function boot(
  { lab, name, machine, image, accelerator }: Making,
  folder: string,
  forward: Wanted['forward'],
  ready: string | undefined,
): Promise<void> {
  const { memory, cpus } = machine;
  const wanted: Wanted = { name: processName(lab, name), folder, image, accelerator, memory, cpus, forward };
  if (ready && (await resume(wanted, ready))) return;
  rmSync(join(folder, 'disk.qcow2'), { force: true });
  await newDisk(folder, image, machine.disk);
  await launch(wanted);
}

/** Resumes from the snapshot and returns whether that worked. If not, this is recorded, and later machines boot. */
async function resume(wanted: Wanted, ready: string): Promise<boolean> {
  copyDisk(ready, wanted.folder);
  try {
    await launch({ ...wanted, snapshot: fresh });
    return true;
  } catch (error) {
    const output = error instanceof ProvisionError ? error.parts.said : undefined;
    if (!/snapshot|migrat|vmstate|section|state of/i.test(output ?? '')) throw error;
    const folder = dirname(ready);
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(join(privateFolder(folder), 'impossible'), output ?? '');
    return false;
  }
}

/** Sets the identity of a machine and connects it to the private network. */
async function giveIdentity(
  { lab, name, machine, image, accelerator, progress }: Making,
  folder: string,
): Promise<Saved> {
  const { 22: port = 0, ...forwarded } = await withMonitor(folder, forwardedPorts);
  const initial = await bootstrapKeys();
  const door = { name, folder, port, keyFile: initial.user.file, hostKey: initial.host.public };
  await waitForSsh(door, progress);
  progress('setting its name and keys');
  const own = await keyPair(join(folderOf(lab), 'key'));
  const host = await keyPair(join(folder, 'host_key'));
  const { address } = machine;
  const lan = address === undefined ? undefined : { mac: lanCard(lab, name), ...meeting(lab), address };
  if (lan) await withMonitor(folder, (monitor) => plugLan(monitor, lan));
  const identity = { name, authorized: own.public, host, ...(lan ? { lan } : {}) };
  await runAsRoot(door, () => identityScript(identity));
  await withMonitor(folder, (monitor) => monitor.human(`delvm ${fresh}`));
  await waitForSsh(door, progress);
  const { memory, cpus, groups } = machine;
  const network = lan && {
    lan: { mac: lan.mac, group: lan.group, port: lan.port },
    privateAddress: lan.address,
  };
  const saved = { image, accelerator, memory, cpus, groups, sshPort: port, forwarded, hostKey: host.public };
  return { ...saved, ...network };
}

/**
 * Starts an existing machine, from its disk or from one of its snapshots.
 *
 * @throws ProvisionError
 */
export async function startMachine(
  lab: string,
  name: string,
  progress: (line: string) => void,
  snapshot?: string,
): Promise<Saved> {
  const folder = machineFolder(lab, name);
  const saved = readSaved(folder);
  if (!saved)
    throw failure({
      place: lab,
      what: `there is no machine "${name}"`,
      todo: `create it: npm run lab -- up ${lab}`,
    });
  if (processOf(folder) !== undefined) {
    await waitForSsh({ name, folder, port: saved.sshPort }, progress);
    return saved;
  }
  const ports = Object.entries(saved.forwarded).map(([guest, here]) => [Number(guest), here] as const);
  await requireFree(name, lab, Object.values(saved.forwarded));
  // The SSH port was chosen freely and may change.
  const ssh = (await isFree(saved.sshPort)) ? saved.sshPort : await freePort();
  const wanted = { ...saved, name: processName(lab, name), folder, forward: [[22, ssh] as const, ...ports] };
  await launch(snapshot === undefined ? wanted : { ...wanted, snapshot });
  const { 22: sshPort = ssh } = await withMonitor(folder, forwardedPorts);
  await waitForSsh({ name, folder, port: sshPort }, progress);
  return save(folder, { ...saved, sshPort });
}

const processName = (lab: string, name: string) => `theapp-lab/${lab}/${name}`;

/** SSH access to a machine of the lab. */
export function doorOf(lab: string, name: string, saved: Saved) {
  const keyFile = join(folderOf(lab), 'key');
  return { name, folder: machineFolder(lab, name), port: saved.sshPort, keyFile, hostKey: saved.hostKey };
}

/** Sets the clock of a machine, which has the time of the snapshot after it was resumed. */
export const setClock = (lab: string, name: string, saved: Saved) =>
  runAsRoot(doorOf(lab, name, saved), () => clock().join('\n'));

/** A machine of the lab as a host. */
export function hostOf(lab: string, name: string, saved: Saved) {
  const forwarded = Object.entries(saved.forwarded).map(([guest, port]) => [
    guest,
    { address: '127.0.0.1', port },
  ]);
  return {
    name,
    address: '127.0.0.1',
    port: saved.sshPort,
    user: guestUser,
    keyFiles: [join(folderOf(lab), 'key')],
    hostKeys: [saved.hostKey],
    groups: saved.groups,
    ...(saved.privateAddress ? { privateAddress: saved.privateAddress } : {}),
    forwarded: Object.fromEntries(forwarded) as Record<number, { address: string; port: number }>,
    vars: {},
  };
}
