import { failure } from '../../../errors.ts';
import type { Change, Resource } from '../../../language/resource.ts';
import { sh } from '../../../shell/sh.ts';
import { type SwarmNode, swarmNodesProbe } from './state.ts';

/** The label with the name of a node's host, because its hostname may be different. */
const HOST = 'host';

/** A host that is a node of the swarm. */
export interface SwarmMember {
  readonly host: string;
  /** The id of its node. */
  readonly id: string;
  readonly manager: boolean;
  /** Labels of the node; the value of each is `true`. */
  readonly labels: readonly string[];
}

export interface SwarmNodesOptions {
  readonly members: readonly SwarmMember[];
  /** Hosts whose nodes run no tasks. All others are active. */
  readonly drained: readonly string[];
}

/** The node of each member has its role, its labels (and no others) and its availability. */
export const nodes = ({ members, drained }: SwarmNodesOptions): Resource<readonly SwarmNode[]> => ({
  kind: 'docker.swarm',
  name: 'nodes',
  probe: swarmNodesProbe,
  plan: (state) =>
    members.flatMap((member) => {
      const node = state.find(({ ID }) => ID === member.id);
      if (node) return corrected(node, member, drained.includes(member.host));
      throw failure({
        what: `${member.host} is node ${member.id}, but the swarm does not know this node`,
        todo: 'run again; if it happens again, run docker swarm leave --force on that host, then run again',
      });
    }),
});

function corrected(
  { ID, Spec }: SwarmNode,
  { host, manager, labels }: SwarmMember,
  drained: boolean,
): Change[] {
  const now = new Map(Object.entries(Spec.Labels ?? {}));
  const wanted = new Map([[HOST, host], ...labels.map((label) => [label, 'true'] as const)]);
  const add = [...wanted]
    .filter(([key, value]) => now.get(key) !== value)
    .map(([key, value]) => `${key}=${value}`);
  const remove = [...now.keys()].filter((key) => !wanted.has(key));
  const availability = drained ? 'drain' : 'active';
  const role = manager ? 'manager' : 'worker';
  const words = [
    ...(role === Spec.Role ? [] : [`${Spec.Role} → ${role}`]),
    ...(availability === Spec.Availability ? [] : [`${Spec.Availability} → ${availability}`]),
    ...add.map((label) => `+${label}`),
    ...remove.map((label) => `-${label}`),
  ];
  if (words.length === 0) return [];
  const options = [
    `--role=${role}`,
    `--availability=${availability}`,
    ...add.map((label) => `--label-add=${label}`),
    ...remove.map((label) => `--label-rm=${label}`),
  ];
  return [
    {
      summary: `change ${host}: ${words.join(', ')}`,
      script: sh`docker node update ${options} ${ID} >/dev/null`,
    },
  ];
}

export interface SwarmPruneOptions {
  readonly members: readonly SwarmMember[];
  /** Hosts that were not reached: their nodes are kept. */
  readonly absentees: readonly string[];
  /** Seconds that a node may take to stop its tasks before it is removed. */
  readonly drainSeconds: number;
}

/** The swarm has no nodes but those of the members and absentees. A node that is up is drained before it is removed. */
export const pruned = (options: SwarmPruneOptions): Resource<readonly SwarmNode[]> => ({
  kind: 'docker.swarm',
  name: 'nodes without a host',
  probe: swarmNodesProbe,
  plan: (state) => {
    const ids = new Set(options.members.map(({ id }) => id));
    const away = new Set(options.absentees);
    return state
      .filter((node) => !ids.has(node.ID) && !away.has(ownerOf(node)))
      .map((node) => removed(node, options.drainSeconds));
  },
  timeout: options.drainSeconds + 300,
});

/** The host that a node is, or was. */
const ownerOf = ({ Spec, Description }: SwarmNode): string =>
  Spec.Labels?.[HOST] ?? Description?.Hostname ?? '';

function removed(node: SwarmNode, seconds: number): Change {
  const { ID, Spec, Status } = node;
  const demoted = Spec.Role === 'manager' ? sh`docker node demote ${ID} >/dev/null` : sh`:`;
  if (Status?.State !== 'ready') {
    const script = sh`${demoted}
docker node rm --force ${ID} >/dev/null`;
    return { summary: `remove ${ownerOf(node)}, which is ${Status?.State ?? 'gone'}`, script };
  }
  const script = sh`docker node update --availability drain ${ID} >/dev/null
i=0
while running=$(docker node ps --filter desired-state=running --format '{{.Name}} {{.CurrentState}}' ${ID}); [ -n "$running" ]; do
i=$((i+1))
if [ $i -gt ${seconds} ]; then
echo 'these tasks have not ended:' "$running" >&2
exit 1
fi
sleep 1
done
# Tasks that were told to stop may still be running: containers have a grace period.
while docker node ps --format '{{.CurrentState}}' ${ID} | grep -qi '^running'; do
i=$((i+1))
if [ $i -gt ${seconds} ]; then break; fi
sleep 1
done
${demoted}
docker node rm --force ${ID} >/dev/null`;
  return { summary: `drain and remove ${ownerOf(node)}`, script };
}
