import { failure, type Host } from '../../../provision/index.ts';
import { kubernetes } from '../index.ts';
import type { Work } from '../survey.ts';
import type { Member, Step } from '../vars.ts';
import { find } from './found.ts';
import { goneOf, type Plan, planReboots, planUpgrade, type Turn } from './rules.ts';

/** What a run does to the nodes of a cluster, one after another. */
export interface Upgrade extends Plan {
  readonly version: string;
  /** The versions of the hosts that are nodes now, which the part `node` of the role leaves as they are. */
  readonly installed: Readonly<Record<string, string>>;
  /** The hosts to reboot, in order. */
  readonly reboots: readonly string[];
  /** The nodes of hosts that are no longer listed. */
  readonly gone: readonly string[];
}

/**
 * Finds out, before anything changes, which nodes need another version or a reboot.
 *
 * @throws ProvisionError (failed) if the cluster cannot get this version, or its nodes cannot reboot now
 */
export async function upgradeOf(
  work: Pick<Work, 'facts' | 'read' | 'remaining' | 'variables'>,
  all: readonly Host[],
  controlPlanes: readonly Host[],
): Promise<Upgrade> {
  const variables = new Map(all.map((host) => [host.name, work.variables(host, kubernetes())]));
  const versions = new Set([...variables.values()].map(({ version }) => version));
  const [wanted = ''] = versions;
  if (versions.size > 1) throw severalVersions([...versions]);
  const found = await find(work, all);
  const names = (hosts: readonly Host[]) => hosts.map(({ name }) => name);
  const situation = { wanted, hosts: names(all), controlPlanes: names(controlPlanes), found };
  const members = found.filter(({ kubelet }) => kubelet !== '');
  const due = members.filter(({ host, reboot }) => reboot && variables.get(host)?.reboot);
  return {
    ...planUpgrade(situation),
    version: wanted,
    installed: Object.fromEntries(members.map(({ host, kubelet }) => [host, kubelet])),
    reboots: planReboots(
      situation,
      due.map(({ host }) => host),
    ),
    gone: goneOf(situation),
  };
}

interface Hosts {
  readonly all: readonly Host[];
  readonly controlPlanes: readonly Host[];
  /** The control plane that the run works from. */
  readonly home: Host;
  /** The hosts that are nodes. */
  readonly members: readonly Member[];
}

/**
 * Carries an upgrade out, then the reboots, from a control plane whose API server answers. Nodes have their turn one after
 * another; each is drained, and carries pods again before the next. If a host fails, the run ends: its node stays drained
 * until the next run, which continues.
 */
export async function upgraded(
  work: Pick<Work, 'apply' | 'warn'>,
  { all, controlPlanes, home, members }: Hosts,
  { version, turns, minor, left, reboots, gone, installed }: Upgrade,
): Promise<void> {
  if (left.length > 0)
    work.warn(`${left.join(', ')}: not reached, so not upgraded to ${version}; run again with it`);
  const etcd = controlPlanes.map(({ name }) => name);
  const absentees = all.map(({ name }) => name);
  const on: On = async (name, step) => {
    const host = all.find((one) => one.name === name);
    // if the host fails, the run ends
    if (host)
      await work.apply(host, kubernetes({ part: 'step', step, etcd, absentees, members: [...members] }));
  };
  const planes = etcd.filter((name) => installed[name] !== undefined);
  if (gone.length > 0 && turns.length + reboots.length > 0) await on(home.name, { does: 'prune' });
  await takeApiTurns(turns, home, planes, on);
  for (const turn of turns.filter((one) => !isOfApi(one))) await take(turn, home, minor, on);
  for (const node of reboots) await reboot(node, home, planes, on);
}

type On = (host: string, step: Step) => Promise<void>;

/** Whether an API server restarts in this turn. */
const isOfApi = ({ does }: Turn) => does === 'apply' || does === 'node';

/** Any control plane can have the controllers that decide whether a node is lost. kubeadm sets back those of its host. */
async function takeApiTurns(
  turns: readonly Turn[],
  home: Host,
  planes: readonly string[],
  on: On,
): Promise<void> {
  for (const { host, does } of turns.filter(isOfApi)) {
    for (const name of planes) await on(name, { does: 'raise-grace' });
    await on(host, { does });
    await on(home.name, { does: 'settle' });
  }
  if (turns.length > 0) for (const name of planes) await on(name, { does: 'restore-grace' });
}

async function take({ host, does }: Turn, home: Host, minor: boolean, on: On): Promise<void> {
  if (does === 'kubelet') await on(home.name, { does: 'drain', node: host, everything: minor });
  await on(host, { does });
  if (does === 'kubelet') await on(home.name, { does: 'return', node: host });
}

/** While the only control plane is away, no node can report. */
async function reboot(node: string, home: Host, planes: readonly string[], on: On): Promise<void> {
  const only = planes.length === 1 && planes.includes(node);
  if (only) await on(node, { does: 'raise-grace' });
  await on(home.name, { does: 'drain', node, everything: true });
  await on(home.name, { does: 'leave', node });
  await on(node, { does: 'reboot' });
  await on(home.name, { does: 'return', node });
  if (only) await on(node, { does: 'restore-grace' });
}

const severalVersions = (versions: readonly string[]) =>
  failure({
    place: 'kubernetes.version',
    what: `the hosts have different versions: ${versions.join(', ')}`,
    todo: 'set one version for all hosts',
  });
