import { failure, type ProvisionError } from '../../../provision/index.ts';
import { addresses } from './addresses.ts';
import { unloaded } from './kernel.ts';
import { ports } from './ports.ts';
import type { Inspected } from './probe.ts';
import type { Needs, Problem } from './problem.ts';

/** The least that kubeadm accepts on a control plane; memory in MiB. */
const LEAST = { memory: 1700, cores: 2 };
/** There are images for these, and a checksum of Helm. */
const ARCHITECTURES = ['amd64', 'arm64'];
/**
 * Seconds. Two hosts that each differ from this computer by no more than this differ from each other by at most a minute,
 * which is what API servers tolerate in each other's tokens (DefaultLeeway of go-jose).
 */
const CLOCK = 30;

/** Why a host cannot become a node. A host that is one already has no problem. */
export const problemsOf = (seen: Inspected, needs: Needs): ProvisionError[] =>
  seen.node
    ? []
    : [
        ...(needs.controlPlane ? sizes(seen) : []),
        ...architecture(seen),
        ...swap(seen),
        ...modules(seen),
        ...clock(seen),
        ...ports(seen, needs),
        ...addresses(seen, needs.subnets),
      ].map((problem) => failure({ place: seen.host.name, ...problem }));

function sizes({ facts: { memory, cores } }: Inspected): Problem[] {
  const needs = (least: string) => `kubeadm requires ${least} on a control plane`;
  const other = 'or put another machine into the group control-plane';
  return [
    ...(memory < LEAST.memory
      ? [
          {
            what: `has ${memory} MiB of memory, and ${needs(`${LEAST.memory} MiB`)}`,
            todo: `give it 2 GiB, ${other}`,
          },
        ]
      : []),
    ...(cores < LEAST.cores
      ? [
          {
            what: `has ${cores} processor, and ${needs(`${LEAST.cores}`)}`,
            todo: `give it more processors, ${other}`,
          },
        ]
      : []),
  ];
}

const architecture = ({ facts }: Inspected): Problem[] =>
  ARCHITECTURES.includes(facts.architecture)
    ? []
    : [
        {
          what: `its architecture is ${facts.architecture}, and the images are for ${ARCHITECTURES.join(' and ')}`,
          todo: 'use another machine',
        },
      ];

/** In a container, the swap is that of its computer, and stays on. */
function swap({ facts, swap: { used, available, units } }: Inspected): Problem[] {
  if (facts.kernelSettings !== 'all') return [];
  return [
    ...(used > available
      ? [
          {
            what: 'its swap cannot be turned off',
            why: `${mib(used)} are in it, and ${mib(available)} of memory are available`,
            todo: 'stop what uses the memory (ps -eo rss,args --sort -rss | head), or give the machine more of it',
          },
        ]
      : []),
    ...(units.length > 0
      ? [
          {
            what: 'its swap would be on again after a reboot',
            why: `/etc/fstab does not contain ${units.join(', ')}`,
            todo: `on that host: systemctl mask --now ${units.join(' ')}`,
          },
        ]
      : []),
  ];
}

const mib = (kib: number) => `${Math.round(kib / 1024)} MiB`;

function modules({ facts, kernel }: Inspected): Problem[] {
  const shared = facts.kernelSettings !== 'all' && !kernel.modules;
  const lacks = (shared ? unloaded(kernel) : kernel.lacks).join(' ');
  if (lacks === '') return [];
  const what = `its kernel lacks ${lacks}`;
  if (shared) return [{ what, todo: `on the computer of this container: sudo modprobe --all ${lacks}` }];
  const folder = `/lib/modules/${facts.kernel}`;
  if (!kernel.modules)
    return [
      { what, why: `there is no ${folder}`, todo: 'if a newer kernel is installed, reboot the machine' },
    ];
  const todo =
    'install the kernel of the distribution with all its modules (Debian: linux-image-amd64; Ubuntu: linux-image-generic), and reboot';
  return [{ what, why: `they are not in ${folder}`, todo }];
}

function clock({ ahead }: Inspected): Problem[] {
  const off = Math.abs(ahead);
  if (off <= CLOCK) return [];
  return [
    {
      what: `its clock is ${duration(off)} ${ahead > 0 ? 'ahead of' : 'behind'} this computer's`,
      why: `certificates and tokens allow ${CLOCK} s`,
      todo: 'set the one that is wrong: timedatectl set-ntp true; then timedatectl timesync-status',
    },
  ];
}

function duration(seconds: number): string {
  if (seconds < 600) return `${Math.round(seconds)} s`;
  return seconds < 36_000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
