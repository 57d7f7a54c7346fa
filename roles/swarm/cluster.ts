import { randomBytes } from 'node:crypto';
import { failure, type Host, secret } from '../../provision/index.ts';
import { lineOf, preflight } from '../preflight/index.ts';
import type { Peer } from '../preflight/vars.ts';
import { swarm } from './index.ts';
import { type Surveyed, survey, type Work } from './survey.ts';

/**
 * Joins all hosts into one swarm and returns the manager to work from. The first manager creates the swarm, unless
 * another one already has it. Nodes that belong to no host are removed; the nodes of hosts that the run does not reach
 * are kept. If a node is new, the connections between all nodes are tested: first the ports, before they join, then the
 * overlay networks; with `encrypted`, these include an encrypted one.
 *
 * @throws ProvisionError (failed) when a manager that cannot be reached may already have a swarm
 */
export async function cluster(
  work: Work,
  all: readonly Host[],
  managers: readonly Host[],
  { encrypted = true }: { readonly encrypted?: boolean } = {},
): Promise<Host> {
  const names = new Set(managers.map(({ name }) => name));
  const before = await survey(work, all);
  const leader = leading(before, managers);
  if (!leader) return elsewhere(work, managers);
  const reached = () => work.remaining(before.map(({ host }) => host));
  const peers = () =>
    before
      .filter(({ host }) => reached().includes(host))
      .map(({ host, address }) => ({ name: host.name, address, manager: names.has(host.name) }));
  const round = randomBytes(6).toString('hex');
  const whole = before.every((one) => belongs(one, leader));
  const untried = unproven(before, 'overlay', peers());

  if (unproven(before, 'ports', peers()))
    await work.apply(reached(), preflight({ over: 'ports', round, peers: peers() }));
  if (untried || !whole) {
    await work.apply(
      leader.host,
      swarm({ init: true }),
      ...(untried ? [preflight({ networks: true, encrypted })] : []),
    );
    await joinAll(work, reached(), leader.host, names, before);
  }
  if (untried) await work.apply(reached(), preflight({ over: 'overlay', round, peers: peers(), encrypted }));

  const after = untried || !whole ? await survey(work, reached()) : before;
  const now = after.find(({ host }) => host.name === leader.host.name) ?? leader;
  await work.apply(
    leader.host,
    ...(untried ? [preflight({ networks: false })] : []),
    swarm({ init: true, ...membership(after, now, all, names) }),
  );
  return leader.host;
}

/** The hosts that are in the swarm, with their labels and roles; and the hosts that are not, or were not reached. */
function membership(
  surveyed: readonly Surveyed[],
  leader: Surveyed,
  all: readonly Host[],
  managers: ReadonlySet<string>,
) {
  const members = surveyed
    .filter((one) => belongs(one, leader))
    .map(({ host: { name, groups }, swarm: { NodeID } }) => ({
      host: name,
      id: NodeID,
      manager: managers.has(name),
      labels: [...groups],
    }));
  const absentees = all.map(({ name }) => name).filter((name) => !members.some(({ host }) => host === name));
  return { members, absentees };
}

/** The manager that has the swarm; the first manager if none has. Undefined when the run reaches no manager. */
export function leading(surveyed: readonly Surveyed[], managers: readonly Host[]): Surveyed | undefined {
  const reached = managers.flatMap(({ name }) => surveyed.find(({ host }) => host.name === name) ?? []);
  const has = reached.find(({ swarm, nodes }) => swarm.ControlAvailable && nodes.length > 0);
  if (has || reached.length === 0) return has;
  const missing = managers.filter(({ name }) => !reached.some(({ host }) => host.name === name));
  if (missing.length === 0) return reached[0];
  throw failure({
    what: `no manager that can be reached has a swarm, but ${missing.map(({ name }) => name).join(', ')} may have one`,
    why: 'a second swarm would split the cluster',
    todo: 'start that manager again; if it is gone for good, remove it from the list of machines',
  });
}

/** If --limit leaves out all managers, the cluster stays as it is. If all managers have failed, this fails. */
async function elsewhere(work: Work, managers: readonly Host[]): Promise<Host> {
  await work.apply(managers, swarm());
  const [first] = managers;
  if (first) return first;
  throw failure({
    what: 'no host is in the group "managers"',
    todo: 'add groups: [managers] to a host in machines.yml or in the inventory',
  });
}

const belongs = ({ swarm }: Surveyed, { nodes }: Surveyed): boolean =>
  swarm.LocalNodeState === 'active' && nodes.some(({ ID }) => ID === swarm.NodeID);

/** Whether a connection between two of the nodes has not passed the test yet. */
function unproven(surveyed: readonly Surveyed[], over: 'ports' | 'overlay', peers: readonly Peer[]): boolean {
  return surveyed.some((one) => peers.some((peer) => !one[over].includes(lineOf(peer))));
}

async function joinAll(
  work: Work,
  reached: readonly Host[],
  leader: Host,
  managers: ReadonlySet<string>,
  before: readonly Surveyed[],
): Promise<void> {
  const [now] = await survey(work, [leader]);
  if (!now) return;
  const strangers = before
    .filter((one) => one.swarm.NodeID !== '' && !belongs(one, now))
    .map(({ swarm }) => swarm.NodeID);
  const at = [`${now.swarm.NodeAddr || now.address}:2377`];
  for (const kind of ['manager', 'worker'] as const) {
    const hosts = reached.filter(
      ({ name }) => name !== leader.name && managers.has(name) === (kind === 'manager'),
    );
    const token = secret(now.tokens[kind] || 'not known yet');
    if (hosts.length > 0) await work.apply(hosts, swarm({ join: { token, managers: at, strangers } }));
  }
}
