import { type Host, secret } from '../../provision/index.ts';
import { nodeAddress } from './address.ts';
import { ENDPOINT, resolvesItself } from './endpoint.ts';
import { kubernetes } from './index.ts';
import { belongs, leading } from './leader.ts';
import { controlPlanesOf } from './peers.ts';
import { refuse } from './refusals.ts';
import { sharedOf, showShared } from './shared.ts';
import { type Surveyed, survey, type Work } from './survey.ts';
import { showToken } from './token.ts';
import { type Upgrade, upgraded } from './upgrade/index.ts';
import type { Peer } from './vars.ts';
import { authorityOf } from './worker.ts';

/** What all parts of a control plane need. */
interface Plan {
  readonly endpoint: string;
  readonly control_planes: Peer[];
}

/**
 * Joins all hosts into one cluster and returns the control plane that it worked from. The first control plane creates the
 * cluster, unless one already has it. Nodes that belong to no host are drained and removed; the nodes of hosts that the
 * run does not reach are kept.
 *
 * @throws ProvisionError (failed) when the cluster does not answer, or cannot become what the hosts say
 */
export async function cluster(
  work: Work,
  all: readonly Host[],
  controlPlanes: readonly Host[],
  upgrade: Upgrade,
): Promise<Host> {
  const { length } = controlPlanes;
  if (length % 2 === 0)
    work.warn(`${length} control planes survive no more losses than ${length - 1}: use an odd number`);
  const before = await survey(work, all);
  const leader = leading(before, controlPlanes);
  if (!leader) return unreached(work, controlPlanes);
  const { host: home } = leader;
  const vars = work.variables(home, kubernetes());
  refuse({ leader, address: addressOf(work, leader), surveyed: before, controlPlanes, vars });
  const plan = {
    endpoint: leader.endpoint || (vars.endpoint ?? ENDPOINT),
    control_planes: await controlPlanesOf(work, controlPlanes),
  };
  const others = before.filter(({ host }) => host.name !== home.name);
  const newcomers = others.filter((one) => leader.authority === '' || !belongs(one, leader, controlPlanes));

  const membersOf = (list: readonly Surveyed[]) =>
    list.map((one) => ({ host: one.host.name, address: addressOf(work, one) }));
  if (leader.authority !== '') {
    const members = membersOf([leader, ...others.filter((one) => !newcomers.includes(one))]);
    await upgraded(work, { all, controlPlanes, home, members }, upgrade);
  }
  if (newcomers.length > 0) await joinAll(work, leader, newcomers, controlPlanes, plan);
  for (const one of others)
    if (!newcomers.includes(one) && controlPlanes.includes(one.host)) await keep(work, one, plan);

  const reached = [leader, ...others].filter(({ host }) => work.remaining([host]).length > 0);
  const members = membersOf(reached);
  const absentees = all.map(({ name }) => name).filter((name) => !members.some(({ host }) => host === name));
  const left = newcomers.length > 0 ? [kubernetes({ part: 'no-token' })] : [];
  const etcd = controlPlanes.map(({ name }) => name);
  await work.apply(home, ...left, kubernetes({ part: 'cluster', ...plan, members, absentees, etcd }));
  await work.apply(controlPlanes, kubernetes({ part: 'maintenance', members, absentees }));
  return home;
}

/** If --limit leaves out all control planes, the cluster stays as it is. If all have failed, this fails. */
async function unreached(work: Work, controlPlanes: readonly Host[]): Promise<Host> {
  await work.apply(controlPlanes, kubernetes());
  return controlPlanes[0] as Host;
}

/** One after another, because an API server restarts when its configuration changes. One that was down may stay so. */
async function keep(work: Work, { host, silent }: Surveyed, plan: Plan): Promise<void> {
  try {
    await work.apply(host, kubernetes({ part: 'control-plane', ...plan }));
  } catch (error) {
    if (!silent || work.remaining([host]).length > 0) throw error;
  }
}

/** Control planes join one after another, because etcd grows by one member at a time; workers join together. */
async function joinAll(
  work: Work,
  leader: Surveyed,
  newcomers: readonly Surveyed[],
  controlPlanes: readonly Host[],
  plan: Plan,
): Promise<void> {
  const { host: home } = leader;
  const planes = newcomers.filter(({ host }) => controlPlanes.includes(host));
  const workers = newcomers.filter((one) => !planes.includes(one)).map(({ host }) => host);
  const replaced = planes.map(({ host }) => host.name);
  const etcd = controlPlanes.map(({ name }) => name).filter((name) => !replaced.includes(name));
  await work.apply(
    home,
    kubernetes({ part: 'control-plane', ...plan }),
    kubernetes({ part: 'token', replaced, etcd }),
  );
  const token = secret((await work.read(home, showToken, '')) || 'not-known-yet');
  // a cluster that has just been created has an authority of its own
  const authority = (await work.read(home, authorityOf, '')).trim() || 'not-known-yet';
  const join = { endpoint: plan.endpoint, token, authority };
  const shared = planes.length > 0 ? sharedOf(await work.read(home, showShared, '')) : [];
  const through = resolvesItself(plan.endpoint) ? addressOf(work, leader) : null;
  for (const { host, authority: earlier } of planes) {
    const control = { shared, through, fresh: earlier === '' };
    const further = kubernetes({ part: 'control-plane', ...plan, join: { ...join, control } });
    await work.apply(host, kubernetes({ part: 'reset' }), further);
  }
  if (workers.length > 0)
    await work.apply(workers, kubernetes({ part: 'worker', join: { ...join, control: null } }));
}

function addressOf(work: Work, { host, facts }: Surveyed): string {
  const { pod_subnet, service_subnet } = work.variables(host, kubernetes());
  return nodeAddress(host, facts, [pod_subnet, service_subnet]);
}
