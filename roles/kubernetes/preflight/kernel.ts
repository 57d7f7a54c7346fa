import { lines, type Script, sh } from '../../../provision/index.ts';

/** What the kubelet, kube-proxy and kube-router need of the kernel, as modules or built in. */
const MODULES = [
  'overlay',
  'br_netfilter',
  'veth',
  'nf_conntrack',
  'ip_set',
  'ip_set_hash_ip',
  'ip_set_hash_net',
  'xt_MASQUERADE',
  'xt_comment',
  'xt_conntrack',
  'xt_mark',
  'xt_set',
  'xt_statistic',
];
/** Those that are seen even where the kernel's modules are not, as in a container. */
const FEATURES: Readonly<Record<string, Script>> = {
  overlay: sh`grep -qw overlay /proc/filesystems`,
  br_netfilter: sh`[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]`,
};

/** Prints the modules that the kernel does not have. Loads none. The shell variable `kernel` contains its release. */
export const kernelProbe = sh`read -r kernel </proc/sys/kernel/osrelease
if [ -d "/lib/modules/$kernel" ]; then echo modules=yes; fi
${lines(
  MODULES.map(
    (name) =>
      sh`[ -e ${`/sys/module/${name}`} ] || ${FEATURES[name] ?? sh`false`} || modprobe --dry-run --quiet ${name} 2>/dev/null || echo ${`lacks=${name}`}`,
  ),
)}`;

/** What was found out about a kernel. */
export interface Kernel {
  /** Whether the folder with the modules of the running kernel exists. Only then is the list of missing ones complete. */
  readonly modules: boolean;
  readonly lacks: readonly string[];
}

/** The modules that a container cannot get from its computer's kernel, because they are not loaded there. */
export const unloaded = ({ lacks }: Kernel): readonly string[] => lacks.filter((name) => name in FEATURES);
