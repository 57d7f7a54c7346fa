import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { privateFolder } from '../computer/files.ts';
import { withLock } from '../computer/lock.ts';
import { requireFree } from '../computer/ports.ts';
import { failure, ProvisionError } from '../errors.ts';
import type { Host } from '../host.ts';
import { all } from './lab/all.ts';
import { folderOf, machineFolder, machineFolders } from './lab/folders.ts';
import { checkReach } from './lab/images/hub.ts';
import { endMirror } from './lab/images/lasting.ts';
import { loopback } from './lab/images/mirror.ts';
import { withMirror } from './lab/pulls.ts';
import { loadMachines, type Machine } from './machines.ts';
import type { Provider, ProviderOptions } from './provider.ts';
import { accelerator } from './qemu/accelerator.ts';
import { runAsRoot } from './qemu/guest.ts';
import { imageNamed } from './qemu/image.ts';
import { doorOf, hostOf, makeMachine, startMachine } from './qemu/machine.ts';
import { withMonitor } from './qemu/monitor.ts';
import { prepareImage } from './qemu/prepare.ts';
import { cutPower, processOf } from './qemu/process.ts';
import { machinesOf, readSaved } from './qemu/state.ts';

const project = resolve(import.meta.dirname, '../..');

/** The built-in lab: virtual machines run by QEMU, without any other software. */
export const qemu: Provider = {
  name: 'qemu',
  running: async (approach) => isUp(approach),
  hosts: (options) => bringUp(options),
};

export interface LabOptions extends ProviderOptions {
  /** Uses free ports on this computer instead of those in machines.yml. */
  readonly anyPorts?: boolean;
  /** Where hosts come from if machines would have to be emulated; without it they are. */
  otherwise?(): Promise<Host[]>;
}

/** Whether the lab has machines and all of them are running. */
function isUp(lab: string): boolean {
  const names = machinesOf(lab);
  return names.length > 0 && names.every((name) => processOf(machineFolder(lab, name)) !== undefined);
}

/**
 * Brings up every machine: existing ones are started, the others are created.
 *
 * @throws ProvisionError, or an AggregateError with one for each machine that failed
 */
export async function bringUp(options: LabOptions): Promise<Host[]> {
  const { approach: lab, progress } = options;
  imageNamed(options.image);
  const folder = privateFolder(folderOf(lab));
  const waiting = (line: string) => progress('lab', line);
  const hosts = await withLock(folder, `bringing up ${lab}`, waiting, async () => {
    try {
      return await machinesUp(options);
    } catch (error) {
      if (readdirSync(folder).length === 0) rmdirSync(folder);
      throw error;
    }
  });
  return hosts ?? (await options.otherwise?.()) ?? [];
}

/** Undefined when none exists, they would be emulated, and hosts can come from elsewhere. */
async function machinesUp(options: LabOptions): Promise<Host[] | undefined> {
  const { approach: lab, machines, anyPorts = false, progress } = options;
  const names = Object.keys(machines);
  const exists = (name: string) => readSaved(machineFolder(lab, name)) !== undefined;
  const missing = names.filter((name) => !exists(name));
  if (missing.length > 0) options.beforeCreating?.(missing);
  for (const name of names) refuseOtherImage(lab, name, options.image);
  // Left by an interrupted run.
  for (const name of machineFolders(lab).filter((name) => !exists(name)))
    await cutPower(machineFolder(lab, name));
  if (missing.length > 0) await requirePorts(options);
  const prepared = missing.length > 0 ? await prepare(options) : undefined;
  const none = missing.length === names.length;
  if (prepared?.accelerator === 'tcg' && options.otherwise && none) return undefined;
  const works = Object.entries(machines).map(async ([name, machine]): Promise<Host> => {
    const report = (line: string) => progress(name, line);
    const making = prepared &&
      !exists(name) && { lab, name, machine, anyPorts, progress: report, ...prepared };
    const saved = making ? await makeMachine(making) : await startMachine(lab, name, report);
    // Its hardware does not change, but its groups follow machines.yml.
    return { ...hostOf(lab, name, saved), groups: machine.groups };
  });
  return await mirrored(await all(works), options);
}

/** Adds the lab's mirror to the hosts' variables if they cannot reach a registry. */
async function mirrored(hosts: readonly Host[], options: LabOptions): Promise<Host[]> {
  const { approach: lab, pulls = [] } = options;
  const [first] = hosts;
  const saved = first && readSaved(machineFolder(lab, first.name));
  if (!saved) return [...hosts];
  return await withMirror(hosts, {
    ...options,
    place: loopback,
    whyUnreachable: () =>
      runAsRoot(doorOf(lab, first.name, saved), () => checkReach(pulls).join(' ')).then(
        () => undefined,
        (error: unknown) => (error instanceof ProvisionError && error.parts.said?.trim()) || 'no answer',
      ),
  });
}

/** Checks the ports before anything is built or booted. */
async function requirePorts({ approach: lab, machines, anyPorts }: LabOptions): Promise<void> {
  for (const [name, { forward }] of Object.entries(machines)) {
    if (anyPorts || readSaved(machineFolder(lab, name))) continue;
    await requireFree(name, lab, Object.keys(forward).map(Number));
  }
}

async function prepare(options: LabOptions) {
  const { progress } = options;
  const image = await prepareImage(options);
  const { name, description } = await accelerator(image, (line) => progress('lab', line));
  if (name === 'kvm' || !options.otherwise) progress('lab', `virtual machines run with ${description}`);
  return { image, accelerator: name };
}

/** Refuses to change the image of an existing machine. */
function refuseOtherImage(lab: string, name: string, option: string): void {
  const has = readSaved(machineFolder(lab, name))?.image.image.name;
  const named = imageNamed(option);
  if (has === undefined || named === 'auto' || named.name === has) return;
  const todo = `to keep it, omit --image; to replace it, remove it first: npm run lab -- down ${lab}`;
  throw failure({
    place: name,
    what: `the machine was created with the image ${has}, not ${named.name}`,
    todo,
  });
}

/** Stops the machines of a lab and removes everything that belongs to them. Images are kept. */
export async function destroy(lab: string, waiting: (line: string) => void = () => {}): Promise<void> {
  if (!existsSync(folderOf(lab))) return;
  await withLock(folderOf(lab), `taking down ${lab}`, waiting, async () => {
    for (const name of machineFolders(lab)) await cutPower(machineFolder(lab, name));
    endMirror(lab);
    rmSync(folderOf(lab), { recursive: true, force: true });
  });
}

export interface FreshOptions {
  /** A unique name for this lab. */
  readonly lab: string;
  /** The approach whose machines.yml is used; default: `approach_0`. */
  readonly approach?: string;
  readonly machines?: Readonly<Record<string, Machine>>;
  /** Default: `debian`. */
  readonly image?: string;
  progress?(topic: string, line: string): void;
}

/** Newly created machines on free ports, for tests. An existing lab with this name is removed first. */
export async function freshHosts(options: FreshOptions): Promise<Host[]> {
  const { lab, approach = 'approach_0', image = 'debian', progress = () => {} } = options;
  const machines = options.machines ?? loadMachines(join(project, 'approaches', approach));
  await destroy(lab);
  return await bringUp({ approach: lab, machines, image, yes: true, anyPorts: true, progress });
}

/** Simulates a power cut. */
export const cutPowerOf = (lab: string, machine: string) => cutPower(machineFolder(lab, machine));

/** Starts the machine again with the disk as the power cut left it. Its ports stay the same. */
export async function powerOn(lab: string, machine: string, progress: (line: string) => void = () => {}) {
  return hostOf(lab, machine, await startMachine(lab, machine, progress));
}

/** Unplugs or plugs in a network: `user` connects to this computer and the outside, `lan` to the other machines. */
export async function setLink(
  lab: string,
  machine: string,
  network: 'user' | 'lan',
  up: boolean,
): Promise<void> {
  await withMonitor(machineFolder(lab, machine), (monitor) => monitor.ask('set_link', { name: network, up }));
}
