import { failure } from '../errors.ts';
import type { Seen } from '../shell/exchange.ts';
import { sh } from '../shell/sh.ts';
import { type Ipsec, ipsecProbe, readIpsec } from './ipsec.ts';
import { type Privileges, privilegesProbe, readPrivileges } from './privileges.ts';
import type { Probe } from './resource.ts';

/** The properties of a host that cannot change during a run. Role code may branch on these and on nothing else. */
export interface Facts {
  /** `debian`, `ubuntu`: ID of os-release(5). */
  readonly distribution: string;
  /** `13`, `24.04`: VERSION_ID of os-release(5); empty for a testing release. */
  readonly version: string;
  /** `trixie`, `noble`: VERSION_CODENAME of os-release(5). */
  readonly codename: string;
  /** In dpkg's notation: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly kernel: string;
  readonly hostname: string;
  readonly cores: number;
  /** MiB. */
  readonly memory: number;
  /** All addresses except loopback and link-local ones. */
  readonly addresses: readonly string[];
  /** The name servers that it uses (resolv.conf(5)); those of systemd-resolved instead of its own address. */
  readonly nameservers: readonly string[];
  /**
   * The settings in /proc/sys that can be changed: in a container, usually only those of its own network (sysctl(8),
   * network_namespaces(7)).
   */
  readonly kernelSettings: 'all' | 'network';
  /** The version of its control groups (cgroups(7)). */
  readonly cgroups: 1 | 2;
  /** What root can do. */
  readonly privileges: Privileges;
  /** Whether systemd is process 1. */
  readonly systemd: boolean;
  /**
   * Whether its processors are emulated in software, as by QEMU without KVM, where everything takes about ten times
   * as long (systemd-detect-virt(1) prints `qemu`).
   */
  readonly emulated: boolean;
  /** Whether its kernel supports IPsec, which encrypted overlay networks need. A container has the kernel of its host. */
  readonly ipsec: Ipsec;
}

/** Starts as few processes as possible: the shell itself reads what it can. */
export const factsProbe = {
  script: sh`( . /etc/os-release; printf 'distribution=%s\nlike=%s\nversion=%s\ncodename=%s\n' "$ID" "$ID_LIKE" "$VERSION_ID" "$VERSION_CODENAME" )
printf 'architecture=%s\n' "$(dpkg --print-architecture)"
read -r kernel </proc/sys/kernel/osrelease; printf 'kernel=%s\n' "$kernel"
read -r v </proc/sys/kernel/hostname; printf 'hostname=%s\n' "$v"
printf 'cores=%s\n' "$(nproc)"
read -r _ v _ </proc/meminfo; printf 'memory=%s\n' "$v"
printf 'addresses=%s\n' "$(hostname -I 2>/dev/null || :)"
v=/run/systemd/resolve/resolv.conf
if [ ! -r "$v" ]; then v=/etc/resolv.conf; fi
n=
if [ -r "$v" ]; then while read -r k a _; do case $k in nameserver) n="$n $a";; esac; done <"$v"; fi
printf 'nameservers=%s\n' "$n"
printf 'hypervisor=%s\n' "$(systemd-detect-virt --vm 2>/dev/null || :)"
if [ -w /proc/sys/vm/swappiness ]; then echo kernel_settings=all; fi
if [ -d /run/systemd/system ]; then echo systemd=yes; fi
${privilegesProbe()}
${ipsecProbe()}`,
  read({ code, stdout, stderr }: Seen): Facts {
    const value = new Map([...stdout.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, text]) => [key, text ?? '']));
    const get = (key: string) => value.get(key)?.trim() ?? '';
    const family = [get('distribution'), ...get('like').split(' ')];
    if (code !== 0 || !family.includes('debian')) {
      throw failure({
        what: get('distribution')
          ? `unsupported operating system: ${get('distribution')}`
          : 'unrecognised operating system',
        said: stderr,
        todo: 'use a machine with Debian 12 or 13, or Ubuntu 22.04 or 24.04',
      });
    }
    return {
      distribution: get('distribution'),
      version: get('version'),
      codename: get('codename'),
      architecture: get('architecture'),
      kernel: get('kernel'),
      hostname: get('hostname'),
      cores: Number(get('cores')),
      memory: Math.floor(Number(get('memory')) / 1024),
      addresses: get('addresses').split(/\s+/).filter(Boolean),
      nameservers: get('nameservers').split(/\s+/).filter(Boolean),
      kernelSettings: get('kernel_settings') === 'all' ? 'all' : 'network',
      cgroups: get('cgroups') === '2' ? 2 : 1,
      privileges: readPrivileges(get),
      systemd: get('systemd') === 'yes',
      emulated: get('hypervisor') === 'qemu',
      ipsec: readIpsec(get),
    };
  },
} satisfies Probe<Facts>;
