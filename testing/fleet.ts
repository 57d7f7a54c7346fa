import { join } from 'node:path';
import type { Host } from '../provision/index.ts';
import * as containers from '../provision/machines/docker.ts';
import { loadMachines } from '../provision/machines/machines.ts';
import { cutPowerOf, destroy, powerOn } from '../provision/machines/qemu.ts';
import { startDaemon } from './dockerd/daemon.ts';
import { labHosts, quietly, ROOT } from './machine.ts';

/** The fresh machines of an approach. */
export interface Fleet {
  readonly hosts: readonly Host[];
  /** Options with which `npm run provision` finds them. */
  readonly where: readonly string[];
  cutPower(name: string): Promise<void>;
  powerOn(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Whether the machines are virtual ones, which without KVM bear less load than containers. */
export const emulated = process.env.THEAPP_TEST_MACHINES === 'vm';

/** Containers, unless THEAPP_TEST_MACHINES=vm asks for virtual machines, which without KVM take ten times as long. */
export const freshFleet = (approach: string): Promise<Fleet> =>
  emulated ? virtual(approach) : contained(approach);

/** Containers of the docker provider, in a Docker of the test's own. */
async function contained(approach: string): Promise<Fleet> {
  const progress = quietly();
  const daemon = await startDaemon((line) => progress('dockerd', line));
  const close = async () => {
    await containers.destroy(approach);
    await daemon.close();
  };
  try {
    // what a run before has left of its keys
    await containers.destroy(approach);
    const machines = loadMachines(join(ROOT, 'approaches', approach));
    const hosts = await containers.bringUp({
      approach,
      machines,
      image: 'auto',
      yes: true,
      anyPorts: true,
      progress,
    });
    return {
      hosts,
      where: ['--provider', 'docker', '--yes'],
      cutPower: (name) => containers.cutPowerOf(approach, name),
      powerOn: (name) => containers.powerOn(approach, name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function virtual(approach: string): Promise<Fleet> {
  await destroy(approach);
  return {
    hosts: await labHosts(approach),
    where: ['--provider', 'qemu', '--yes'],
    cutPower: (name) => cutPowerOf(approach, name),
    powerOn: async (name) => void (await powerOn(approach, name)),
    close: () => destroy(approach),
  };
}
