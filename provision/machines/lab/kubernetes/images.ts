import { execa } from 'execa';
import type { Content, Entry } from '../images/tar.ts';
import { versions } from './versions.ts';

/** An image of the cluster: its full name, its layers from bottom to top, and its `config` (OCI image specification). */
export interface ClusterImage {
  readonly name: string;
  readonly layers: readonly ('system' | 'program' | 'network' | 'pause')[];
  readonly config: Readonly<Record<string, unknown>>;
}

/** The Debian packages whose programs kube-proxy and kube-router run. */
export const packages = ['iptables', 'nftables', 'ipset', 'kmod', 'busybox-static', 'ca-certificates'];

const bin = '/usr/local/bin';
const config = (settings: Readonly<Record<string, unknown>> = {}) => ({
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  ...settings,
});

/** The images that the built kubeadm asks for, with upstream's names and tags. */
export async function imagesOf(kubernetes: string, version: string): Promise<ClusterImage[]> {
  const words = ['config', 'images', 'list', '--kubernetes-version', `v${version}`];
  const { stdout } = await execa(kubernetes, words, { argv0: 'kubeadm' });
  return stdout.trim().split('\n').map(fromKubeadm);
}

/** kubeadm runs the parts of the control plane by name, CoreDNS and pause by the entry point of their images. */
function fromKubeadm(name: string): ClusterImage {
  const part = /([^/]+):[^:]+$/.exec(name)?.[1] ?? '';
  if (part === 'pause')
    return { name, layers: ['pause'], config: { Entrypoint: ['/pause'], User: '65535:65535' } };
  const settings = part === 'coredns' ? { Entrypoint: [`${bin}/coredns`] } : {};
  return { name, layers: ['system', 'program'], config: config(settings) };
}

/** The images of the cluster's add-ons. */
export const addOns: readonly ClusterImage[] = [
  {
    name: `registry.k8s.io/metrics-server/metrics-server:v${versions.metricsServer}`,
    layers: ['system', 'program'],
    config: config({ Entrypoint: [`${bin}/metrics-server`], User: '65534' }),
  },
  {
    name: `docker.io/cloudnativelabs/kube-router:v${versions.kubeRouter}`,
    layers: ['system', 'network'],
    config: config({ Entrypoint: [`${bin}/kube-router`] }),
  },
];

const link = (path: string, to: string): Entry => ({ path, link: to });

/** What the images need in addition to Debian's packages, which are unpacked but not installed. */
export const settings: readonly Entry[] = [
  ...['bin', 'sbin', 'lib', 'lib64'].map((path) => link(path, `usr/${path}`)),
  ...['', '-save', '-restore'].flatMap((end) =>
    ['iptables', 'ip6tables'].map((name) => link(`usr/sbin/${name}${end}`, 'xtables-nft-multi')),
  ),
  ...['sh', 'cat', 'cp', 'ip', 'ls', 'nc', 'ps', 'sleep', 'wget'].map((name) =>
    link(`usr/bin/${name}`, 'busybox'),
  ),
  {
    path: 'etc/passwd',
    content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  },
  { path: 'tmp/', mode: 0o1777 },
];

const parts = [
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubectl'],
  ...['etcd', 'etcdctl', 'etcdutl', 'coredns', 'metrics-server'],
];

/** The layers that contain a program, by their names. */
export const layers = {
  /** The program of Kubernetes has the names of its parts. */
  program: (content: Content): Entry[] => [
    { path: 'usr/local/bin/kubernetes', content, mode: 0o755 },
    ...parts.map((name) => link(`usr/local/bin/${name}`, 'kubernetes')),
  ],
  network: (content: Content): Entry[] => [{ path: 'usr/local/bin/kube-router', content, mode: 0o755 }],
  pause: (content: Content): Entry[] => [{ path: 'pause', content, mode: 0o755 }],
};
