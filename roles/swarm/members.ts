import type { Change, Resource } from '../../provision/authoring.ts';
import { failure, sh } from '../../provision/index.ts';
import { HOST, type Node, nodesOf, ownerOf, readNodes } from './state.ts';
import type { Member } from './vars.ts';

interface Wanted {
  readonly members: readonly Member[];
  /** Hosts that were not reached: their nodes stay as they are. */
  readonly absentees: readonly string[];
  readonly drained: readonly string[];
  readonly drain_seconds: number;
}

const probe = { script: nodesOf, read: readNodes };

/** Each host's node has its role, its labels and its availability. */
export const nodes = ({ members, drained }: Wanted): Resource<readonly Node[]> => ({
  kind: 'swarm',
  name: 'nodes',
  probe,
  plan: (now) =>
    members.flatMap((member) => {
      const node = now.find(({ ID }) => ID === member.id);
      if (node) return corrected(node, member, drained.includes(member.host));
      throw failure({
        what: `${member.host} is node ${member.id}, and the swarm does not know it`,
        todo: 'run again; if it stays so: docker swarm leave --force on that host, then run again',
      });
    }),
});

function corrected({ ID, Spec }: Node, { host, manager, labels }: Member, drained: boolean): Change[] {
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
    { summary: `${host}: ${words.join(', ')}`, script: sh`docker node update ${options} ${ID} >/dev/null` },
  ];
}

/** No node but those of the hosts: one that lives hands over its tasks first. */
export const others = (wanted: Wanted): Resource<readonly Node[]> => ({
  kind: 'swarm',
  name: 'nodes that are no host’s',
  probe,
  plan: (now) => {
    const ids = new Set(wanted.members.map(({ id }) => id));
    const away = new Set(wanted.absentees);
    return now
      .filter((node) => !ids.has(node.ID) && !away.has(ownerOf(node)))
      .map((node) => removed(node, wanted.drain_seconds));
  },
  timeout: wanted.drain_seconds + 300,
});

function removed(node: Node, seconds: number): Change {
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
# What was told to stop may still be about it: a container is given its time.
while docker node ps --format '{{.CurrentState}}' ${ID} | grep -qi '^running'; do
i=$((i+1))
if [ $i -gt ${seconds} ]; then break; fi
sleep 1
done
${demoted}
docker node rm --force ${ID} >/dev/null`;
  return { summary: `drain and remove ${ownerOf(node)}`, script };
}
