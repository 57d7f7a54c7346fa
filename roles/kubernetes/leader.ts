import { failure, type Host } from '../../provision/index.ts';
import type { Surveyed } from './survey.ts';

/**
 * The control plane to work from: the first that answers, or the first of all if none has a cluster. Undefined when the
 * run reaches no control plane.
 *
 * @throws ProvisionError (failed) if a cluster does not answer, or may exist where the run does not reach it
 */
export function leading(surveyed: readonly Surveyed[], controlPlanes: readonly Host[]): Surveyed | undefined {
  const reached = controlPlanes.flatMap(({ name }) => surveyed.find(({ host }) => host.name === name) ?? []);
  const answering = reached.find(({ controls, silent }) => controls && !silent);
  if (answering || reached.length === 0) return answering;
  const missing = controlPlanes.filter(({ name }) => !reached.some(({ host }) => host.name === name));
  const silent = reached.filter((one) => one.silent);
  if (silent.length > 0) throw noAnswer(silent, missing);
  if (missing.length === 0) return reached[0];
  throw failure({
    what: `no control plane that can be reached has a cluster, but ${namesOf(missing)} may have one`,
    why: 'a second cluster would split the nodes',
    todo: 'start that machine; if it is gone for good, remove it from the list of machines',
  });
}

function noAnswer(silent: readonly Surveyed[], missing: readonly Host[]) {
  const [first] = silent;
  const members = silent.map(({ etcd }) => etcd).find(({ length }) => length > 0) ?? [];
  const most = Math.floor(members.length / 2) + 1;
  const start = missing.length > 0 ? `start ${namesOf(missing)} again; ` : '';
  return failure({
    ...(silent.length === 1 && missing.length === 0 && first ? { place: first.host.name } : {}),
    what: `the API server of ${silent.length === 1 ? 'this control plane' : namesOf(silent.map(({ host }) => host))} does not answer`,
    ...(members.length > 1
      ? { why: `etcd needs ${most} of its ${members.length} members (${members.join(', ')})` }
      : {}),
    said: first?.silent ?? '',
    todo: `${start}see why on that host: crictl ps --all; journalctl --unit kubelet --lines 50`,
  });
}

/** Whether a host is a node of the leader's cluster, in the role that it should have. */
export function belongs(one: Surveyed, leader: Surveyed, controlPlanes: readonly Host[]): boolean {
  const { name } = one.host;
  if (one.authority !== leader.authority || !leader.nodes.some((node) => node.name === name)) return false;
  const should = controlPlanes.some((host) => host.name === name);
  return !should || (one.controls && leader.etcd.includes(name));
}

export const namesOf = (hosts: readonly { readonly name: string }[]) =>
  hosts.map(({ name }) => name).join(', ');
