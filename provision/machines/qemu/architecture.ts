import { inputError } from '../../errors.ts';

/** The differences between the supported processors. */
export interface Architecture {
  /** The name in Debian and Ubuntu. */
  readonly name: 'amd64' | 'arm64';
  readonly qemu: string;
  /** The package with `qemu` in Debian and Ubuntu. */
  readonly qemuPackage: string;
  readonly machine: readonly string[];
  readonly console: string;
  /** Where the second network card is plugged into the running machine. */
  readonly lan: Readonly<Record<string, string>>;
  /** The firmware that boots a disk, and its package, if QEMU does not include one. */
  readonly firmware?: { readonly file: string; readonly package: string };
}

const known: Record<string, Architecture> = {
  x64: {
    name: 'amd64',
    qemu: 'qemu-system-x86_64',
    qemuPackage: 'qemu-system-x86',
    // Not q35, whose root bus does not support hot-plugging.
    machine: ['-machine', 'pc'],
    console: 'ttyS0',
    lan: { bus: 'pci.0', addr: '0x8' },
  },
  arm64: {
    name: 'arm64',
    qemu: 'qemu-system-aarch64',
    qemuPackage: 'qemu-system-arm',
    machine: ['-machine', 'virt', '-device', 'pcie-root-port,id=lan-port,addr=0x7'],
    console: 'ttyAMA0',
    lan: { bus: 'lan-port' },
    firmware: { file: '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd', package: 'qemu-efi-aarch64' },
  },
};

/** The architecture of this computer, which guests share. @throws ProvisionError (input) */
export function architecture(arch: string = process.arch): Architecture {
  const found = known[arch];
  if (found) return found;
  throw inputError({
    place: 'qemu',
    what: `the lab does not support ${arch} processors`,
    why: 'supported: x64 and arm64',
  });
}
