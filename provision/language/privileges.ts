import { type Script, sh } from '../shell/sh.ts';

/** What root can do on a host. In a container it is less than on a machine: the rest belongs to the computer. */
export interface Privileges {
  /** Whether it may lower the oom_score_adj of a process, which needs CAP_SYS_RESOURCE (capabilities(7)). */
  readonly oomScores: boolean;
  /** Whether it may use every device of the kernel. */
  readonly devices: boolean;
  /** Whether there is a kernel log, /dev/kmsg. */
  readonly kernelLog: boolean;
  /** Whether it may change how many connections the kernel tracks: only in the first network namespace. */
  readonly conntrackLimit: boolean;
}

/** Starts no process. Tests pass another `root`. */
export const privilegesProbe = (root = ''): Script => sh`while read -r k v; do
case $k in CapEff:) printf 'capabilities=%s\n' "$v";; esac
done <${`${root}/proc/self/status`}
if [ -e ${`${root}/run/systemd/container`} ]; then echo container=yes; fi
if [ -r ${`${root}/sys/fs/cgroup/devices/devices.list`} ]; then
v=
read -r v <${`${root}/sys/fs/cgroup/devices/devices.list`} || :
printf 'devices=%s\n' "$v"
fi
if [ -e ${`${root}/sys/fs/cgroup/cgroup.controllers`} ]; then echo cgroups=2; fi
if [ -e ${`${root}/dev/kmsg`} ] && [ ! -L ${`${root}/dev/kmsg`} ]; then echo kernel_log=yes; fi
if [ ! -e ${`${root}/proc/sys/net/netfilter/nf_conntrack_max`} ] || [ -w ${`${root}/proc/sys/net/netfilter/nf_conntrack_max`} ]; then
echo conntrack_limit=yes
fi`;

/** CAP_SYS_RESOURCE in the sets of capabilities of /proc/PID/status (linux/capability.h). */
const SYS_RESOURCE = 1n << 24n;

/** Parses the output of the probe. */
export function readPrivileges(get: (key: string) => string): Privileges {
  const capabilities = /^[0-9a-f]+$/.test(get('capabilities')) ? BigInt(`0x${get('capabilities')}`) : 0n;
  // only control groups of version 1 list the devices; those of version 2 restrict them in a container
  const devices = get('devices');
  return {
    oomScores: (capabilities & SYS_RESOURCE) !== 0n,
    devices: devices === '' ? get('container') !== 'yes' : devices.startsWith('a *:* rwm'),
    kernelLog: get('kernel_log') === 'yes',
    conntrackLimit: get('conntrack_limit') === 'yes',
  };
}
