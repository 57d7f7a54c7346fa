import { join } from 'node:path';
import { type Host, loadMachines } from '../provision/index.ts';
import { daemonAnswers } from '../provision/machines/docker/client.ts';
import * as containers from '../provision/machines/docker.ts';
import { cutPowerOf, destroy, powerOn } from '../provision/machines/qemu.ts';
import { startDaemon } from './dockerd/daemon.ts';
import { inventoryOf, labHosts, quietly, ROOT, ssh, type TestMachine } from './machine.ts';

/** The fresh machines of an approach. */
export interface Fleet {
  readonly hosts: readonly Host[];
  /** The options with which `npm run provision` finds them. */
  readonly options: readonly string[];
  cutPower(name: string): Promise<void>;
  powerOn(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Whether the machines are virtual machines, which without KVM can handle less load than containers. */
export const emulated = process.env.THEAPP_TEST_MACHINES === 'vm';

/** Creates containers, or virtual machines if THEAPP_TEST_MACHINES=vm; without KVM those take ten times as long. */
export const freshFleet = (approach: string): Promise<Fleet> =>
  emulated ? virtual(approach) : contained(approach);

/** Why the tests on containers cannot run here, for their `skip`; false if they can. */
export async function dockerMissing(): Promise<string | false> {
  if (emulated || process.getuid?.() === 0) return false;
  const { answers, error } = await daemonAnswers();
  return answers ? false : `needs root, or a Docker daemon: ${error?.parts.what ?? 'it does not answer'}`;
}

/** Starts a Docker daemon for the test if the user is root; other users use the one of this computer. */
export async function testDocker(): Promise<{ close(): Promise<void> }> {
  if (process.getuid?.() !== 0) return { close: async () => undefined };
  const progress = quietly();
  return await startDaemon((line) => progress('dockerd', line));
}

/** Creates containers with the docker provider. */
async function contained(approach: string): Promise<Fleet> {
  const { hosts, close } = await freshContainers(approach, approach, 'auto');
  return {
    hosts,
    options: ['--provider', 'docker', '--yes'],
    cutPower: (name) => containers.cutPowerOf(approach, name),
    powerOn: (name) => containers.powerOn(approach, name),
    close,
  };
}

/** A fresh container, and an inventory that lists it. */
export async function freshContainer(lab: string, image: string): Promise<TestMachine> {
  const { hosts, close } = await freshContainers(lab, 'approach_0', image);
  return machineOf(lab, hosts, close);
}

/** The container that `npm run provision -- approach_0` has created. */
export async function createdContainer(): Promise<TestMachine> {
  const machines = loadMachines(join(ROOT, 'approaches', 'approach_0'));
  const options = { approach: 'approach_0', machines, image: 'auto', yes: true, progress: quietly() };
  const hosts = await containers.bringUp(options);
  return machineOf('approach_0', hosts, async () => void (await containers.destroy('approach_0')));
}

function machineOf(lab: string, [host]: readonly Host[], destroy: () => Promise<void>): TestMachine {
  if (!host) throw new Error('no container was created');
  return { host, lab, inventory: inventoryOf(lab, host), ssh: (script) => ssh(host, script), destroy };
}

async function freshContainers(lab: string, approach: string, image: string) {
  const daemon = await testDocker();
  const close = async () => {
    await containers.destroy(lab);
    await daemon.close();
  };
  try {
    await containers.destroy(lab);
    const hosts = await containers.bringUp({
      approach: lab,
      machines: loadMachines(join(ROOT, 'approaches', approach)),
      image,
      yes: true,
      anyPorts: true,
      progress: quietly(),
    });
    return { hosts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function virtual(approach: string): Promise<Fleet> {
  await destroy(approach);
  return {
    hosts: await labHosts(approach),
    options: ['--provider', 'qemu', '--yes'],
    cutPower: (name) => cutPowerOf(approach, name),
    powerOn: async (name) => void (await powerOn(approach, name)),
    close: () => destroy(approach),
  };
}
