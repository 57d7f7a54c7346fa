/** The size of the disk in GiB; the file is only as large as its content. */
const size = 10;

/** Vagrant's public key. Vagrant replaces it with the machine's own key at the first `up` (hashicorp/vagrant, keys/). */
const insecureKey =
  'ssh-rsa AAAAB3NzaC1yc2EAAAABIwAAAQEA6NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr+kz4TjGYe7gHzIw+niNltGEFHzD8+v1I2YJ6oXevct1YeS0o9HZyN1Q9qgCgzUFtdOKLv6IedplqoPkcmF0aYet2PkEDo3MlTBckFXPITAMzF8dJSIFo9D8HfdOV0IAdx4O7PtixWKn5y2hMNG0zQPyUecp4pzC6kivAIhyfHilFR61RGL+GPXQ2MWZWFYbAGjyiYJnAmCP3NOTd0jMZEnDkbUvxhMmBYSdETk1rRgm+R4LOzFUGaHqHDLKLX+FIPKcF96hrucXzcWyLbIbEgE98OHlnVYCzRdK8jlqm8tehUc9c9WhQ== vagrant insecure public key';

/** A hook of mmdebstrap: what Vagrant requires of a box ("Creating a Base Box"), and a network with DHCP. */
export const customise = `set -e
chroot "$1" useradd --create-home --shell /bin/bash vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/vagrant"
chmod 440 "$1/etc/sudoers.d/vagrant"
echo box > "$1/etc/hostname"
printf '127.0.0.1 localhost\\n127.0.1.1 box\\n::1 localhost ip6-localhost ip6-loopback\\n' > "$1/etc/hosts"
echo '/dev/vda1 / ext4 errors=remount-ro 0 1' > "$1/etc/fstab"
echo LANG=C.UTF-8 > "$1/etc/default/locale"
# 99 comes last, so that the files that Vagrant writes for private networks take precedence
printf '[Match]\\nName=eth*\\n\\n[Network]\\nDHCP=ipv4\\nIPv6AcceptRA=no\\n\\n[DHCPv4]\\nClientIdentifier=mac\\n' \\
  > "$1/etc/systemd/network/99-dhcp.network"
chroot "$1" systemctl --quiet enable systemd-networkd.service
printf '[Unit]\\nDescription=Generate host keys\\nBefore=ssh.service\\nConditionPathExists=!/etc/ssh/ssh_host_ed25519_key\\n\\n[Service]\\nType=oneshot\\nExecStart=/usr/bin/ssh-keygen -A\\n\\n[Install]\\nWantedBy=multi-user.target\\n' \\
  > "$1/etc/systemd/system/host-keys.service"
chroot "$1" systemctl --quiet enable host-keys.service
: > "$1/etc/machine-id"
rm -f "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id" "$1/etc/apt/apt.conf.d/99mmdebstrap"`;

/** The files in a box in addition to its disk. */
export const boxFiles = {
  'metadata.json': `${JSON.stringify({ provider: 'libvirt', format: 'qcow2', virtual_size: size })}\n`,
  // Without this, Vagrant runs a dozen commands to detect the system.
  Vagrantfile: `Vagrant.configure('2') do |config|\n  config.vm.guest = :debian\nend\n`,
  'grub.cfg': `set timeout=0
linux /vmlinuz root=/dev/vda1 ro console=tty0 console=ttyS0 net.ifnames=0
initrd /initrd.img
boot
`,
};

/**
 * Turns `root.tar` into `made.box`, without a loop device or a mount: one partition that starts at 1 MiB, and GRUB in
 * front of it (boot.img in the first sector, its core in the next ones).
 */
export const diskScript = `set -e
umask 022
PATH=$PATH:/usr/sbin:/sbin
mkdir tree
tar --xattrs --xattrs-include='*' --numeric-owner --exclude='./dev/*' -xf root.tar -C tree
rm root.tar
home=$(stat -c %u:%g tree/home/vagrant)
mkdir -m 700 tree/home/vagrant/.ssh
echo '${insecureKey}' > tree/home/vagrant/.ssh/authorized_keys
chown -R "$home" tree/home/vagrant/.ssh
chmod 600 tree/home/vagrant/.ssh/authorized_keys
ln -sf ../run/systemd/resolve/stub-resolv.conf tree/etc/resolv.conf
(cd tree; ln -sf boot/vmlinuz-* vmlinuz; ln -sf boot/initrd.img-* initrd.img)
mkdir -p tree/boot/grub
cp grub.cfg tree/boot/grub/grub.cfg
truncate -s ${size}G disk.raw
echo '2048,,83,*' | sfdisk --quiet --label dos disk.raw
mke2fs -q -F -t ext4 -L root -E offset=1048576,lazy_itable_init=1,lazy_journal_init=1 -d tree disk.raw ${size * 1024 - 1}M
rm -rf tree
grub-mkimage -O i386-pc -o core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 normal linux boot
dd if=/usr/lib/grub/i386-pc/boot.img of=disk.raw bs=440 count=1 conv=notrunc status=none
dd if=core.img of=disk.raw bs=512 seek=1 conv=notrunc status=none
qemu-img convert -q -O qcow2 -c -o compression_type=zstd disk.raw box.img
rm disk.raw
tar -cf made.box metadata.json Vagrantfile box.img
rm box.img
`;
