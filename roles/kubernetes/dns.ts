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
export function replicated(members: readonly Member[]): Resource<string> {
  const replicas = Math.min(members.length, MOST);
  const wanted = `${replicas} kubernetes.io/hostname PreferSameNode`;
  return {
    kind: 'kubernetes',
    name: 'CoreDNS on each node',
    probe: {
      script: sh`${kubectl} --namespace=kube-system get deployment/coredns service/kube-dns --output=${`go-template=${PLACED}`} 2>/dev/null || :`,
      read: ({ stdout }) => stdout.trim(),
    },
    plan: (found) => {
      if (members.length < 2 || found === wanted) return [];
      const script = sh`${kubectl} --namespace=kube-system patch deployment/coredns --patch=${JSON.stringify(placed(replicas))} >/dev/null
${kubectl} --namespace=kube-system patch service/kube-dns --patch='{"spec":{"trafficDistribution":"PreferSameNode"}}' >/dev/null`;
      return [
        {
          summary: `run ${replicas} replicas on different nodes, and prefer the one on the client's node`,
          script,
        },
      ];
    },
  };
}

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
