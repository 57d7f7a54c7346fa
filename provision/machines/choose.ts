import { inputError } from '../errors.ts';
import { daemonAnswers } from './docker/client.ts';
import { docker, hasContainers } from './docker.ts';
import type { Provider } from './provider.ts';
import { kvmKnown } from './qemu/accelerator.ts';
import { machinesOf } from './qemu/state.ts';
import { bringUp, qemu } from './qemu.ts';
import { staticProvider } from './static.ts';
import { vagrant } from './vagrant.ts';

/** Where an approach's machines come from. */
export interface Choice {
  readonly provider: Provider;
  /** Why, and how to choose another, when nobody named one. */
  readonly why?: string;
}

/**
 * The provider a person named; an inventory means `static`. Without either: machines that are there already, then
 * virtual machines with KVM, then containers where a Docker daemon answers, then emulated virtual machines.
 *
 * @throws ProvisionError (input)
 */
export async function choose(
  { provider, inventory }: { provider?: Provider['name']; inventory?: string },
  approach: string,
): Promise<Choice> {
  if (inventory !== undefined) {
    if (provider !== undefined && provider !== 'static') {
      throw inputError({ place: `--provider ${provider}`, what: 'an inventory goes with --provider static' });
    }
    return { provider: staticProvider(inventory) };
  }
  if (provider === 'static') {
    throw inputError({
      place: '--provider static',
      what: 'needs --inventory FILE',
      todo: 'docs/inventory.md shows one',
    });
  }
  if (provider !== undefined) return { provider: { qemu, docker, vagrant }[provider] };
  return (await there(approach)) ?? (await best());
}

/** The same for the lab's own machines, which Vagrant's are not. */
export async function chooseLab(provider: 'qemu' | 'docker' | undefined, approach: string): Promise<Choice> {
  if (provider !== undefined) return { provider: { qemu, docker }[provider] };
  return inLab(approach) ?? (await best());
}

const containers = '--provider docker for containers';
const virtual = '--provider qemu for virtual machines';

/** Machines that have been made already. Asks neither Docker nor a network. */
async function there(approach: string): Promise<Choice | undefined> {
  if (await vagrant.running(approach))
    return { provider: vagrant, why: 'Vagrant has them up; --provider qemu or docker for others' };
  return inLab(approach);
}

function inLab(approach: string): Choice | undefined {
  if (machinesOf(approach).length > 0)
    return { provider: qemu, why: `the lab has these virtual machines; ${containers}` };
  if (hasContainers(approach)) return { provider: docker, why: `the lab has these containers; ${virtual}` };
  return undefined;
}

/** What is fastest on this computer, as far as that is known without starting a machine. */
async function best(): Promise<Choice> {
  const kvm = kvmKnown();
  const why = `this computer has KVM; ${containers}`;
  if (kvm.usable && !kvm.untried) return { provider: qemu, why };
  const { answers, error } = await daemonAnswers();
  if (kvm.usable) return { provider: answers ? kvmOrContainers : qemu, why };
  if (answers) return { provider: docker, why: `${kvm.why}, and Docker answers; ${virtual}` };
  if (kvm.untried) return { provider: qemu, why: `this computer has /dev/kvm; ${containers}` };
  return {
    provider: qemu,
    why: `${kvm.why}, and ${error?.parts.what}: emulated, which is slow; ${containers}`,
  };
}

/** Virtual machines if a guest really starts with KVM, which QEMU finds out; otherwise containers. */
const kvmOrContainers: Provider = {
  ...qemu,
  hosts: (options) =>
    bringUp({
      ...options,
      otherwise: () => {
        options.progress('lab', 'KVM does not work on this computer: containers instead');
        return docker.hosts(options);
      },
    }),
};
