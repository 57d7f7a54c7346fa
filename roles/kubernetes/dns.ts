import { kubectl, type Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';
import type { Member } from './vars.ts';

/** The most replicas of CoreDNS: enough for hundreds of nodes. */
const MOST = 10;

/**
 * A replica of CoreDNS on each node, and clients ask the one on their own node. Otherwise, when a node dies, the clients on
 * the others go on asking its replica until the node counts as lost: nginx, for example, asks from one port, so kube-proxy
 * sends all its questions to the same replica.
 *
 * @see https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution
 */
export function replicated(members: readonly Member[], drained: readonly string[]): Resource<string> {
  const replicas = replicasOn(members, drained);
  const wanted = `${replicas} kubernetes.io/hostname PreferSameNode`;
  return {
    kind: 'kubernetes',
    name: 'CoreDNS on each node',
    probe: {
      script: sh`${kubectl} --namespace=kube-system get deployment/coredns service/kube-dns --output=${`go-template=${PLACED}`} 2>/dev/null || :`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (found) => {
      const patch = deploymentPatch(members, drained);
      if (patch === undefined || found === wanted) return [];
      const script = sh`${kubectl} --namespace=kube-system patch deployment/coredns --patch=${patch} >/dev/null
${kubectl} --namespace=kube-system patch service/kube-dns --patch='{"spec":{"trafficDistribution":"PreferSameNode"}}' >/dev/null`;
      return [
        {
          summary: `run ${replicas} ${replicas === 1 ? 'replica' : 'replicas on different nodes'}, and prefer the one on the client's node`,
          script,
        },
      ];
    },
  };
}

/** A replica on a drained node would wait until the node runs pods again. */
const replicasOn = (members: readonly Member[], drained: readonly string[]) => {
  const nodes = members.filter(({ host }) => !drained.includes(host));
  return Math.min(Math.max(nodes.length, 1), MOST);
};

/**
 * What differs from the Deployment that kubeadm writes: a strategic merge patch. Undefined if there is only one node.
 * kubeadm gets it for an upgrade, so that CoreDNS does not move to and fro.
 */
export const deploymentPatch = (
  members: readonly Member[],
  drained: readonly string[],
): string | undefined =>
  members.length < 2 ? undefined : JSON.stringify(placed(replicasOn(members, drained)));

/** The replicas, the topology in which they must be apart, and whom a client asks. */
const PLACED =
  '{{range .items}}{{with .spec.replicas}}{{.}} {{end}}{{with .spec.template}}{{range .spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution}}{{.topologyKey}} {{end}}{{end}}{{with .spec.trafficDistribution}}{{.}}{{end}}{{end}}';

const placed = (replicas: number) => ({
  spec: {
    replicas,
    template: {
      spec: {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: null,
            requiredDuringSchedulingIgnoredDuringExecution: [
              {
                labelSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
                topologyKey: 'kubernetes.io/hostname',
              },
            ],
          },
        },
      },
    },
  },
});
