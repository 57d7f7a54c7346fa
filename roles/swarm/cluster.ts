import { randomBytes } from 'node:crypto';
import { failure, type Host, secret } from '../../provision/index.ts';
import { lineOf, preflight } from '../preflight/index.ts';
import type { Peer } from '../preflight/vars.ts';
import { swarm } from './index.ts';
import { probeNodes, type Seen, type Work } from './nodes.ts';

/**
 * Makes one swarm of the hosts: it begins on the first manager, unless another has it; the rest joins; a node that is
 * none of the hosts leaves. Hosts that the run does not reach keep their place. When a node is new, what the nodes
 * send each other is tried: before they join, and over the networks that they then have.
 *
 * Gives the manager to work from. `encrypted`: encrypted networks are tried too.
 *
 * @throws ProvisionError (failed) when a swarm may be where the run does not reach
 */
export async function cluster(
  work: Work,
  all: readonly Host[],
  managers: readonly Host[],
  { encrypted = true }: { readonly encrypted?: boolean } = {},
): Promise<Host> {
  const names = new Set(managers.map(({ name }) => name));
  const before = await probeNodes(work, all);
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

  const after = untried || !whole ? await probeNodes(work, reached()) : before;
  const now = after.find(({ host }) => host.name === leader.host.name) ?? leader;
  await work.apply(
    leader.host,
    ...(untried ? [preflight({ networks: false })] : []),
    swarm({ init: true, ...known(after, now, all, names) }),
  );
  return leader.host;
}

/** Who is in the swarm, with what it should know of them; and which hosts are not, or were not asked. */
function known(seen: readonly Seen[], leader: Seen, all: readonly Host[], managers: ReadonlySet<string>) {
  const members = seen
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

/** The manager that has the swarm; where none has, the first. Undefined when the run reaches no manager. */
export function leading(seen: readonly Seen[], managers: readonly Host[]): Seen | undefined {
  const reached = managers.flatMap(({ name }) => seen.find(({ host }) => host.name === name) ?? []);
  const has = reached.find(({ swarm, nodes }) => swarm.ControlAvailable && nodes.length > 0);
  if (has || reached.length === 0) return has;
  const missing = managers.filter(({ name }) => !reached.some(({ host }) => host.name === name));
  if (missing.length === 0) return reached[0];
  throw failure({
    what: `no manager that can be reached has a swarm, and ${missing.map(({ name }) => name).join(', ')} may have it`,
    why: 'a second one would split the cluster',
    todo: 'bring that manager back, or take it out of the list of machines if it is gone for good',
  });
}

/** With the managers left out by --limit, the cluster stays as it is; when all have failed, the run ends here. */
async function elsewhere(work: Work, managers: readonly Host[]): Promise<Host> {
  await work.apply(managers, swarm());
  const [first] = managers;
  if (first) return first;
  throw failure({ what: 'no host is a manager' });
}

const belongs = ({ swarm }: Seen, { nodes }: Seen): boolean =>
  swarm.LocalNodeState === 'active' && nodes.some(({ ID }) => ID === swarm.NodeID);

/** Whether any of the nodes has yet to prove that it reaches any. */
function unproven(seen: readonly Seen[], over: 'ports' | 'overlay', peers: readonly Peer[]): boolean {
  return seen.some((one) => peers.some((peer) => !one[over].includes(lineOf(peer))));
}

async function joinAll(
  work: Work,
  reached: readonly Host[],
  leader: Host,
  managers: ReadonlySet<string>,
  before: readonly Seen[],
): Promise<void> {
  const [now] = await probeNodes(work, [leader]);
  if (!now) return;
  const strangers = before
    .filter((one) => one.swarm.NodeID !== '' && !belongs(one, now))
    .map(({ swarm }) => swarm.NodeID);
  const at = [`${now.swarm.NodeAddr || now.address}:2377`];
  for (const kind of ['manager', 'worker'] as const) {
    const those = reached.filter(
      ({ name }) => name !== leader.name && managers.has(name) === (kind === 'manager'),
    );
    const token = secret(now.tokens[kind] || 'none yet');
    if (those.length > 0) await work.apply(those, swarm({ join: { token, managers: at, strangers } }));
  }
}
