import { type Batch, batched, type Change, kubectl, type Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';
import type { Member } from './vars.ts';

/** A node as the API server knows it. */
export interface Node {
  readonly name: string;
  readonly ready: boolean;
  readonly cordoned: boolean;
  readonly version: string;
  /** Whether pods have to leave it because its host reboots, even most of those of DaemonSets. */
  readonly rebooting: boolean;
}

/** The taint of a node whose host reboots. */
export const REBOOTING = 'provisioner/reboot';

const TEMPLATE =
  '{{range .items}}{{.metadata.name}}|{{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}|{{.spec.unschedulable}}|{{.status.nodeInfo.kubeletVersion}}|{{range .spec.taints}}{{.key}} {{end}}{{"\\n"}}{{end}}';

/** Prints the nodes of the cluster, one on each line. */
export const listNodes = sh`${kubectl} get nodes --request-timeout=20s --output=${`go-template=${TEMPLATE}`}`;

export const parseNodes = (printed: string): Node[] =>
  printed.split('\n').flatMap((line) => {
    const [name, ready, cordoned, version, taints = ''] = line.split('|');
    if (!name || version === undefined) return [];
    return [
      {
        name,
        ready: ready === 'True',
        cordoned: cordoned === 'true',
        version: version.replace(/^v/, ''),
        rebooting: taints.split(' ').includes(REBOOTING),
      },
    ];
  });

const nodes: Batch<undefined, readonly Node[]> = {
  name: 'kubernetes.nodes',
  script: () => sh`${listNodes} 2>/dev/null || :`,
  read: ({ stdout }, args) => args.map(() => parseNodes(stdout)),
};
/** All nodes. One process for all resources of an exchange. */
export const nodesProbe = batched(nodes, undefined);

/** The nodes of all members are ready. Otherwise it waits. */
export const ready = (members: readonly Member[], seconds: number): Resource<readonly Node[]> => ({
  kind: 'kubernetes',
  name: 'nodes',
  probe: nodesProbe,
  plan: (state) => {
    const open = members
      .map(({ host }) => host)
      .filter((host) => !state.some((node) => node.name === host && node.ready));
    if (open.length === 0) return [];
    const all = open.map((host) => `node/${host}`);
    const script = sh`if ! ${kubectl} wait --for=condition=Ready --timeout=${`${seconds}s`} ${all} >/dev/null; then
${kubectl} get nodes --output=wide >&2 || :
${kubectl} --namespace=kube-system get pods --output=wide >&2 || :
exit 1
fi`;
    return [{ summary: `wait until ${open.join(', ')} are ready`, script }];
  },
  timeout: seconds + 60,
});

/** Pods are scheduled to the nodes of all members, except those that are drained. */
export const schedulable = (
  members: readonly Member[],
  drained: readonly string[],
  seconds: number,
): Resource<readonly Node[]> => ({
  kind: 'kubernetes',
  name: 'scheduling',
  probe: nodesProbe,
  plan: (state) =>
    members.flatMap(({ host }): Change[] => {
      const node = state.find(({ name }) => name === host);
      const away = drained.includes(host);
      if (!node) return [];
      const cordon = away ? drain(host, seconds) : uncordon(host);
      return [
        // an interrupted run has left the taint
        ...(node.rebooting ? [{ summary: `let all pods run on ${host} again`, script: untaint(host) }] : []),
        ...(node.cordoned === away
          ? []
          : [{ summary: `${away ? 'drain' : 'uncordon'} ${host}`, script: cordon }]),
      ];
    }),
  timeout: members.length * (seconds + 60),
});

export const uncordon = (host: string) => sh`${kubectl} uncordon ${host} >/dev/null`;
export const untaint = (host: string) => sh`${kubectl} taint node ${host} ${`${REBOOTING}-`} >/dev/null`;

/**
 * Moves the pods of a node to others, as far as their disruption budgets allow. `stay` names pods of StatefulSets that
 * stay.
 */
export const drain = (host: string, seconds: number, stay: readonly string[] = []) => {
  const selector = `statefulset.kubernetes.io/pod-name notin (${stay.join(', ')})`;
  const words = stay.length > 0 ? [`--pod-selector=${selector}`] : [];
  return sh`${kubectl} drain ${host} --ignore-daemonsets --delete-emptydir-data ${words} --timeout=${`${seconds}s`} >/dev/null`;
};

/** There are no nodes but those of members and absentees. A node that is ready is drained before it is removed. */
export const pruned = (
  members: readonly Member[],
  absentees: readonly string[],
  seconds: number,
): Resource<readonly Node[]> => ({
  kind: 'kubernetes',
  name: 'nodes without a host',
  probe: nodesProbe,
  plan: (state) => {
    const known = new Set([...members.map(({ host }) => host), ...absentees]);
    return state.filter(({ name }) => !known.has(name)).map((node) => removed(node, seconds));
  },
  timeout: 10 * (seconds + 60),
});

const removed = ({ name, ready }: Node, seconds: number): Change => ({
  summary: ready ? `drain and remove ${name}` : `remove ${name}, which is not ready`,
  script: sh`${ready ? drain(name, seconds) : sh`:`}
${kubectl} delete node ${name} >/dev/null`,
});

/** The nodes of lost control planes make way for new hosts of the same name. */
export const replaced = (names: readonly string[], seconds: number): Resource<readonly Node[]> => ({
  kind: 'kubernetes',
  name: 'nodes of lost control planes',
  probe: nodesProbe,
  plan: (state) => state.filter(({ name }) => names.includes(name)).map((node) => removed(node, seconds)),
  timeout: 10 * (seconds + 60),
});
