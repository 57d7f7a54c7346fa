import type { Resource } from '../../provision/authoring.ts';
import { command, type Facts, sh, sysctl } from '../../provision/index.ts';
import { modules } from './modules.ts';
import { swapOff } from './swap.ts';

/** What every node needs of its kernel. A container has the kernel, the swap and most settings of its computer. */
export const system = ({ kernelSettings }: Facts): Resource[] => [
  ...(kernelSettings === 'all' ? [swapOff] : []),
  modules,
  remembered,
  sysctl(kernelSettings === 'all' ? { ...settings, ...watches } : settings),
];

export const settings = {
  'net.bridge.bridge-nf-call-iptables': 1,
  'net.bridge.bridge-nf-call-ip6tables': 1,
  'net.ipv4.ip_forward': 1,
};

/** The kubelet and many pods watch files; Debian's and Ubuntu's limit is 128 for all processes of root. */
export const watches = { 'fs.inotify.max_user_instances': 1024 };

/** The settings that the kubelet and kube-proxy change by themselves. */
const changed = [
  ...Object.keys(watches),
  'kernel.panic',
  'kernel.panic_on_oops',
  'net.ipv4.conf.all.route_localnet',
  'net.netfilter.nf_conntrack_max',
  'net.netfilter.nf_conntrack_tcp_timeout_close_wait',
  'net.netfilter.nf_conntrack_tcp_timeout_established',
  'vm.overcommit_memory',
  'vm.panic_on_oom',
];

/** Their values before this host became a node, in the format of sysctl.conf(5). */
const BEFORE = '/var/lib/provision/kubernetes.sysctl';

const remembered = command('kernel settings before', {
  creates: BEFORE,
  run: sh`mkdir -p /var/lib/provision
sysctl --ignore ${[...Object.keys(settings), ...changed]} >${`${BEFORE}.draft`} 2>/dev/null || :
mv -f ${`${BEFORE}.draft`} ${BEFORE}`,
});

/** The settings have their values from before again, as far as this host may change them. */
export const restored = command('kernel settings before', {
  unless: sh`[ ! -e ${BEFORE} ]`,
  run: sh`sysctl --quiet --ignore --load=${BEFORE} >/dev/null 2>&1 || :
rm -f ${BEFORE}`,
});
