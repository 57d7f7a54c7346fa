import t from 'tap';
import type { Pod } from '../../../../approaches/approach_4/cluster/objects.ts';
import { failure } from '../../../../provision/index.ts';
import { pod } from '../../../../testing/kubernetes.ts';
import { spread } from './placement.ts';

t.setTimeout(60_000);

/** A cluster with two pods of each component, whose answer to an eviction may be an error. */
function cluster(evicted: (lines: string[]) => void) {
  const lines: string[] = [];
  const shared = [pod('theapp', 'worker1'), pod('theapp', 'worker1')] as const;
  const apart = [pod('theapp', 'worker1'), pod('theapp', 'worker2')] as const;
  let pods: readonly [Pod, ...Pod[]] = shared;
  return {
    lines,
    environment: 'production',
    pods: async () => pods,
    progress: (line: string) => void lines.push(line),
    async kubectl() {
      evicted(lines);
      pods = apart;
      return '';
    },
  };
}

const refused = () =>
  failure({
    place: 'control-plane',
    what: 'the command failed',
    said: "Cannot evict pod as it would violate the pod's disruption budget.",
  });

t.test('replicas on one node: an eviction that is refused is tried again, and reported', async (t) => {
  const once = cluster((lines) => {
    if (lines.length === 1) throw refused();
  });
  await spread(once);
  t.match(once.lines, [
    /^moving a replica of app to another node$/,
    /^moving a replica of app to another node; control-plane: the command failed: Cannot evict pod/,
  ]);
  const always = cluster(() => {
    throw refused();
  });
  await t.rejects(spread(always, 1), {
    message: 'app: all replicas are on one node for 1 s',
    parts: { said: /disruption budget/ },
  });
});
