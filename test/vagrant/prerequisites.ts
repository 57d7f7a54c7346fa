import { forMachines, qemuVersion } from '../../provision/machines/qemu/programs.ts';
import { prerequisites } from '../../testing/ensure.ts';

/** Vagrant, libvirt, QEMU, and the programs that they run. */
const programs = [
  ...forMachines({ kind: 'debian', modern: true }, await qemuVersion()),
  { name: 'vagrant', package: 'vagrant' },
  { name: '/usr/share/doc/vagrant-libvirt', package: 'vagrant-libvirt' },
  { name: '/etc/libvirt/qemu', package: 'libvirt-daemon-system' },
  { name: '/usr/share/doc/libvirt-daemon-driver-qemu', package: 'libvirt-daemon-driver-qemu' },
  { name: 'virsh', package: 'libvirt-clients' },
  { name: 'dnsmasq', package: 'dnsmasq-base' },
  { name: 'iptables', package: 'iptables' },
  { name: 'ip', package: 'iproute2' },
  { name: 'slirp4netns', package: 'slirp4netns' },
];

await prerequisites(programs);
