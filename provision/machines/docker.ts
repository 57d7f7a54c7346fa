import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { privateFolder, writeWhole } from '../computer/files.ts';
import { withLock } from '../computer/lock.ts';
import { requireFree } from '../computer/ports.ts';
import { failure } from '../errors.ts';
import type { Host } from '../host.ts';
import { docker as client, requireLocal, tryDocker } from './docker/client.ts';
import { machineImage } from './docker/image.ts';
import { fewWatchers } from './docker/inotify.ts';
import { nameOf } from './docker/labels.ts';
import {
  hostOf,
  makeMachine,
  removeMachine,
  type SharedSettings,
  startMachine,
  waitForSsh,
} from './docker/machine.ts';
import { addressesIn, networkFor } from './docker/network.ts';
import { privileges } from './docker/privileges.ts';
import { type Container, containersOf, volumesOf } from './docker/state.ts';
import { type DockerObjects, objectsOf } from './docker/status.ts';
import { systemNamed } from './docker/system.ts';
import { all } from './lab/all.ts';
import { folderOf } from './lab/folders.ts';
import { checkReach } from './lab/images/hub.ts';
import { endMirror } from './lab/images/lasting.ts';
import { withMirror } from './lab/pulls.ts';
import type { Provider, ProviderOptions } from './provider.ts';
import { machinesOf } from './qemu/state.ts';

/** The lab with containers as machines: each runs systemd and sshd, in the daemon that the Docker client uses. */
export const docker: Provider = {
  name: 'docker',
  running: async (approach) => hasContainers(approach) && (await allRun(approach)),
  hosts: (options) => bringUp(options),
};

export interface LabOptions extends ProviderOptions {
  /** Forward from free ports of this computer instead of those in machines.yml. */
  readonly anyPorts?: boolean;
}

/** A file that exists once an approach has had containers: without it, Docker need not be queried. */
const marker = (approach: string) => join(folderOf(approach), 'containers');

/** Whether containers have been created for an approach, according to the lab's folder. Does not query Docker. */
export const hasContainers = (approach: string) => existsSync(marker(approach));

const allRun = async (approach: string) => {
  const found = await containersOf(approach, 10).catch(() => []);
  return found.length > 0 && found.every(({ state }) => state === 'running');
};

/**
 * Starts the machines that exist and creates those that are missing. Resolves when all of them are running.
 *
 * @throws ProvisionError, or an AggregateError if several machines fail
 */
export async function bringUp(options: LabOptions): Promise<Host[]> {
  const { approach, progress } = options;
  systemNamed(options.image);
  // without querying Docker, which may not be installed
  if (!hasContainers(approach)) options.beforeCreating?.(Object.keys(options.machines));
  const folder = privateFolder(folderOf(approach));
  const waiting = (line: string) => progress('lab', line);
  return await withLock(folder, `bringing up ${approach}`, waiting, () => machinesUp(options));
}

async function machinesUp(options: LabOptions): Promise<Host[]> {
  const { approach, machines, anyPorts = false, progress } = options;
  const [containers, volumes] = await Promise.all([containersOf(approach), volumesOf(approach)]);
  const found = containers.filter(({ complete }) => complete);
  const existing = new Map(found.map((container) => [container.machine, container]));
  for (const container of found) refuseOtherImage(container, options.image);
  const missing = Object.keys(machines).filter((name) => !existing.has(name));
  if (missing.length > 0) options.beforeCreating?.(missing);
  if (!anyPorts) await requirePorts(approach, machines, missing);
  const settings = missing.length > 0 ? await prepare(options, missing.length) : undefined;
  const addresses = settings ? addressesIn(settings.network.prefix, machines) : {};
  const hosts = Object.entries(machines).map(async ([name, machine]): Promise<Host> => {
    const report = (line: string) => progress(name, line);
    const old = existing.get(name);
    // an interrupted command may have left a part of it
    const partial = !old && [...containers.map(({ machine }) => machine), ...volumes].includes(name);
    if (partial) await removeMachine(approach, name);
    if (old?.state === 'stopped') await startMachine(old);
    const address = addresses[name] ?? '';
    const container =
      old ??
      (await makeMachine({ approach, name, machine, address, anyPorts, ...(settings as SharedSettings) }));
    await waitForSsh(container, report);
    return hostOf(container, machine.groups);
  });
  return await mirrored(await all(hosts), options);
}

/** Adds the lab's mirror to the hosts' variables if they cannot reach a registry. */
async function mirrored(hosts: readonly Host[], options: LabOptions): Promise<Host[]> {
  const { approach, pulls = [] } = options;
  const [first] = hosts;
  // the network's gateway is this computer; only the machines of the approach use the network
  const gateway = first?.privateAddress?.replace(/\.\d+$/, '.1') ?? '';
  return await withMirror(hosts, {
    ...options,
    place: { listen: gateway, seen: gateway },
    whyUnreachable: async () => {
      const { ok, stderr } = await tryDocker([
        'exec',
        nameOf(approach, first?.name ?? ''),
        ...checkReach(pulls),
      ]);
      return ok ? undefined : stderr.trim() || 'no answer';
    },
  });
}

/** Checks the ports of missing machines, before anything is built or started. */
async function requirePorts(approach: string, machines: LabOptions['machines'], missing: readonly string[]) {
  for (const name of missing) {
    await requireFree(name, approach, Object.keys(machines[name]?.forward ?? {}).map(Number));
  }
}

async function prepare(options: LabOptions, count: number): Promise<SharedSettings> {
  const { approach, machines, progress, warn } = options;
  await requireLocal();
  const image = await machineImage(options);
  const report = (line: string) => progress('lab', line);
  const [granted, network, warning] = await Promise.all([
    privileges(image.tag),
    networkFor(approach, machines, report),
    fewWatchers(image.tag, count),
  ]);
  if (warning) (warn ?? report)(warning);
  writeWhole(marker(approach), '');
  report(`creating containers from ${image.name}`);
  return { image, privileges: granted, network };
}

/** A machine keeps the image that it was created with. */
function refuseOtherImage({ machine, approach, image }: Container, option: string): void {
  const named = systemNamed(option);
  if (named === 'auto' || named.name === image) return;
  const todo = `to keep it, omit --image; to replace it, remove it first: npm run lab -- down ${approach}`;
  throw failure({
    place: machine,
    what: `the machine was created with the image ${image}, not ${named.name}`,
    todo,
  });
}

/** Removes the machines of a lab with their containers, volumes, networks, snapshots and keys. */
export async function destroy(
  approach: string,
  waiting: (line: string) => void = () => {},
): Promise<DockerObjects> {
  const folder = privateFolder(folderOf(approach));
  return await withLock(folder, `taking down ${approach}`, waiting, async () => {
    const found = await objectsOf(approach);
    const { containers, volumes, networks, images } = found;
    if (containers.length > 0) await client(['rm', '--force', '--volumes', ...containers]);
    if (volumes.length > 0) await client(['volume', 'rm', '--force', ...volumes]);
    if (networks.length > 0) await client(['network', 'rm', ...networks]);
    if (images.length > 0) await client(['image', 'rm', '--force', ...images]);
    // the approach may also have virtual machines
    if (machinesOf(approach).length > 0) rmSync(marker(approach), { force: true });
    else {
      endMirror(approach);
      rmSync(folder, { recursive: true, force: true });
    }
    return found;
  });
}

/** Simulates a power cut: the machine stops without shutting down. */
export const cutPowerOf = async (approach: string, machine: string): Promise<void> =>
  void (await client(['kill', nameOf(approach, machine)]));

/** Starts a machine again after a power cut, with the same disk and the same ports. */
export async function powerOn(
  approach: string,
  machine: string,
  report: (line: string) => void = () => {},
): Promise<void> {
  const container = (await containersOf(approach)).find((one) => one.machine === machine);
  if (!container)
    throw failure({
      place: approach,
      what: `has no machine "${machine}"`,
      todo: `npm run lab -- up ${approach}`,
    });
  if (container.state === 'stopped') await startMachine(container);
  await waitForSsh(container, report);
}
