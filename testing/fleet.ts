import { cutPowerOf, destroy, powerOn } from '../provision/machines/qemu.ts';
import { type LightHosts, lightHosts } from './containers/hosts.ts';
import { labHosts, mirrored } from './machine.ts';

/** The fresh machines of an approach. */
export type Fleet = Omit<LightHosts, 'docker'>;

/** Whether the machines are virtual ones, which without KVM bear less load than containers. */
export const emulated = process.env.THEAPP_TEST_MACHINES === 'vm';

/** Containers, unless THEAPP_TEST_MACHINES=vm asks for virtual machines, which without KVM take ten times as long. */
export const freshFleet = (approach: string): Promise<Fleet> =>
  emulated ? virtual(approach) : lightHosts(approach);

async function virtual(approach: string): Promise<Fleet> {
  await destroy(approach);
  const { option, close } = await mirrored();
  return {
    hosts: await labHosts(approach),
    where: ['--yes'],
    images: option,
    cutPower: (name) => cutPowerOf(approach, name),
    powerOn: async (name) => void (await powerOn(approach, name)),
    close: async () => {
      await close();
      await destroy(approach);
    },
  };
}
