import { kubectl, type Resource } from '../../../provision/authoring.ts';
import { lines, sh } from '../../../provision/index.ts';
import { listNodes, parseNodes, REBOOTING } from '../nodes.ts';
import { MANIFEST, REBOOT } from './found.ts';
import { asks, KUBELET, untilAnswers } from './kubelet.ts';

interface Left {
  readonly rebooting: boolean;
  /** The pods that have to leave, and are still there. */
  readonly pods: readonly string[];
}

/** Pods that do not tolerate every taint, as kube-proxy and the pod network do. */
const PODS =
  '{{range .items}}{{if not (or (eq .status.phase "Succeeded") (eq .status.phase "Failed"))}}{{$tolerates := false}}{{range .spec.tolerations}}{{if not .key}}{{if or (not .effect) (eq .effect "NoExecute")}}{{$tolerates = true}}{{end}}{{end}}{{end}}{{if not $tolerates}}{{.metadata.namespace}}/{{.metadata.name}}{{"\\n"}}{{end}}{{end}}{{end}}';

/**
 * The pods of DaemonSets, which a drain leaves, have ended in an orderly way before their host reboots: nginx tells the
 * load balancer first. Only the pods that tolerate every taint stay.
 */
export const left = (host: string, seconds: number): Resource<Left> => {
  const pods = sh`${kubectl} get pods --all-namespaces ${`--field-selector=spec.nodeName=${host}`} --output=${`go-template=${PODS}`}`;
  return {
    kind: 'kubernetes',
    name: `DaemonSets on ${host}`,
    probe: {
      script: sh`${listNodes} 2>/dev/null || :
echo '--- pods'
${pods} 2>/dev/null || :`,
      read: ({ stdout }) => {
        const [nodes = '', list = ''] = stdout.split(/^--- pods$/m);
        return {
          rebooting: parseNodes(nodes).some(({ name, rebooting }) => name === host && rebooting),
          pods: list.split('\n').filter(Boolean),
        };
      },
    },
    plan: (state) => {
      if (state.rebooting && state.pods.length === 0) return [];
      const script = sh`${kubectl} taint node ${host} ${`${REBOOTING}=:NoExecute`} --overwrite >/dev/null
end=$(($(date +%s) + ${seconds}))
while open=$(${pods} 2>&1 || echo unknown); [ -n "$open" ]; do
if [ "$(date +%s)" -gt "$end" ]; then echo ${`still on ${host} after ${seconds} s:`} $open >&2; exit 1; fi
sleep 1
done`;
      return [{ summary: `end the pods of DaemonSets on ${host}`, script }];
    },
    timeout: seconds + 60,
  };
};

/** The system of a host does not need a reboot. */
export const rebooted = (seconds: number): Resource<boolean> => ({
  kind: 'system',
  name: 'reboot',
  probe: {
    script: sh`if [ -e ${REBOOT} ]; then echo required; fi`,
    read: ({ stdout }) => stdout !== '',
  },
  plan: (required) => (required ? [{ summary: 'reboot', script: sh`sync` }] : []),
  reboots: true,
  timeout: seconds,
});

/** What must answer on a node before it can carry pods: they then get an address, and reach services. */
const parts = [
  ['the kubelet', KUBELET],
  ['kube-proxy', 'http://127.0.0.1:10256/healthz'],
  ['kube-router', 'http://127.0.0.1:20244/healthz'],
] as const;
const apiServer = 'https://127.0.0.1:6443/readyz';

/** After a reboot, a control plane serves the API again, and a node can carry pods. */
export const networked = (seconds: number): Resource<boolean> => ({
  kind: 'kubernetes',
  name: 'network of the node',
  probe: {
    script: sh`if ! { ${lines(parts.map(([, url]) => sh`${asks(url)} &&`))} { [ ! -e ${MANIFEST} ] || ${asks(apiServer)}; }; }; then echo waits; fi`,
    read: ({ stdout }) => stdout === '',
  },
  plan: (answers) =>
    answers
      ? []
      : [
          {
            summary: 'wait until it answers',
            script: sh`if [ -e ${MANIFEST} ]; then
${untilAnswers('the API server', apiServer, seconds)}
fi
${lines(parts.map(([name, url]) => untilAnswers(name, url, seconds)))}`,
          },
        ],
  timeout: 4 * (seconds + 60),
});
