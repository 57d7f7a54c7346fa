import { failure } from '../../../provision/index.ts';
import type { Node } from '../nodes.ts';
import type { Found } from './found.ts';

/** What is known about a cluster before its nodes have their turns. */
export interface Situation {
  readonly wanted: string;
  /** The names of all hosts of the approach, and of those in its group of control planes. */
  readonly hosts: readonly string[];
  readonly controlPlanes: readonly string[];
  /** The hosts that the run reaches. */
  readonly found: readonly Found[];
}

/**
 * One host's turn: kubeadm upgrades the first control plane (`apply`) and the others (`node`), or prepares a worker; then
 * each host gets its `kubelet`.
 */
export interface Turn {
  readonly host: string;
  readonly does: 'apply' | 'node' | 'prepare' | 'kubelet';
}

export interface Plan {
  readonly turns: readonly Turn[];
  /** Whether the minor version changes: then no container may run while the kubelet is replaced. */
  readonly minor: boolean;
  /** Nodes that the run does not reach, and that stay at an older version. */
  readonly left: readonly string[];
}

const NOTHING: Plan = { turns: [], minor: false, left: [] };

/** The nodes of hosts that are no longer listed. They are removed first: a lost control plane would stop kubeadm. */
export const goneOf = (situation: Situation): string[] =>
  allNodes(situation)
    .map(({ name }) => name)
    .filter((name) => !situation.hosts.includes(name));

/**
 * The order of an upgrade: all API servers, then the kubelets of the control planes, then those of the workers, one after
 * another. Empty if every part that is known has the wanted version, or if there is no cluster yet.
 *
 * @throws ProvisionError (failed) if the upgrade must not begin
 */
export function planUpgrade(situation: Situation): Plan {
  const { wanted, controlPlanes, found } = situation;
  const members = found.filter(({ kubelet }) => kubelet !== '');
  const nodes = nodesOf(situation);
  const versions = [...members.flatMap(({ kubelet, api }) => [kubelet, api]), ...nodes.map(versionOf)];
  const known = versions.filter(Boolean).sort(compare);
  const unfinished = members.filter(({ interrupted }) => interrupted !== '');
  if (known.every((version) => version === wanted) && unfinished.length === 0) return NOTHING;
  refuse(situation, known, nodes);
  const ordered = [...members].sort((a, b) => rank(controlPlanes, a.host) - rank(controlPlanes, b.host));
  const old = nodes.filter(({ version }) => version !== wanted);
  return {
    turns: [...apiTurns(ordered, wanted), ...kubeletTurns(ordered, old, wanted)],
    minor: known.some((version) => minor(version) !== minor(wanted)),
    left: old.map(({ name }) => name).filter((name) => !members.some(({ host }) => host === name)),
  };
}

const versionOf = ({ version }: Node) => version;
const rank = (names: readonly string[], host: string) =>
  names.includes(host) ? names.indexOf(host) : names.length;

const allNodes = ({ found }: Situation) => found.find(({ nodes }) => nodes.length > 0)?.nodes ?? [];

/** The nodes of the approach's hosts. */
const nodesOf = (situation: Situation): readonly Node[] =>
  allNodes(situation).filter(({ name }) => situation.hosts.includes(name));

function apiTurns(members: readonly Found[], wanted: string): Turn[] {
  const planes = members.filter(({ api }) => api !== '');
  const open = planes.filter(({ api, interrupted }) => api !== wanted || interrupted !== '');
  const begun = open.find(({ interrupted }) => interrupted === 'apply');
  const first = begun ?? (open.length === planes.length ? open[0] : undefined);
  const rest = open.filter((one) => one !== first);
  return [
    ...(first ? [{ host: first.host, does: 'apply' as const }] : []),
    ...rest.map(({ host }) => ({ host, does: 'node' as const })),
  ];
}

/** A kubelet runs the old version until it is restarted, even if its package is new. */
const kubeletTurns = (members: readonly Found[], old: readonly Node[], wanted: string): Turn[] =>
  members
    .filter(({ host, kubelet }) => kubelet !== wanted || old.some(({ name }) => name === host))
    .flatMap(({ host, api }) => [
      ...(api === '' ? [{ host, does: 'prepare' as const }] : []),
      { host, does: 'kubelet' as const },
    ]);

/** @throws ProvisionError (failed) */
function refuse(situation: Situation, known: readonly string[], nodes: readonly Node[]): void {
  const { wanted, controlPlanes, found } = situation;
  const highest = known.at(-1) ?? '';
  if (compare(highest, wanted) > 0) throw downgrade(highest, wanted);
  const reached = (name: string) => found.some(({ host }) => host === name);
  const away = nodes.map(({ name }) => name).filter((name) => controlPlanes.includes(name) && !reached(name));
  const [lowest] = found
    .map(({ api }) => api)
    .filter(Boolean)
    .sort(compare);
  if (lowest === undefined || nodes.length === 0 || away.length > 0) throw unreached(away, wanted);
  if (minor(wanted) > minor(lowest) + 1) throw skipped(lowest, wanted);
  const ahead = nodes.find(({ version }) => minor(version) > minor(lowest));
  if (ahead) throw newer(ahead, lowest);
  const ill = nodes.filter((node) => !node.ready && !isBeingUpgraded(found, node)).map(({ name }) => name);
  if (ill.length > 0) throw notReady(ill, lowest, wanted);
}

/** An interrupted upgrade can leave a node that is not ready, and only continuing helps. */
const isBeingUpgraded = (found: readonly Found[], { name, version }: Node) =>
  found.some(({ host, kubelet }) => host === name && kubelet !== '' && kubelet !== version);

/**
 * The order of reboots: nodes that are not ready first, and workers before control planes, so that a kernel that does not
 * boot shows on a worker.
 *
 * @throws ProvisionError (failed) if a reboot could take away more than its own node
 */
export function planReboots(situation: Situation, due: readonly string[]): string[] {
  const { controlPlanes } = situation;
  if (due.length === 0) return [];
  const nodes = nodesOf(situation);
  if (nodes.length === 0) throw undrained(due);
  const ill = nodes.filter(({ ready }) => !ready).map(({ name }) => name);
  const others = ill.filter((name) => !due.includes(name));
  if (others.length > 0) throw weakened(others, due);
  const turn = (name: string) => (ill.includes(name) ? 0 : controlPlanes.includes(name) ? 2 : 1);
  return [...due].sort((a, b) => turn(a) - turn(b));
}

/** Compares versions such as 1.36.3. */
export function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const minor = (version: string) => Number(version.split('.')[1]);

const downgrade = (highest: string, wanted: string) =>
  failure({
    place: 'kubernetes.version',
    what: `the cluster runs Kubernetes ${highest}, and cannot go back to ${wanted}`,
    todo: `keep its version: -e kubernetes.version=${highest}`,
  });

const skipped = (lowest: string, wanted: string) => {
  const next = `1.${minor(lowest) + 1}`;
  return failure({
    place: 'kubernetes.version',
    what: `the cluster runs Kubernetes ${lowest}, and ${wanted} would skip a minor version`,
    todo: `upgrade to ${next} first: -e kubernetes.version=${next}.N; https://dl.k8s.io/release/stable-${next}.txt names its newest patch version`,
  });
};

const newer = ({ name, version }: Node, lowest: string) =>
  failure({
    place: name,
    what: `its kubelet is ${version}, which is newer than an API server of the cluster (${lowest})`,
    todo: `install the packages of ${lowest} on that host: apt-get install --allow-downgrades --allow-change-held-packages 'kubelet=${lowest}-*'; systemctl restart kubelet`,
  });

const unreached = (names: readonly string[], wanted: string) =>
  failure({
    place: 'kubernetes.version',
    what: `an upgrade to ${wanted} begins with the API servers, and the run does not reach ${names.join(', ') || 'a control plane that answers'}`,
    todo: 'include all control planes in --limit, and check on them that the API server answers: crictl ps --all',
  });

const notReady = (names: readonly string[], lowest: string, wanted: string) =>
  failure({
    place: names.join(', '),
    what: `not ready, so the upgrade to ${wanted} does not begin`,
    todo: `see why: kubectl describe node NAME. Start or repair the machine; replace it with -e kubernetes.version=${lowest}; or remove it from the list of machines. Then run again`,
  });

const undrained = (due: readonly string[]) =>
  failure({
    place: due.join(', '),
    what: 'cannot be drained before the reboot, because the run reaches no control plane that answers',
    todo: 'include the control planes in --limit, and check on them that the API server answers: crictl ps --all',
  });

const weakened = (names: readonly string[], due: readonly string[]) =>
  failure({
    place: names.join(', '),
    what: `not ready, so no reboot of ${due.join(', ')} begins`,
    why: 'their pods would have too few nodes, and etcd too few members',
    todo: 'see why: kubectl describe node NAME. Start or repair the machine, or remove it from the list of machines, then run again',
  });
