import { KUBECONFIG } from '../../../provision/authoring.ts';
import { type Host, sh } from '../../../provision/index.ts';
import { surveyed } from '../../survey.ts';
import { listNodes, type Node, parseNodes } from '../nodes.ts';
import { untilReady, type Work } from '../survey.ts';
import { UPGRADING } from '../traces.ts';

/** What was found on one host, before anything changes. */
export interface Found {
  readonly host: string;
  /** The version of the kubelet's package; empty if the host is not a node. */
  readonly kubelet: string;
  /** The version of its API server; empty if it is not a control plane. */
  readonly api: string;
  /** How kubeadm was upgrading this control plane when the last run was interrupted. */
  readonly interrupted: 'apply' | 'node' | '';
  /** Whether its system needs a reboot. */
  readonly reboot: boolean;
  /** The nodes of the cluster; empty if this is not a control plane, or if its API server does not answer. */
  readonly nodes: readonly Node[];
}

/** Debian and Ubuntu create this file when an update takes effect only after a reboot. It is in memory. */
export const REBOOT = '/run/reboot-required';
export const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const FORMAT = `\${Version}`;

/** Prints the version of this host's API server. */
export const apiVersion = sh`sed -n 's/^ *image: .*kube-apiserver:v//p' ${MANIFEST} 2>/dev/null || :`;

const script = sh`if [ -e ${REBOOT} ]; then echo reboot; fi
if [ -e /etc/kubernetes/kubelet.conf ]; then echo "kubelet $(dpkg-query -W -f ${FORMAT} kubelet 2>/dev/null)"; fi
echo "api $(${apiVersion})"
if [ -e ${UPGRADING} ]; then echo "interrupted $(cat ${UPGRADING})"; fi
if [ -e ${KUBECONFIG} ]; then
${untilReady}
echo '--- nodes'
${listNodes} 2>/dev/null || :
fi`;

/** Queries each host that the run reaches. */
export const find = (work: Pick<Work, 'facts' | 'read' | 'remaining'>, hosts: readonly Host[]) =>
  surveyed(work, hosts, script, ({ name }, _facts, printed): Found => readFound(name, printed));

/** Reads what `script` printed on a host. */
export function readFound(host: string, printed: string): Found {
  const [own = '', list = ''] = printed.split(/^--- nodes$/m);
  const word = (pattern: RegExp) => pattern.exec(own)?.[1] ?? '';
  return {
    host,
    kubelet: word(/^kubelet ([\d.]+)/m),
    api: word(/^api ([\d.]+)/m),
    interrupted: word(/^interrupted (apply|node)$/m) as Found['interrupted'],
    reboot: /^reboot$/m.test(own),
    nodes: parseNodes(list),
  };
}
