import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyPair } from '../../computer/keys.ts';
import { freePort, requireFree } from '../../computer/ports.ts';
import { ticking } from '../../computer/ticking.ts';
import { failure, unreachable } from '../../errors.ts';
import type { Host } from '../../host.ts';
import { type Door, greets, guestUser } from '../lab/door.ts';
import { folderOf, machineFolder } from '../lab/folders.ts';
import { tar } from '../lab/images/tar.ts';
import type { Machine } from '../machines.ts';
import { docker, tryDocker } from './client.ts';
import type { MachineImage } from './image.ts';
import { label, labelled, labelsOf, nameOf } from './labels.ts';
import type { Network } from './network.ts';
import type { Container } from './state.ts';

/** The settings that all new machines of an approach share. */
export interface SharedSettings {
  readonly image: MachineImage;
  readonly privileges: readonly string[];
  readonly network: Network;
}

export interface NewMachine extends SharedSettings {
  readonly approach: string;
  readonly name: string;
  readonly machine: Machine;
  readonly address: string;
  /** Forward from free ports of this computer instead of those in machines.yml. */
  readonly anyPorts: boolean;
}

/** How many seconds a machine may take until its SSH server answers. */
const BOOT_SECONDS = 120;

/** Creates and starts a fresh machine. @throws ProvisionError (failed) */
export async function makeMachine(options: NewMachine): Promise<Container> {
  const { approach, name, machine, address, anyPorts, image } = options;
  const forwards = Object.entries(machine.forward).map(
    async ([here, guest]) => [guest, anyPorts ? await freePort() : Number(here)] as const,
  );
  const forwarded = Object.fromEntries(await Promise.all(forwards)) as Record<number, number>;
  const identity = await newIdentity(approach);
  const container: Container = {
    name: nameOf(approach, name),
    approach,
    machine: name,
    state: 'running',
    complete: true,
    image: image.name,
    disk: machine.disk,
    hostKey: identity.hostKey,
    address,
    sshPort: await freePort(),
    forwarded,
  };
  await createContainer(container, options);
  await docker(['cp', '-', `${container.name}:/usr/local/lib/machine/`], { input: identity.archive });
  await docker(['start', container.name]);
  return container;
}

/** Creates the container of a machine and its volume, but does not start it. */
export async function createContainer(
  container: Container,
  { image, privileges, network }: SharedSettings,
): Promise<void> {
  const { approach, machine, name, address, sshPort, forwarded, hostKey, disk } = container;
  const labels = labelsOf(approach, {
    [label.machine]: machine,
    [label.image]: image.name,
    [label.hostKey]: hostKey,
    [label.disk]: String(disk),
  });
  const ports = Object.entries({ ...forwarded, 22: sshPort });
  await docker([
    ...['create', '--name', name, '--hostname', machine, ...labelled(labels)],
    ...['--network', network.name, '--ip', address],
    ...ports.flatMap(([guest, here]) => ['--publish', `127.0.0.1:${here}:${guest}`]),
    // a reboot ends the container (reboot(2)), and Docker starts it again, but not after docker stop or docker kill
    ...['--restart=on-failure', '--cgroupns=private', '--stop-signal=SIGRTMIN+3', ...privileges],
    ...['--tmpfs=/run:exec', '--tmpfs=/run/lock', '--tmpfs=/tmp:exec,mode=1777'],
    ...['--mount', volumeWords(approach, machine), '--env', `DISK_GIB=${disk}`],
    image.tag,
  ]);
}

/** The name of the volume for a machine's /var/lib, which includes the data of a Docker inside it. */
export const volumeOf = (approach: string, machine: string) => nameOf(approach, machine);

/** The value of `--mount`. Docker creates the volume together with the container, with these labels. */
function volumeWords(approach: string, machine: string): string {
  const labels = Object.entries(labelsOf(approach, { [label.machine]: machine }));
  const words = labels.map(([key, value]) => `"volume-label=${key}=${value.replaceAll('"', '""')}"`);
  return ['type=volume', `src=${volumeOf(approach, machine)}`, 'dst=/.disk', ...words].join(',');
}

/** The user's public key and a new host key, as an archive that `start.sh` installs at the first start. */
async function newIdentity(approach: string): Promise<{ hostKey: string; archive: Buffer }> {
  const own = await keyPair(join(folderOf(approach), 'key'));
  const folder = mkdtempSync(join(folderOf(approach), '.identity-'));
  try {
    const host = await keyPair(join(folder, 'host_key'));
    const archive = tar([
      { path: 'identity/', mode: 0o700 },
      { path: 'identity/authorized_keys', content: `${own.public} theapp-lab\n`, mode: 0o600 },
      { path: 'identity/ssh_host_ed25519_key', content: readFileSync(host.file), mode: 0o600 },
      { path: 'identity/ssh_host_ed25519_key.pub', content: `${host.public}\n` },
    ]);
    return { hostKey: host.public, archive };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts an existing machine. @throws ProvisionError (failed), for example if its ports are in use */
export async function startMachine({
  name,
  approach,
  machine,
  forwarded,
  sshPort,
}: Container): Promise<void> {
  await requireFree(machine, approach, [...Object.values(forwarded), sshPort]);
  await docker(['start', name]);
}

/** Removes the container and the volume of a machine if they exist. */
export async function removeMachine(approach: string, machine: string): Promise<void> {
  await tryDocker(['rm', '--force', nameOf(approach, machine)]);
  await tryDocker(['volume', 'rm', '--force', volumeOf(approach, machine)]);
}

/** Resolves when the machine's sshd answers. @throws ProvisionError if its container exits, or on timeout */
export async function waitForSsh({ name, machine, sshPort }: Container, report: (line: string) => void) {
  if (await greets(sshPort)) return;
  await ticking(report, 'waiting for SSH', async () => {
    const began = performance.now();
    for (let tries = 1; !(await greets(sshPort)); tries++) {
      await sleep(50);
      if (tries % 20 === 0) await requireRunning(name, machine);
      if (performance.now() - began < BOOT_SECONDS * 1000) continue;
      const todo = `read its logs: docker logs ${name}; docker exec ${name} journalctl -b`;
      throw unreachable({
        place: machine,
        what: `its SSH server did not answer within ${BOOT_SECONDS} s`,
        todo,
      });
    }
  });
}

async function requireRunning(name: string, machine: string): Promise<void> {
  const format = '{{.State.Running}} {{.State.Restarting}}';
  if ((await docker(['inspect', '--format', format, name])).trim() === 'true false') return;
  const { stdout, stderr } = await tryDocker(['logs', '--tail', '12', name]);
  const todo = `read its full log: docker logs ${name}`;
  throw failure({ place: machine, what: 'its container exited', said: `${stdout}${stderr}`, todo });
}

/** The owner's SSH access to a machine. */
export const doorOf = ({ approach, machine, sshPort, hostKey }: Container): Door => ({
  name: machine,
  folder: machineFolder(approach, machine),
  port: sshPort,
  keyFile: join(folderOf(approach), 'key'),
  hostKey,
});

/** A machine as a host of the engine. */
export function hostOf(container: Container, groups: readonly string[]): Host {
  const forwarded = Object.entries(container.forwarded).map(([guest, port]) => [
    guest,
    { address: '127.0.0.1', port },
  ]);
  return {
    name: container.machine,
    address: '127.0.0.1',
    port: container.sshPort,
    user: guestUser,
    keyFiles: [join(folderOf(container.approach), 'key')],
    hostKeys: [container.hostKey],
    groups,
    privateAddress: container.address,
    forwarded: Object.fromEntries(forwarded) as Record<number, { address: string; port: number }>,
    container: true,
    vars: {},
  };
}
