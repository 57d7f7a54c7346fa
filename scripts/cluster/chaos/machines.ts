import { failure, type Host } from '../../../provision/index.ts';
import { provision } from './provisioner.ts';
import type { Subject } from './subject.ts';
import type { TargetOptions } from './suite.ts';

/** The host with a name. @throws ProvisionError (failed) if there is none */
export function hostIn(hosts: readonly Host[], name: string): Host {
  const found = hosts.find((one) => one.name === name);
  if (found) return found;
  throw failure({
    place: name,
    what: 'is not a host of this cluster',
    why: `its hosts: ${hosts.map((one) => one.name).join(', ')}`,
  });
}

/** Provisions the machines of a target, always with its options. */
export const provisioning =
  ({ approach, where, words, progress }: TargetOptions): Subject['provision'] =>
  ({ from, words: more = [] } = {}) =>
    provision([approach, ...where, ...words, ...more], progress, from);
