import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../computer/files.ts';
import { withLock } from '../computer/lock.ts';
import { requireFree } from '../computer/ports.ts';
import { failure } from '../errors.ts';
import type { Host } from '../host.ts';
import { ask, docker as client, requireLocal } from './docker/client.ts';
import { machineImage } from './docker/image.ts';
import { nameOf } from './docker/labels.ts';
import {
  hostOf,
  type Means,
  makeMachine,
  removeMachine,
  startMachine,
  waitForSsh,
} from './docker/machine.ts';
import { addressesIn, networkFor } from './docker/network.ts';
import { privileges } from './docker/privileges.ts';
import { type Container, containersOf, volumesOf } from './docker/state.ts';
import { type Left, leftOf } from './docker/status.ts';
import { systemNamed } from './docker/system.ts';
import { all } from './lab/all.ts';
import { folderOf } from './lab/folders.ts';
import { asksHub } from './lab/images/hub.ts';
import { endMirror, lastingMirror } from './lab/images/lasting.ts';
import type { Provider, ProviderOptions } from './provider.ts';
import { machinesOf } from './qemu/state.ts';

/** The embedded lab, with containers as machines: systemd and an sshd in each, made by whichever Docker answers. */
export const docker: Provider = {
  name: 'docker',
  running: async (approach) => hasContainers(approach) && (await allRun(approach)),
  hosts: (options) => bringUp(options),
};

export interface LabOptions extends ProviderOptions {
  /** Ports of this computer are free ones, whatever machines.yml says. */
  readonly anyPorts?: boolean;
}

/** Made when an approach first has containers, so that nobody has to ask Docker where there are none. */
const trace = (approach: string) => join(folderOf(approach), 'containers');

/** Whether containers have been made for an approach, by what this lab's folder says: Docker is not asked. */
export const hasContainers = (approach: string) => existsSync(trace(approach));

const allRun = async (approach: string) => {
  const found = await containersOf(approach, 10).catch(() => []);
  return found.length > 0 && found.every(({ state }) => state === 'running');
};

/**
 * Every machine running: those that exist are started as they are, the others are made.
 *
 * @throws ProvisionError, or an AggregateError of them: every machine is heard
 */
export async function bringUp(options: LabOptions): Promise<Host[]> {
  const { approach, progress } = options;
  systemNamed(options.image);
  const folder = privateFolder(folderOf(approach));
  const waiting = (line: string) => progress('lab', line);
  return await withLock(folder, `bringing up ${approach}`, waiting, () => machinesUp(options));
}

async function machinesUp(options: LabOptions): Promise<Host[]> {
  const { approach, machines, anyPorts = false, progress } = options;
  const [containers, volumes] = await Promise.all([containersOf(approach), volumesOf(approach)]);
  const found = containers.filter(({ whole }) => whole);
  const there = new Map(found.map((container) => [container.machine, container]));
  for (const container of found) refuseOtherImage(container, options.image);
  const missing = Object.keys(machines).filter((name) => !there.has(name));
  if (!anyPorts) await requirePorts(approach, machines, missing);
  const means = missing.length > 0 ? await prepare(options) : undefined;
  const addresses = means ? addressesIn(means.network.prefix, machines) : {};
  const works = Object.entries(machines).map(async ([name, machine]): Promise<Host> => {
    const tell = (line: string) => progress(name, line);
    const old = there.get(name);
    // what an interrupted command has left
    const left = !old && [...containers.map(({ machine }) => machine), ...volumes].includes(name);
    if (left) await removeMachine(approach, name);
    if (old?.state === 'stopped') await startMachine(old);
    const address = addresses[name] ?? '';
    const container =
      old ?? (await makeMachine({ approach, name, machine, address, anyPorts, ...(means as Means) }));
    await waitForSsh(container, tell);
    return hostOf(container, machine.groups);
  });
  return await withMirror(await all(works), options);
}

/** The hosts, with the lab's mirror of Docker Hub as their variable where they need one. */
async function withMirror(hosts: Host[], { approach, pulls, yes, progress }: LabOptions): Promise<Host[]> {
  const [first] = hosts;
  if (!pulls || !first) return hosts;
  // the network's gateway is this computer: only the machines of the approach are on it
  const gateway = first.privateAddress?.replace(/\.\d+$/, '.1') ?? '';
  const url = await lastingMirror({
    lab: approach,
    place: { listen: gateway, seen: gateway },
    yes,
    unreached: async () => {
      const { ok, stderr } = await ask(['exec', nameOf(approach, first.name), ...asksHub]);
      return ok ? undefined : stderr.trim() || 'no answer';
    },
    progress: (line) => progress('mirror', line),
  });
  return url === undefined ? hosts : hosts.map((host) => ({ ...host, vars: { docker: { mirrors: [url] } } }));
}

/** Before anything is built or started. */
async function requirePorts(approach: string, machines: LabOptions['machines'], missing: readonly string[]) {
  for (const name of missing) {
    await requireFree(name, approach, Object.keys(machines[name]?.forward ?? {}).map(Number));
  }
}

async function prepare(options: LabOptions): Promise<Means> {
  const { approach, machines, progress } = options;
  await requireLocal();
  const image = await machineImage(options);
  const tell = (line: string) => progress('lab', line);
  const [granted, network] = await Promise.all([privileges(image.tag), networkFor(approach, machines, tell)]);
  writeWhole(trace(approach), '');
  tell(`containers of ${image.name}`);
  return { image, privileges: granted, network };
}

/** A machine keeps what it was made with. */
function refuseOtherImage({ machine, approach, image }: Container, option: string): void {
  const named = systemNamed(option);
  if (named === 'auto' || named.name === image) return;
  const todo = `omit --image to keep it; or remove it, to create it again: npm run lab -- down ${approach}`;
  throw failure({
    place: machine,
    what: `the machine was created with the image ${image}, not ${named.name}`,
    todo,
  });
}

/** Removes the machines of a lab and all that is theirs: containers, volumes, networks, snapshots, keys. */
export async function destroy(approach: string, waiting: (line: string) => void = () => {}): Promise<Left> {
  const folder = privateFolder(folderOf(approach));
  return await withLock(folder, `taking down ${approach}`, waiting, async () => {
    const left = await leftOf(approach);
    const { containers, volumes, networks, images } = left;
    if (containers.length > 0) await client(['rm', '--force', '--volumes', ...containers]);
    if (volumes.length > 0) await client(['volume', 'rm', '--force', ...volumes]);
    if (networks.length > 0) await client(['network', 'rm', ...networks]);
    if (images.length > 0) await client(['image', 'rm', '--force', ...images]);
    // virtual machines of this approach may be there too
    if (machinesOf(approach).length > 0) rmSync(trace(approach), { force: true });
    else {
      endMirror(approach);
      rmSync(folder, { recursive: true, force: true });
    }
    return left;
  });
}

/** A power cut: the machine stops in the middle of what it does. */
export const cutPowerOf = async (approach: string, machine: string): Promise<void> =>
  void (await client(['kill', nameOf(approach, machine)]));

/** Starts it again, on the disk that the power cut left. Its ports stay the same. */
export async function powerOn(
  approach: string,
  machine: string,
  tell: (line: string) => void = () => {},
): Promise<void> {
  const container = (await containersOf(approach)).find((one) => one.machine === machine);
  if (!container)
    throw failure({
      place: approach,
      what: `has no machine "${machine}"`,
      todo: `npm run lab -- up ${approach}`,
    });
  if (container.state === 'stopped') await startMachine(container);
  await waitForSsh(container, tell);
}
