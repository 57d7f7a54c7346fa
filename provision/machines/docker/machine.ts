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
import { ask, docker } from './client.ts';
import type { MachineImage } from './image.ts';
import { label, labelled, labelsOf, nameOf } from './labels.ts';
import type { Network } from './network.ts';
import type { Container } from './state.ts';

/** What all machines that are made at once have in common. */
export interface Means {
  readonly image: MachineImage;
  readonly privileges: readonly string[];
  readonly network: Network;
}

export interface Making extends Means {
  readonly approach: string;
  readonly name: string;
  readonly machine: Machine;
  readonly address: string;
  /** Ports of this computer are free ones, instead of those that machines.yml asks for. */
  readonly anyPorts: boolean;
}

/** Seconds that a machine may take until its SSH answers. */
const BOOT_SECONDS = 120;

/** A machine that nobody has used yet, started. @throws ProvisionError (failed) */
export async function makeMachine(making: Making): Promise<Container> {
  const { approach, name, machine, address, anyPorts, image } = making;
  const asked = Object.entries(machine.forward).map(
    async ([here, guest]) => [guest, anyPorts ? await freePort() : Number(here)] as const,
  );
  const forwarded = Object.fromEntries(await Promise.all(asked)) as Record<number, number>;
  const identity = await newIdentity(approach);
  const container: Container = {
    name: nameOf(approach, name),
    approach,
    machine: name,
    state: 'running',
    whole: true,
    image: image.name,
    disk: machine.disk,
    hostKey: identity.hostKey,
    address,
    sshPort: await freePort(),
    forwarded,
  };
  await createContainer(container, making);
  await docker(['cp', '-', `${container.name}:/usr/local/lib/machine/`], { input: identity.archive });
  await docker(['start', container.name]);
  return container;
}

/** The container of a machine, with its volume; not started. */
export async function createContainer(
  container: Container,
  { image, privileges, network }: Means,
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
    ...['--cgroupns=private', '--stop-signal=SIGRTMIN+3', ...privileges],
    ...['--tmpfs=/run:exec', '--tmpfs=/run/lock', '--tmpfs=/tmp:exec,mode=1777'],
    ...['--mount', volumeWords(approach, machine), '--env', `DISK_GIB=${disk}`],
    image.tag,
  ]);
}

/** What a machine keeps in /var/lib is in a volume: also what a Docker inside stores. */
export const volumeOf = (approach: string, machine: string) => nameOf(approach, machine);

/** Made with the container, with labels of its own. */
function volumeWords(approach: string, machine: string): string {
  const labels = Object.entries(labelsOf(approach, { [label.machine]: machine }));
  const words = labels.map(([key, value]) => `"volume-label=${key}=${value.replaceAll('"', '""')}"`);
  return ['type=volume', `src=${volumeOf(approach, machine)}`, 'dst=/.disk', ...words].join(',');
}

/** Who may log in and the key it shows, as an archive that `start.sh` takes at the first start. */
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

/** A machine that exists, running. @throws ProvisionError (failed), such as when another has its ports now */
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

/** Its container and its volume, where there are any. */
export async function removeMachine(approach: string, machine: string): Promise<void> {
  await ask(['rm', '--force', nameOf(approach, machine)]);
  await ask(['volume', 'rm', '--force', volumeOf(approach, machine)]);
}

/** Returns when its sshd has introduced itself. @throws ProvisionError when the container ended, or too late */
export async function waitForSsh({ name, machine, sshPort }: Container, tell: (line: string) => void) {
  if (await greets(sshPort)) return;
  await ticking(tell, 'waiting for its SSH', async () => {
    const began = performance.now();
    for (let tries = 1; !(await greets(sshPort)); tries++) {
      await sleep(50);
      if (tries % 20 === 0) await requireRunning(name, machine);
      if (performance.now() - began < BOOT_SECONDS * 1000) continue;
      const todo = `what it says: docker logs ${name}; docker exec ${name} journalctl -b`;
      throw unreachable({ place: machine, what: `no SSH in ${BOOT_SECONDS} s`, todo });
    }
  });
}

async function requireRunning(name: string, machine: string): Promise<void> {
  if ((await docker(['inspect', '--format', '{{.State.Running}}', name])).trim() === 'true') return;
  const { stdout, stderr } = await ask(['logs', '--tail', '12', name]);
  const todo = `all that it says: docker logs ${name}`;
  throw failure({ place: machine, what: 'its container ended', said: `${stdout}${stderr}`, todo });
}

/** How its owner reaches a machine. */
export const doorOf = ({ approach, machine, sshPort, hostKey }: Container): Door => ({
  name: machine,
  folder: machineFolder(approach, machine),
  port: sshPort,
  keyFile: join(folderOf(approach), 'key'),
  hostKey,
});

/** A machine as the engine reaches it. */
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
