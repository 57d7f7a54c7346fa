import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Content, Entry } from '../images/tar.ts';
import type { Package } from './deb.ts';
import { versions } from './versions.ts';

/** The end of a package's version, as on pkgs.k8s.io. */
const revision = '1.1';

/**
 * The packages of one version, with the names, dependencies and files of those on pkgs.k8s.io. The program is in a package
 * of its own for each version, so that kubeadm and the kubelet can have different ones during an upgrade.
 */
export function packagesOf(version: string, program: Content): Package[] {
  const shared = {
    name: `kubernetes-lab-program-${version}`,
    path: `usr/lib/kubernetes-lab/${version}/kubernetes`,
  };
  const depends = `${shared.name} (= ${version}-${revision})`;
  const link = (name: string): Entry => ({ path: `usr/bin/${name}`, link: `/${shared.path}` });
  const part = (name: string, description: string) => ({
    name,
    version: `${version}-${revision}`,
    description,
  });
  return [
    {
      ...part(shared.name, 'all parts of Kubernetes in one program, built from Go modules'),
      files: [file(shared.path, program, 0o755)],
    },
    {
      ...part('kubeadm', 'Command-line utility for administering a Kubernetes cluster'),
      depends,
      files: [link('kubeadm'), ours('usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf')],
    },
    {
      ...part('kubelet', 'Node agent for Kubernetes clusters'),
      depends: `${depends}, kubernetes-cni (>= 1.2.0), mount, util-linux`,
      recommends: 'iptables (>= 1.8.4)',
      files: [
        link('kubelet'),
        ours('usr/lib/systemd/system/kubelet.service'),
        file('etc/default/kubelet', 'KUBELET_EXTRA_ARGS=\n'),
        { path: 'var/lib/kubelet/' },
        { path: 'etc/kubernetes/manifests/' },
      ],
      settings: ['/etc/default/kubelet'],
      scripts: kubeletScripts,
    },
    {
      ...part('kubectl', 'Command-line utility for interacting with a Kubernetes cluster'),
      depends,
      files: [link('kubectl')],
    },
  ];
}

/** Upstream's plug-ins are in /opt/cni/bin; Debian's are in /usr/lib/cni. */
export const cni: Package = {
  name: 'kubernetes-cni',
  version: `${versions.cni}-${revision}`,
  description: 'Binaries required to provision kubernetes container networking',
  depends: 'containernetworking-plugins',
  files: [
    ...[
      'bandwidth',
      'bridge',
      'dhcp',
      'firewall',
      'host-device',
      'host-local',
      'ipvlan',
      'loopback',
      'macvlan',
    ],
    ...['portmap', 'ptp', 'sbr', 'static', 'tuning', 'vlan', 'vrf'],
  ].map((name) => ({ path: `opt/cni/bin/${name}`, link: `/usr/lib/cni/${name}` })),
};

/** The tool that inspects what containerd runs. */
export const criTools = (program: Content): Package => ({
  name: 'cri-tools',
  version: `${versions.crictl}-${revision}`,
  description: 'Command-line utility for interacting with a container runtime',
  files: [file('usr/bin/crictl', program, 0o755)],
});

/** As upstream's: a new kubelet is enabled but not started, an upgraded one is not restarted. */
const kubeletScripts = {
  postinst: `#!/bin/sh
set -e
command -v systemctl >/dev/null || exit 0
[ "$1" != configure ] || [ -n "$2" ] || systemctl --no-reload preset kubelet.service
[ ! -d /run/systemd/system ] || systemctl daemon-reload
`,
  prerm: `#!/bin/sh
set -e
command -v systemctl >/dev/null || exit 0
[ "$1" != remove ] || systemctl --no-reload disable --now kubelet.service || :
`,
  postrm: `#!/bin/sh
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload
`,
};

const file = (path: string, content: Content = '', mode = 0o644): Entry => ({ path, content, mode });

/** A file of this project, by its path on the machine. */
function ours(path: string): Entry {
  const name = path.split('/').at(-1) ?? '';
  return file(path, readFileSync(join(import.meta.dirname, 'files', name), 'utf8'));
}
