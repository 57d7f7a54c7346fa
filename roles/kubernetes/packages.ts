import type { Resource } from '../../provision/authoring.ts';
import { apt, type Facts, failure, sh } from '../../provision/index.ts';
import { repositoryResources } from '../repository.ts';
import type { Vars } from './vars.ts';

export const held = ['kubelet', 'kubeadm', 'kubectl'];
/** What Kubernetes itself installs and nobody else uses. */
export const own = [...held, 'kubernetes-cni', 'cri-tools'];
/** Programs that the kubelet, kube-proxy and kubeadm start. */
const tools = ['conntrack', 'ethtool', 'iptables', 'socat'];

export const sources = '/etc/apt/sources.list.d/kubernetes.sources';

/** A new signing key gets a new file. */
export const keyringOf = ({ repository_key }: Pick<Vars, 'repository_key'>) =>
  `/etc/apt/keyrings/kubernetes-${repository_key.slice(-16).toLowerCase()}.asc`;

/** The official repository and its packages, held at their version. */
export function packages(vars: Vars, facts: Facts, more: readonly string[] = []): Resource[] {
  const { version, repository_key: fingerprint } = vars;
  const series = version.replace(/\.\d+$/, '');
  const url = vars.repository ?? `https://pkgs.k8s.io/core:/stable:/v${series}/deb/`;
  const key = { keyUrl: `${url}Release.key`, fingerprint, keyring: keyringOf(vars) };
  return [
    unchanged(version),
    ...repositoryResources(
      { role: 'kubernetes', owner: 'Kubernetes', url, suite: '/', ...key, sources },
      facts,
    ),
    apt.packages([...tools, ...more]),
    apt.packages([...held.map((name) => `${name}=${version}-*`), 'cri-tools', 'kubernetes-cni']),
    apt.held(held),
  ];
}

const FORMAT = `\${Version}`;

/** An upgrade takes more than new packages, so the version of a node cannot change yet. */
const unchanged = (version: string): Resource<string> => ({
  kind: 'kubernetes',
  name: 'version',
  probe: {
    script: sh`if [ -e /etc/kubernetes/kubelet.conf ]; then dpkg-query -W -f ${FORMAT} kubelet 2>/dev/null || :; fi`,
    read: ({ stdout }) => stdout.trim().replace(/-.*$/, ''),
  },
  plan: (installed) => {
    if (installed === '' || installed === version) return [];
    throw failure({
      what: `this node runs Kubernetes ${installed}, and the upgrade to ${version} is not supported yet`,
      todo: `keep its version: -e kubernetes.version=${installed}`,
    });
  },
});
