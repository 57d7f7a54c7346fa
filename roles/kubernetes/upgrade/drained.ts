import { kubectl, type Resource } from '../../../provision/authoring.ts';
import { sh } from '../../../provision/index.ts';
import { drain, listNodes, parseNodes } from '../nodes.ts';

/** A pod on the node. */
export interface Pod {
  readonly name: string;
  /** Whether it belongs to a StatefulSet, which names it. */
  readonly named: boolean;
  /** What created it: `DaemonSet`; `Node` for the parts of a control plane. */
  readonly owner: string;
  readonly ended: boolean;
  /** Its claims: `namespace/name`. */
  readonly claims: readonly string[];
}

export interface Drained {
  readonly cordoned: boolean;
  readonly pods: readonly Pod[];
  /** The claims whose volumes are folders of one node. */
  readonly local: readonly string[];
}

const PODS =
  '{{range .items}}{{.metadata.namespace}}|{{.metadata.name}}|{{with .metadata.labels}}{{index . "statefulset.kubernetes.io/pod-name"}}{{end}}|{{range .metadata.ownerReferences}}{{.kind}}{{end}}|{{.status.phase}}|{{range .spec.volumes}}{{with .persistentVolumeClaim}}{{.claimName}} {{end}}{{end}}{{"\\n"}}{{end}}';
const LOCAL =
  '{{range .items}}{{if .spec.local}}{{with .spec.claimRef}}{{.namespace}}/{{.name}}{{"\\n"}}{{end}}{{end}}{{end}}';

/**
 * A node has no pods but those of DaemonSets and of the control plane, and gets no new ones. Unless `everything` is set,
 * pods of StatefulSets whose volume is a folder of this node stay: they could run nowhere else.
 */
export const drained = (host: string, everything: boolean, seconds: number): Resource<Drained> => ({
  kind: 'kubernetes',
  name: `pods of ${host}`,
  probe: {
    script: sh`${listNodes} 2>/dev/null || :
echo '--- pods'
${kubectl} get pods --all-namespaces ${`--field-selector=spec.nodeName=${host}`} --output=${`go-template=${PODS}`} 2>/dev/null || :
echo '--- local'
${kubectl} get persistentvolumes --output=${`go-template=${LOCAL}`} 2>/dev/null || :`,
    read: ({ stdout }) => readDrained(host, stdout),
  },
  plan: ({ cordoned, pods, local }) => {
    const stays = (pod: Pod) => !everything && pod.named && pod.claims.some((claim) => local.includes(claim));
    const moving = pods.filter((pod) => !isFixed(pod) && !stays(pod));
    if (cordoned && moving.length === 0) return [];
    const stay = pods.filter(stays).map(({ name }) => name);
    const words = stay.length > 0 ? `, but not ${stay.join(', ')}` : '';
    return [{ summary: `drain ${host}${words}`, script: drain(host, seconds, stay) }];
  },
  timeout: seconds + 60,
  hint: 'a disruption budget can forbid it: kubectl get poddisruptionbudgets --all-namespaces; then run the same command again, or allow more time with -e kubernetes.drain_seconds=900',
});

const isFixed = ({ owner, ended }: Pod) => ended || owner === 'DaemonSet' || owner === 'Node';

/** Reads what the probe printed. */
export function readDrained(host: string, printed: string): Drained {
  const [nodes = '', pods = '', local = ''] = printed.split(/^--- \w+$/m);
  return {
    cordoned: parseNodes(nodes).some(({ name, cordoned }) => name === host && cordoned),
    pods: pods.split('\n').flatMap((line) => {
      const [namespace, name = '', label, owner = '', phase = '', claims] = line.split('|');
      if (claims === undefined) return [];
      const names = claims.split(' ').filter(Boolean);
      return [
        {
          name,
          named: label === name,
          owner,
          ended: phase === 'Succeeded' || phase === 'Failed',
          claims: names.map((claim) => `${namespace}/${claim}`),
        },
      ];
    }),
    local: local.split('\n').filter(Boolean),
  };
}
