import { join } from 'node:path';
import { architecture } from './architecture.ts';
import type { Prepared } from './image.ts';
import { userCard } from './wiring.ts';

/** A machine as described to QEMU. */
export interface Wanted {
  /** Shown in the process list, where it identifies the process of this machine. */
  readonly name: string;
  readonly folder: string;
  readonly image: Prepared;
  readonly accelerator: 'kvm' | 'tcg';
  /** MiB. */
  readonly memory: number;
  readonly cpus: number;
  /** Port of the machine → port on this computer's loopback interface; 0 means any free port. */
  readonly forward: readonly (readonly [guest: number, here: number])[];
  readonly lan?: { readonly mac: string; readonly group: string; readonly port: number };
  /** A snapshot to resume from. */
  readonly snapshot?: string;
}

/** The QEMU command line (qemu(1)). The monitor socket is relative, because QEMU starts in the machine's folder. */
export function commandOf(wanted: Wanted): string[] {
  const { folder, image, memory, cpus, snapshot, lan } = wanted;
  const arch = architecture();
  return [
    arch.qemu,
    ...['-name', wanted.name],
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...arch.machine,
    ...accelerate(wanted.accelerator),
    ...['-smp', String(cpus), '-m', String(memory)],
    ...disk('disk', `file=${escaped(join(folder, 'disk.qcow2'))},format=qcow2,discard=unmap`, '0x4'),
    ...(image.seed ? disk('seed', `file=${escaped(image.seed)},format=raw,readonly=on`, '0x6') : []),
    ...['-netdev', ['user,id=user', ...wanted.forward.map(forwarding)].join(',')],
    ...['-device', `virtio-net-pci,netdev=user,mac=${userCard},addr=0x3,romfile=`],
    ...[
      '-object',
      'rng-random,filename=/dev/urandom,id=random',
      '-device',
      'virtio-rng-pci,rng=random,addr=0x5',
    ],
    ...(lan ? ['-netdev', lanNetwork(lan), '-device', lanDevice(lan.mac)] : []),
    ...(image.kernel ? direct(image.kernel, wanted.accelerator) : firmware()),
    ...[
      '-chardev',
      `file,id=serial,path=${escaped(join(folder, 'serial.log'))}`,
      '-serial',
      'chardev:serial',
    ],
    ...['-qmp', 'unix:monitor,server=on,wait=off'],
    ...['-pidfile', join(folder, 'pid'), '-daemonize'],
    ...(snapshot ? ['-loadvm', snapshot] : []),
  ];
}

/** The private network: packets to the multicast group reach all other machines. It uses only the loopback interface. */
export function lanNetwork({ group, port }: { group: string; port: number }): string {
  return `socket,id=lan,mcast=${group}:${port},localaddr=127.0.0.1`;
}

/** The network card for the private network, in a slot that also supports hot-plugging. */
export function lanDevice(mac: string): string {
  const place = Object.entries(architecture().lan).map(([key, value]) => `,${key}=${value}`);
  return `virtio-net-pci,id=lan-card,netdev=lan,mac=${mac},romfile=${place.join('')}`;
}

function accelerate(accelerator: 'kvm' | 'tcg'): string[] {
  if (accelerator === 'kvm') return ['-accel', 'kvm', '-cpu', 'host'];
  // Without tb-size QEMU's translation cache uses as much memory as the guest.
  return ['-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'max'];
}

/**
 * `cache=unsafe`: flushes of the guest only reach this computer's page cache. That survives a crash of QEMU and makes
 * dpkg several times faster, but it does not survive a crash of this computer.
 */
function disk(id: string, options: string, slot: string): string[] {
  return [
    '-drive',
    `if=none,id=${id},cache=unsafe,${options}`,
    '-device',
    `virtio-blk-pci,drive=${id},addr=${slot}`,
  ];
}

const forwarding = ([guest, here]: readonly [number, number]) => `hostfwd=tcp:127.0.0.1:${here}-:${guest}`;

function direct(
  { vmlinuz, initrd }: { vmlinuz: string; initrd: string },
  accelerator: 'kvm' | 'tcg',
): string[] {
  const { console } = architecture();
  // Mitigations cost time and have no benefit on an emulated processor.
  const options = `root=/dev/vda ro console=${console} panic=-1${accelerator === 'tcg' ? ' mitigations=off' : ''}`;
  return ['-kernel', vmlinuz, '-initrd', initrd, '-append', options];
}

function firmware(): string[] {
  const { firmware } = architecture();
  return firmware ? ['-bios', firmware.file] : [];
}

/** In QEMU option lists a comma is escaped by doubling it. */
const escaped = (path: string) => path.replaceAll(',', ',,');
