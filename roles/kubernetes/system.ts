import { type Resource, write } from '../../provision/authoring.ts';
import { command, type Facts, failure, sh, sysctl } from '../../provision/index.ts';

/** What every node needs of its kernel. A container has the kernel, the swap and most settings of its computer. */
export const system = ({ kernelSettings }: Facts): Resource[] => [
  ...(kernelSettings === 'all' ? [swapOff] : []),
  modules,
  remembered,
  sysctl(settings),
];

export const settings = {
  'net.bridge.bridge-nf-call-iptables': 1,
  'net.bridge.bridge-nf-call-ip6tables': 1,
  'net.ipv4.ip_forward': 1,
};

/** The settings that the kubelet and kube-proxy change by themselves. */
const changed = [
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

/** Marks the lines of fstab(5) that `swapOn` restores. */
const MARK = '#provision# ';

/** No swap, now and after a reboot: the kubelet accounts for memory as if there were none. */
const swapOff: Resource<{ readonly used: boolean; readonly stored: boolean }> = {
  kind: 'kubernetes',
  name: 'swap',
  probe: {
    script: sh`if grep -q '^/' /proc/swaps; then echo used; fi
if grep -Eqs '^[^#]\S*\s+\S+\s+swap\s' /etc/fstab; then echo stored; fi`,
    read: ({ stdout }) => ({ used: stdout.includes('used'), stored: stdout.includes('stored') }),
  },
  plan: ({ used, stored }) => [
    ...(stored
      ? [
          {
            summary: 'use no swap after a reboot',
            script: sh`sed -i -E ${`s/^[^#]\\S*\\s+\\S+\\s+swap\\s/${MARK}&/`} /etc/fstab`,
          },
        ]
      : []),
    ...(used ? [{ summary: 'use no swap', script: sh`swapoff --all` }] : []),
  ],
};

/** The swap that `swapOff` has turned off. */
export const swapOn: Resource<boolean> = {
  kind: 'kubernetes',
  name: 'swap',
  probe: {
    script: sh`grep -s ${`^${MARK}`} /etc/fstab || :`,
    read: ({ stdout }) => stdout !== '',
  },
  plan: (marked) =>
    marked
      ? [
          {
            summary: 'use swap again',
            script: sh`sed -i ${`s/^${MARK}//`} /etc/fstab
swapon --all`,
          },
        ]
      : [],
};

export const MODULES = '/etc/modules-load.d/kubernetes.conf';
const content = 'overlay\nbr_netfilter\n';

interface ModuleState {
  /** Modules whose features the kernel does not have now. */
  readonly missing: readonly string[];
  /** Whether one of them is a loaded module, rather than built in or loaded by the computer of a container. */
  readonly loaded: boolean;
  readonly stored: boolean;
}

/** Overlay file systems, and packets between containers that pass through iptables; after a reboot too. */
export const modules: Resource<ModuleState> = {
  kind: 'kubernetes',
  name: 'kernel modules',
  probe: {
    script: sh`grep -q overlay /proc/filesystems || echo missing overlay
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo missing br_netfilter
if grep -Eqs '^(overlay|br_netfilter) ' /proc/modules; then echo loaded; fi
if [ "$(cat ${MODULES} 2>/dev/null)" = ${content.trim()} ]; then echo stored; fi`,
    read: ({ stdout }) => ({
      missing: [...stdout.matchAll(/^missing (\w+)$/gm)].map(([, name]) => name ?? ''),
      loaded: /^loaded$/m.test(stdout),
      stored: /^stored$/m.test(stdout),
    }),
  },
  plan: ({ missing, loaded, stored }) => {
    const ownership = { owner: 'root', group: 'root', mode: '0644' };
    return [
      ...(missing.length > 0
        ? [{ summary: `load ${missing.join(', ')}`, script: sh`modprobe --all ${missing}` }]
        : []),
      ...((missing.length > 0 || loaded) && !stored
        ? [
            {
              summary: 'load them after a reboot',
              script: write(MODULES, { text: content, secrets: [] }, ownership),
            },
          ]
        : []),
    ];
  },
};

/** @throws ProvisionError (failed) for a machine on which kubeadm would fail later */
export function requireMemory({ memory }: Facts, controlPlane: boolean): void {
  const least = controlPlane ? 1700 : 900;
  if (memory >= least) return;
  throw failure({
    what: `this host has ${memory} MiB of memory, and a ${controlPlane ? 'control plane' : 'node'} needs ${least} MiB`,
    todo: 'give it more memory in machines.yml',
  });
}
