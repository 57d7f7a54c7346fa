import type { Resource } from '../../provision/authoring.ts';
import { absent, apt, command, type Facts, file, sh } from '../../provision/index.ts';
import { kubeletFiles } from './kubelet.ts';
import { held, keyringOf, own, sources } from './packages.ts';
import { resetting } from './reset.ts';
import { forwarderStopped } from './resolver.ts';
import { MODULES, settings, swapOn } from './system.ts';
import type { Vars } from './vars.ts';

/** A host that is no node any more: containers, network, packages and files are gone; volumes are kept without `purge`. */
export const removal = (vars: Vars, facts: Facts, purge: boolean): Resource[] => [
  reset,
  network,
  apt.held.absent(held),
  apt.absent(own, { purge: true }),
  ...[sources, keyringOf(vars), MODULES].map((path) => file.absent(path)),
  ...Object.keys(settings).map((key) => file.absent(`/etc/sysctl.d/90-${key}.conf`)),
  uncovered,
  forwarderStopped,
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
const reset = command('kubeadm reset', {
  unless: sh`! command -v kubeadm >/dev/null || [ -z "$(find /etc/kubernetes -maxdepth 2 '(' -name '*.conf' -path '*s/*.conf' -o -name 'kube*.yaml' ')' '!' -path '*.d/*' -print -quit 2>/dev/null)" ]`,
  run: sh`systemctl stop kubelet
${resetting}`,
});

/** Interfaces, routes, rules and sets of kube-router and kube-proxy. */
const network = command('network of the cluster', {
  unless: sh`! ip link show kube-bridge >/dev/null 2>&1 && ! iptables-save 2>/dev/null | grep -q KUBE-`,
  run: sh`for save in iptables-save ip6tables-save; do
restore=$(echo "$save" | sed 's/save/restore/')
if command -v "$save" >/dev/null && "$save" 2>/dev/null | grep -q -e KUBE- -e CNI-; then
"$save" 2>/dev/null | grep -v -e KUBE- -e CNI- -e kube-router | "$restore"
fi
done
if command -v ipset >/dev/null; then
for set in $(ipset list -name | grep -e '^KUBE-' -e '^inet6:KUBE-' -e '^kube-router' -e '^inet6:kube-router'); do ipset destroy "$set"; done
fi
for link in $(ip -o link show | sed -n 's/^[0-9]*: \(kube-bridge\|kube-dummy-if\|tun-[0-9a-f]*\|veth[0-9a-f]*\)[@:].*/\1/p'); do ip link delete "$link" 2>/dev/null || :; done
ip route flush proto 17 2>/dev/null || :`,
});

/** The kernel's own settings, in place of those that the kubelet saw. */
const uncovered = command('kernel settings of the kubelet', {
  unless: sh`! grep -q ' /proc/sys/[vk][a-z]*/' /proc/self/mounts`,
  // a shared mount is listed several times, and is gone after the first
  run: sh`cut -d ' ' -f 2 /proc/self/mounts | grep '^/proc/sys/[vk][a-z]*/' | sort -u | while read -r path; do umount -- "$path"; done`,
});
