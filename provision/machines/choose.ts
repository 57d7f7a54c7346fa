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
  /** Why, and how to choose another; missing if the user named the provider. */
  readonly why?: string;
}

/**
 * The provider that the user named; an inventory means `static`. Otherwise the first that applies: machines that
 * already exist, virtual machines with KVM, containers if a Docker daemon answers, emulated virtual machines.
 *
 * @throws ProvisionError (input)
 */
export async function choose(
  { provider, inventory }: { provider?: Provider['name']; inventory?: string },
  approach: string,
): Promise<Choice> {
  if (inventory !== undefined) {
    if (provider !== undefined && provider !== 'static') {
      throw inputError({ place: `--provider ${provider}`, what: 'an inventory requires --provider static' });
    }
    return { provider: staticProvider(inventory) };
  }
  if (provider === 'static') {
    throw inputError({
      place: '--provider static',
      what: 'needs --inventory FILE',
      todo: 'see the example in docs/inventory.md',
    });
  }
  if (provider !== undefined) return { provider: { qemu, docker, vagrant }[provider] };
  return (await existing(approach)) ?? (await fastest());
}

/** The same for the lab, which does not include Vagrant's machines. */
export async function chooseLab(provider: 'qemu' | 'docker' | undefined, approach: string): Promise<Choice> {
  if (provider !== undefined) return { provider: { qemu, docker }[provider] };
  return inLab(approach) ?? (await fastest());
}

const containers = '--provider docker for containers';
const virtual = '--provider qemu for virtual machines';

/** The provider whose machines already exist. Queries neither Docker nor the network. */
async function existing(approach: string): Promise<Choice | undefined> {
  if (await vagrant.running(approach))
    return {
      provider: vagrant,
      why: 'Vagrant is running these machines; --provider qemu or docker for others',
    };
  return inLab(approach);
}

function inLab(approach: string): Choice | undefined {
  if (machinesOf(approach).length > 0)
    return { provider: qemu, why: `the lab already has these virtual machines; ${containers}` };
  if (hasContainers(approach))
    return { provider: docker, why: `the lab already has these containers; ${virtual}` };
  return undefined;
}

/** The fastest provider on this computer, as far as is known without starting a machine. */
async function fastest(): Promise<Choice> {
  const kvm = kvmKnown();
  const why = `this computer has KVM; ${containers}`;
  if (kvm.usable && !kvm.untried) return { provider: qemu, why };
  const { answers, error } = await daemonAnswers();
  if (kvm.usable) return { provider: answers ? kvmOrContainers : qemu, why };
  if (answers) return { provider: docker, why: `${kvm.why}, and a Docker daemon is running; ${virtual}` };
  if (kvm.untried) return { provider: qemu, why: `this computer has /dev/kvm; ${containers}` };
  return {
    provider: qemu,
    why: `${kvm.why}, and ${error?.parts.what}, so machines are emulated, which is slow; ${containers}`,
  };
}

/** Virtual machines if a guest starts with KVM, which QEMU tries; otherwise containers. */
const kvmOrContainers: Provider = {
  ...qemu,
  hosts: (options) =>
    bringUp({
      ...options,
      otherwise: () => {
        options.progress('machines', 'KVM does not work on this computer; using containers instead');
        return docker.hosts(options);
      },
    }),
};
