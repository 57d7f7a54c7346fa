import { exitCodes, explain, ProvisionError } from '../../provision/errors.ts';
import { ensurePrograms } from '../../provision/machines/qemu/install.ts';
import { forMachines } from '../../provision/machines/qemu/programs.ts';

/** Vagrant, libvirt with QEMU, and what they run. */
const programs = [
  ...forMachines('debian'),
  { name: 'vagrant', package: 'vagrant' },
  { name: '/usr/share/doc/vagrant-libvirt', package: 'vagrant-libvirt' },
  { name: '/etc/libvirt/qemu', package: 'libvirt-daemon-system' },
  { name: '/usr/share/doc/libvirt-daemon-driver-qemu', package: 'libvirt-daemon-driver-qemu' },
  { name: 'virsh', package: 'libvirt-clients' },
  { name: 'dnsmasq', package: 'dnsmasq-base' },
  { name: 'iptables', package: 'iptables' },
  { name: 'ip', package: 'iproute2' },
];

const unattended = Boolean(process.env.CI) || (process.getuid?.() === 0 && !process.stdin.isTTY);
const yes = unattended || process.argv.includes('--yes');

try {
  await ensurePrograms(programs, true, { yes, progress: (line) => process.stderr.write(`${line}\n`) });
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = error instanceof ProvisionError ? exitCodes[error.kind] : 1;
}
