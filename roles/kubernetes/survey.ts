import { kubectl } from '../../provision/authoring.ts';
import { type Context, type Facts, type Host, sh } from '../../provision/index.ts';
import { surveyed } from '../survey.ts';
import { ENCRYPTION } from './controlPlane.ts';
import { listEtcd, parseEtcd } from './etcd.ts';
import { listNodes, type Node, parseNodes } from './nodes.ts';
import { APPLIED } from './traces.ts';
import { authorityOf } from './worker.ts';

/** The part of an approach's context that is needed to create a cluster, whatever the groups. */
export type Work = Pick<Context<string>, 'apply' | 'read' | 'remaining' | 'facts' | 'variables' | 'warn'>;

/** What was found on one host. */
export interface Surveyed {
  readonly host: Host;
  readonly facts: Facts;
  /** The SHA-256 of the public key of the cluster's certificate authority; empty if the host belongs to no cluster. */
  readonly authority: string;
  /** Whether it is a control plane that is complete. */
  readonly controls: boolean;
  /** Whether it is or was a node. */
  readonly node: boolean;
  /** Whether an API server runs on it, or has begun to. */
  readonly serves: boolean;
  /** What a complete control plane knows; empty on other hosts. */
  readonly endpoint: string;
  readonly podSubnet: string;
  readonly serviceSubnet: string;
  /** The SHA-256 of the file with the key of the cluster's Secrets. */
  readonly encryption: string;
  /** The names of the members of etcd that have started. */
  readonly etcd: readonly string[];
  /** The nodes; empty if the API server does not answer. */
  readonly nodes: readonly Node[];
  /** Why the API server of a control plane does not answer. */
  readonly silent: string;
}

/** Waits for the API server, which takes a few seconds after a power cut. If it does not answer, the script continues. */
export const untilReady = sh`end=$(($(date +%s) + 60))
until ${kubectl} get --request-timeout=5s --raw=/readyz >/dev/null 2>&1; do
if [ "$(date +%s)" -gt "$end" ]; then break; fi
sleep 1
done`;

const script = sh`echo "authority $(${authorityOf})"
if [ -e /etc/kubernetes/kubelet.conf ]; then echo node; fi
if [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then echo serves; fi
if [ -e ${APPLIED} ]; then
echo controls
sed -nE 's/^ *(controlPlaneEndpoint|podSubnet|serviceSubnet): /\1 /p' ${APPLIED}
echo "encryption $(sha256sum 2>/dev/null <${ENCRYPTION} | cut -c 1-64)"
${untilReady}
echo '--- etcd'
${listEtcd}
echo
echo '--- nodes'
${listNodes} 2>&1 || :
fi`;

/** Surveys each host that the run still reaches. */
export const survey = (work: Work, hosts: readonly Host[]): Promise<readonly Surveyed[]> =>
  surveyed(work, hosts, script, readSurvey);

/** Reads what `script` printed on a host. */
export function readSurvey(host: Host, facts: Facts, printed: string): Surveyed {
  const [own = '', ...parts] = printed.split(/^--- /m);
  const section = (name: string) =>
    parts.find((one) => one.startsWith(`${name}\n`))?.slice(name.length) ?? '';
  const list = section('nodes');
  const word = (name: string) => new RegExp(`^${name} (\\S+)`, 'm').exec(own)?.[1] ?? '';
  const nodes = parseNodes(list);
  return {
    host,
    facts,
    authority: word('authority'),
    controls: /^controls$/m.test(own),
    node: /^node$/m.test(own),
    serves: /^serves$/m.test(own),
    endpoint: word('controlPlaneEndpoint'),
    podSubnet: word('podSubnet'),
    serviceSubnet: word('serviceSubnet'),
    encryption: word('encryption'),
    etcd: parseEtcd(section('etcd')).flatMap(({ name }) => name || []),
    nodes,
    silent: nodes.length > 0 ? '' : list.trim(),
  };
}
