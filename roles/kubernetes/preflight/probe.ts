import { type Facts, type Host, sh } from '../../../provision/index.ts';
import { TRACES } from '../traces.ts';
import { type Kernel, kernelProbe } from './kernel.ts';

/** What is known about a host before anything is changed on it. */
export interface Inspected {
  readonly host: Host;
  readonly facts: Facts;
  /** Whether it is a node already, or has been interrupted while it became one: then only its identity is known. */
  readonly node: boolean;
  readonly identity: Identity;
  readonly kernel: Kernel;
  readonly swap: Swap;
  /** The sockets that accept TCP connections. */
  readonly listeners: readonly Listener[];
  /** Its routes, in the format of ip-route(8). */
  readonly routes: readonly string[];
  /** By how many seconds its clock is ahead of this computer's. */
  readonly ahead: number;
}

/** What must be different on each machine. */
export interface Identity {
  readonly machine: string;
  /** The UUID of its hardware; in a container, that of its computer. */
  readonly product: string;
  /** The addresses of its network cards. */
  readonly cards: readonly string[];
}

/** KiB that are in the swap, and that are free to take them back. */
export interface Swap {
  readonly used: number;
  readonly available: number;
  /** The units of systemd that turn swap on again, other than those that follow from fstab(5). */
  readonly units: readonly string[];
}

export interface Listener {
  /** With its port: `127.0.0.1:6443`. */
  readonly address: string;
  readonly port: number;
  /** The process that listens; undefined if it is not known, as for sockets of the kernel. */
  readonly program: string | undefined;
  readonly process: number | undefined;
}

/** Changes nothing, and starts few processes on a node. The last line is the clock. */
export const script = sh`node=
for one in ${TRACES}; do if [ -e "$one" ]; then node=yes; fi; done
echo "node=$node"
for one in /etc/machine-id /sys/class/dmi/id/product_uuid; do
value=
{ read -r value <"$one" || :; } 2>/dev/null
echo "$(basename "$one")=$value"
done
for one in /sys/class/net/*; do
if [ -e "$one/device" ] && read -r value <"$one/address"; then echo "card=$value"; fi
done
if [ -z "$node" ]; then
${kernelProbe}
while read -r key value _; do
case $key in MemAvailable:) echo "available=$value";; esac
done </proc/meminfo
while read -r key _ _ value _; do
case $key in /*) echo "swapped=$value"; swap=yes;; esac
done </proc/swaps
if [ -n "$swap" ]; then
systemctl show --property=Id,SourcePath,FragmentPath,ActiveState '*.swap' 2>/dev/null | sed 's/^/unit=/' || :
fi
ss -Hltnp 2>/dev/null | sed 's/^/listener=/' || :
ip -4 route 2>/dev/null | sed 's/^/route=/' || :
fi
echo "clock=$(date +%s)"`;

/** Reads what `script` printed, at a time in seconds since 1970. */
export function readInspected(host: Host, facts: Facts, printed: string, now: number): Inspected {
  const all = (key: string) =>
    [...printed.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, v]) => v ?? '');
  const one = (key: string) => all(key)[0]?.trim() ?? '';
  return {
    host,
    facts,
    node: one('node') === 'yes',
    identity: { machine: one('machine-id'), product: one('product_uuid').toLowerCase(), cards: all('card') },
    kernel: { modules: one('modules') === 'yes', lacks: all('lacks') },
    swap: {
      used: all('swapped').reduce((sum, value) => sum + Number(value), 0),
      available: Number(one('available')),
      units: returning(all('unit')),
    },
    listeners: all('listener').flatMap(listenerIn),
    routes: all('route').map((route) => route.trim()),
    ahead: Number(one('clock')) - now,
  };
}

/** The units that exist for a reason other than a line of fstab(5): their file is not generated from it. */
function returning(lines: readonly string[]): string[] {
  return lines
    .join('\n')
    .split('\n\n')
    .filter((unit) => /^ActiveState=active$/m.test(unit) && /^FragmentPath=./m.test(unit))
    .filter((unit) => !/^SourcePath=\/etc\/fstab$/m.test(unit))
    .flatMap((unit) => /^Id=(.*)$/m.exec(unit)?.[1] ?? []);
}

/** `LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=812,fd=6))` */
function listenerIn(line: string): Listener[] {
  const [, address, port] = /^\S+\s+\d+\s+\d+\s+(\S*:(\d+))\s/.exec(line) ?? [];
  if (address === undefined) return [];
  const [, program, id] = /users:\(\("([^"]*)",pid=(\d+)/.exec(line) ?? [];
  return [{ address, port: Number(port), program, process: id === undefined ? undefined : Number(id) }];
}
