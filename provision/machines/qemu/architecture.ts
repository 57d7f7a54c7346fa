import { inputError } from '../../errors.ts';

/** What differs between the processors the lab knows. */
export interface Architecture {
  /** Debian's and Ubuntu's word for it. */
  readonly name: 'amd64' | 'arm64';
  readonly qemu: string;
  /** The package that has `qemu`, in Debian and Ubuntu. */
  readonly qemuPackage: string;
  readonly machine: readonly string[];
  readonly console: string;
  /** Where the second network card is plugged in while the machine runs. */
  readonly lan: Readonly<Record<string, string>>;
  /** Firmware that boots a disk, where it is not the emulator's own; and its package. */
  readonly firmware?: { readonly file: string; readonly package: string };
}

const known: Record<string, Architecture> = {
  x64: {
    name: 'amd64',
    qemu: 'qemu-system-x86_64',
    qemuPackage: 'qemu-system-x86',
    // not q35: its root bus takes no card while it runs
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

/** This computer's processor; guests have the same. @throws ProvisionError (input) */
export function architecture(arch: string = process.arch): Architecture {
  const found = known[arch];
  if (found) return found;
  throw inputError({
    place: 'qemu',
    what: `the lab has no machines for ${arch}`,
    why: 'it knows x64 and arm64',
  });
}
