import { kubectl, type Resource } from '../../../provision/authoring.ts';
import { sh } from '../../../provision/index.ts';
import { type Node, nodesProbe, uncordon, untaint } from '../nodes.ts';

/**
 * A node carries pods again after its turn, unless it should stay drained. The change lasts until they are ready, and so
 * are those that have waited for a volume of this node: the next node can then have its turn.
 */
export const carrying = (
  host: string,
  drained: readonly string[],
  seconds: number,
): Resource<readonly Node[]> => ({
  kind: 'kubernetes',
  name: `scheduling on ${host}`,
  probe: nodesProbe,
  plan: (nodes) => {
    const node = nodes.find(({ name }) => name === host);
    const cordoned = node?.cordoned === true && !drained.includes(host);
    if (!node || !(cordoned || node.rebooting)) return [];
    const script = sh`${node.rebooting ? untaint(host) : sh`:`}
${cordoned ? uncordon(host) : sh`:`}
${untilReady(host, seconds)}`;
    return [{ summary: cordoned ? `uncordon ${host}` : `let DaemonSets run on ${host} again`, script }];
  },
  timeout: seconds + 120,
  hint: 'see why they are not ready: kubectl describe pod, kubectl logs; then run the same command again',
});

const CLAIMS = '{{range .items}}{{with .spec.claimRef}}{{.namespace}}/{{.name}}{{"\\n"}}{{end}}{{end}}';
/** `namespace/name|node|ready|claims` of each pod that has not ended and is not about to. */
const PODS =
  '{{range .items}}{{$namespace := .metadata.namespace}}{{if not (or (eq .status.phase "Succeeded") (eq .status.phase "Failed") .metadata.deletionTimestamp)}}{{$namespace}}/{{.metadata.name}}|{{.spec.nodeName}}|{{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}|{{range .spec.volumes}}{{with .persistentVolumeClaim}}{{$namespace}}/{{.claimName}} {{end}}{{end}}{{"\\n"}}{{end}}{{end}}';

/** For awk(1): the pods that are not ready, of a node or of one of the claims. */
export const WAITING = `$3 == "True" { next }
$2 == node { print $1; next }
$2 == "<no value>" { n = split($4, all, " "); for (i = 1; i <= n; i++) if (index(claims, " " all[i] " ")) { print $1; break } }`;

/** The controllers notice within 3 s that the node is back, and create the pods of DaemonSets. */
const untilReady = (host: string, seconds: number) => sh`sleep 3
waiting() {
if claims=$(${kubectl} get persistentvolumes ${`--selector=provisioner/node=${host}`} --output=${`go-template=${CLAIMS}`} 2>&1) &&
pods=$(${kubectl} get pods --all-namespaces --output=${`go-template=${PODS}`} 2>&1); then
printf '%s\n' "$pods" | awk -F '|' -v node=${host} -v claims=" $(printf '%s' "$claims" | tr '\n' ' ') " ${WAITING} || echo 'awk has failed'
else echo 'the API server does not answer'; fi
}
end=$(($(date +%s) + ${seconds}))
while open=$(waiting); [ -n "$open" ]; do
echo "waiting for $(echo "$open" | head -n 1)" >&9
if [ "$(date +%s)" -gt "$end" ]; then
echo ${`not ready on ${host} within ${seconds} s:`} $open >&2
exit 1
fi
sleep 1
done`;
