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

/**
 * The official repository of the wanted release series, and its packages, held at their version. A node keeps the version
 * that it has: only an upgrade changes it.
 */
export function packages(vars: Vars, facts: Facts, host: string, more: readonly string[] = []): Resource[] {
  const { repository_key: fingerprint } = vars;
  const installed = vars.installed[host];
  const series = vars.version.replace(/\.\d+$/, '');
  const url = vars.repository ?? `https://pkgs.k8s.io/core:/stable:/v${series}/deb/`;
  const key = { keyUrl: `${url}Release.key`, fingerprint, keyring: keyringOf(vars) };
  return [
    unchanged(installed ?? vars.version),
    ...repositoryResources(
      { role: 'kubernetes', owner: 'Kubernetes', url, suite: '/', ...key, sources },
      facts,
    ),
    apt.packages([...tools, ...more]),
    // a node with another version has its turn later; an interrupted upgrade has left a newer kubeadm there
    ...(installed === undefined || installed === vars.version
      ? [apt.packages([...held.map((name) => `${name}=${vars.version}-*`), 'cri-tools', 'kubernetes-cni'])]
      : []),
    apt.held(held),
  ];
}

const FORMAT = `\${Version}`;

/** An upgrade takes more than new packages, which must not replace those of a running node. */
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
      what: `this node runs Kubernetes ${installed}, and new packages alone do not upgrade it to ${version}`,
      todo: `keep its version: -e kubernetes.version=${installed}`,
    });
  },
});
