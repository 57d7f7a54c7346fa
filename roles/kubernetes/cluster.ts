import { failure, type Host, secret } from '../../provision/index.ts';
import { nodeAddress } from './address.ts';
import { kubernetes } from './index.ts';
import { type Surveyed, survey, type Work } from './survey.ts';
import { showToken } from './token.ts';

/**
 * Joins all hosts into one cluster and returns the control plane to work from. The first control plane creates the
 * cluster, unless it already has it. Nodes that belong to no host are drained and removed; the nodes of hosts that the
 * run does not reach are kept.
 *
 * @throws ProvisionError (failed) for several control planes, or when the cluster does not answer
 */
export async function cluster(
  work: Work,
  all: readonly Host[],
  controlPlanes: readonly Host[],
): Promise<Host> {
  const [home] = controlPlanes;
  if (!home || controlPlanes.length > 1) throw severalControlPlanes(controlPlanes);
  const before = await survey(work, all);
  const leader = leading(before, home);
  if (!leader) return elsewhere(work, home);
  const { authority: known } = leader;
  const others = before.filter(({ host }) => host.name !== home.name);
  const newcomers = others.filter((one) => known === '' || !belongs(one, leader)).map(({ host }) => host);

  if (newcomers.length > 0) {
    await work.apply(home, kubernetes({ part: 'control-plane' }), kubernetes({ part: 'token' }));
    await joinAll(work, home, newcomers);
  }

  const addresses = [leader, ...others].filter(({ host }) => work.remaining([host]).length > 0);
  const members = addresses.map((one) => ({ host: one.host.name, address: addressOf(work, one) }));
  const absentees = all.map(({ name }) => name).filter((name) => !members.some(({ host }) => host === name));
  const left = newcomers.length > 0 ? [kubernetes({ part: 'no-token' })] : [];
  await work.apply(home, ...left, kubernetes({ part: 'cluster', members, absentees }));
  return home;
}

/** The control plane, if the run reaches it. @throws ProvisionError (failed) if it has a cluster that does not answer */
export function leading(surveyed: readonly Surveyed[], home: Host): Surveyed | undefined {
  const found = surveyed.find(({ host }) => host.name === home.name);
  if (!found?.silent) return found;
  throw failure({
    place: home.name,
    what: 'the API server of this control plane does not answer',
    said: found.silent,
    todo: 'see why on that host: crictl ps --all; journalctl --unit kubelet --lines 50',
  });
}

/** Whether a host is a node of the leader's cluster. */
export const belongs = ({ host, authority }: Surveyed, leader: Surveyed): boolean =>
  authority === leader.authority && leader.nodes.some(({ name }) => name === host.name);

/** If --limit leaves out the control plane, the cluster stays as it is. If it has failed, this fails. */
async function elsewhere(work: Work, home: Host): Promise<Host> {
  await work.apply(home, kubernetes());
  return home;
}

async function joinAll(work: Work, home: Host, hosts: readonly Host[]): Promise<void> {
  const [now] = await survey(work, [home]);
  if (!now) return;
  const token = secret((await work.read(home, showToken, '')) || 'not-known-yet');
  const { endpoint } = work.variables(home, kubernetes());
  const join = {
    endpoint: endpoint ?? `${addressOf(work, now)}:6443`,
    token,
    authority: now.authority || 'not-known-yet',
  };
  await work.apply(hosts, kubernetes({ part: 'worker', join }));
}

function addressOf(work: Work, { host, facts }: Surveyed): string {
  const { pod_subnet, service_subnet } = work.variables(host, kubernetes());
  return nodeAddress(host, facts, [pod_subnet, service_subnet]);
}

const severalControlPlanes = (hosts: readonly Host[]) =>
  failure({
    what: `${hosts.length} hosts are in the group "control-plane": ${hosts.map(({ name }) => name).join(', ') || 'none'}`,
    why: 'only one control plane is supported so far',
    todo: 'keep one host in the group control-plane, and put the others into the group workers',
  });
