import type { Resource } from '../../provision/authoring.ts';
import { absent, apt, command, type Facts, file, lines, sh } from '../../provision/index.ts';
import { noEndpoint } from './endpoint.ts';
import { kubeletFiles } from './kubelet.ts';
import { noMaintenance } from './maintenance/index.ts';
import { MODULES } from './modules.ts';
import { held, keyringOf, own, sources } from './packages.ts';
import { resetting } from './reset.ts';
import { noForwarder } from './resolver.ts';
import { swapOn } from './swap.ts';
import { restored, settings, watches } from './system.ts';
import { TRACES } from './traces.ts';
import type { Vars } from './vars.ts';

/** A host that is no longer a node: containers, network, packages and files are gone; volumes are kept without `purge`. */
export const removal = (vars: Vars, facts: Facts, purge: boolean): Resource[] => [
  reset,
  ...noMaintenance(purge),
  network,
  ...noEndpoint,
  apt.held.absent(held),
  apt.absent(own, { purge: true }),
  ...[sources, keyringOf(vars), MODULES].map((path) => file.absent(path)),
  ...Object.keys({ ...settings, ...watches }).map((key) => file.absent(`/etc/sysctl.d/90-${key}.conf`)),
  uncovered,
  restored,
  noForwarder,
  ...kubeletFiles.map((path) => file.absent(path)),
  ...(facts.privileges.kernelLog ? [] : [file.absent('/dev/kmsg')]),
  ...(facts.kernelSettings === 'all' ? [swapOn] : []),
  ...FOLDERS.map((path) => absent(path)),
  ...(purge ? [absent(vars.volumes_path)] : []),
];

const FOLDERS = [
  '/etc/kubernetes',
  '/etc/cni',
  '/opt/cni',
  '/var/lib/kubelet',
  '/var/lib/etcd',
  '/var/lib/cni',
  '/var/lib/kube-proxy',
  '/var/log/pods',
  '/var/log/containers',
  '/var/log/kubernetes',
  '/etc/systemd/system/kubelet.service.d',
  '/run/provision-kubelet',
  '/run/provision-kubectl',
  '/run/flannel',
];

/** A host may have been a node, or have failed while it became one. */
export const reset = command('kubeadm reset', {
  unless: sh`! command -v kubeadm >/dev/null || ! { ${lines(TRACES.map((path) => sh`[ -e ${path} ] ||`))} false; }`,
  run: sh`systemctl stop kubelet
${resetting}`,
});

/** The rules that kube-router and kube-proxy add; not all of them are in chains of their own. */
const OWN = ['KUBE-', 'CNI-', 'kube-router', 'kube-bridge', 'allow outbound node port traffic'];
const patterns = OWN.flatMap((pattern) => ['-e', pattern]);

/** Interfaces, routes, rules and sets of kube-router and kube-proxy. */
const network = command('network of the cluster', {
  unless: sh`! ip link show kube-bridge >/dev/null 2>&1 && ! iptables-save 2>/dev/null | grep -q ${patterns}`,
  run: sh`for family in iptables ip6tables; do
if "$family-save" 2>/dev/null | grep -q ${patterns}; then "$family-save" 2>/dev/null | grep -v ${patterns} | "$family-restore"; fi
done
if command -v ipset >/dev/null; then
ipset list -name | grep -E '^(inet6:)?(KUBE-|kube-router)' | while read -r set; do ipset destroy "$set"; done
fi
for path in /sys/class/net/kube-bridge /sys/class/net/kube-dummy-if /sys/class/net/tun-*; do
if [ -e "$path" ]; then ip link delete "$(basename "$path")" 2>/dev/null || :; fi
done
# the routes that kube-router got from the other nodes
ip route flush proto 17 2>/dev/null || :`,
});

/** The kernel's own settings, in place of those that the kubelet saw. */
const uncovered = command('kernel settings of the kubelet', {
  unless: sh`! grep -q ' /provision-kubelet/' /proc/self/mountinfo`,
  // a shared mount is listed several times, and is gone after the first
  run: sh`grep ' /provision-kubelet/' /proc/self/mountinfo | cut -d ' ' -f 5 | sort -u | while read -r path; do umount -- "$path"; done`,
});
