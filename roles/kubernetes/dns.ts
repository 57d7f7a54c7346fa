import { kubectl, type Resource } from '../../provision/authoring.ts';
import { sh } from '../../provision/index.ts';
import type { Member } from './vars.ts';

const TEMPLATE =
  '{{range .items}}{{if not .metadata.deletionTimestamp}}{{.spec.nodeName}}{{"\\n"}}{{end}}{{end}}';

/**
 * The replicas of CoreDNS are on different nodes. The first replicas of a new cluster all start on its control plane,
 * before other nodes have joined.
 */
export const spread = (members: readonly Member[], seconds: number): Resource<readonly string[]> => ({
  kind: 'kubernetes',
  name: 'CoreDNS on several nodes',
  probe: {
    script: sh`${kubectl} --namespace=kube-system get pods --selector=k8s-app=kube-dns --output=${`go-template=${TEMPLATE}`} 2>/dev/null || :`,
    read: ({ stdout }) => stdout.split('\n').filter(Boolean),
  },
  plan: (nodes) => {
    if (members.length < 2 || nodes.length < 2 || new Set(nodes).size > 1) return [];
    const script = sh`${kubectl} --namespace=kube-system rollout restart deployment/coredns >/dev/null
${kubectl} --namespace=kube-system rollout status deployment/coredns --timeout=${`${seconds}s`} >/dev/null`;
    return [{ summary: `restart it, because all of it is on ${nodes[0]}`, script }];
  },
  timeout: seconds + 60,
});
