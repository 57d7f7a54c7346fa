import { createHash } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contained, removeDraft } from '../../computer/contained.ts';
import { privateFolder } from '../../computer/files.ts';
import { debianTree, run } from '../../computer/mmdebstrap.ts';
import { requireSpace } from '../../computer/space.ts';
import { ticking } from '../../computer/ticking.ts';
import { bootstrapKeys } from '../lab/bootstrap.ts';
import { architecture } from './architecture.ts';
import { userCard } from './wiring.ts';

/** The packages of a Debian cloud image, without those that only a cloud needs. */
export const packages = [
  'systemd-sysv',
  'udev',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'sudo',
  'initramfs-tools',
  'e2fsprogs',
  'ca-certificates',
  'iproute2',
  'iputils-ping',
  'netbase',
  'less',
  'curl',
  'tzdata',
  'unattended-upgrades',
];

/** Additional packages by suite. Since trixie the defaults that allow ordinary users to ping are a separate package. */
export const since: Record<string, readonly string[]> = { trixie: ['linux-sysctl-defaults'] };

/**
 * Builds a Debian image in `folder` from the package sources of this computer: `disk.raw`, `vmlinuz`, `initrd`. It is
 * built in a draft folder and then renamed, so an image is never incomplete.
 *
 * @throws ProvisionError (failed) with the builder's output
 */
export async function buildDebian(
  suite: string,
  folder: string,
  progress: (line: string) => void,
): Promise<void> {
  const draft = `${folder}.draft`;
  await removeDraft(draft);
  privateFolder(join(draft, 'tmp'));
  requireSpace(draft, 3, 'building an image');
  const keys = await bootstrapKeys();
  const { root } = await contained();
  try {
    await ticking(progress, 'building', async (update) => {
      await unpack(suite, draft, update);
      update('building: writing the disk');
      const input = diskScript(keys.user.public, keys.host.file);
      await run([...root, 'sh', '-s'], { doing: 'writing the disk image', cwd: draft, input });
    });
    rmSync(join(draft, 'tmp'), { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } catch (error) {
    await removeDraft(draft);
    throw error;
  }
}

/** Installs the packages into a tar archive, `root.tar` in the draft folder. */
const unpack = (suite: string, draft: string, update: (words: string) => void): Promise<void> =>
  debianTree(
    {
      suite,
      packages: [`linux-image-cloud-${architecture().name}`, ...packages, ...(since[suite] ?? [])],
      options: [
        '--variant=apt',
        // The lab boots the kernel directly, with a small initrd for its machines.
        `--essential-hook=${initrdSettings}`,
        `--customize-hook=${customise}`,
      ],
      draft,
      file: join(draft, 'root.tar'),
    },
    update,
  );

/** Settings for a small initrd with only the modules that virtual machines need. */
export const initrdSettings = `set -e
mkdir -p "$1/etc/initramfs-tools/conf.d"
echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab.conf"
printf '%s\\n' virtio_pci virtio_blk ext4 > "$1/etc/initramfs-tools/modules"`;

/** Creates a user, its rights and a network. A hook is a command-line argument, so it must not contain secrets. */
const customise = `set -e
chroot "$1" useradd --create-home --shell /bin/bash --groups sudo admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/admin"
chmod 440 "$1/etc/sudoers.d/admin"
echo fresh > "$1/etc/hostname"
printf '127.0.0.1 localhost\\n127.0.1.1 fresh\\n::1 localhost ip6-localhost ip6-loopback\\n' > "$1/etc/hosts"
echo '/dev/vda / ext4 errors=remount-ro,x-systemd.growfs 0 1' > "$1/etc/fstab"
echo LANG=C.UTF-8 > "$1/etc/default/locale"
printf '[Match]\\nMACAddress=${userCard}\\n\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\nIPv6AcceptRA=no\\n' \\
  > "$1/etc/systemd/network/50-user.network"
chroot "$1" systemctl --quiet enable systemd-networkd.service
echo nameserver 10.0.2.3 > "$1/etc/resolv.conf"
: > "$1/etc/machine-id"
rm -f "$1"/etc/ssh/ssh_host_* "$1/var/lib/dbus/machine-id" "$1/etc/apt/apt.conf.d/99mmdebstrap"`;

/** Converts the archive to a disk image, without a loop device or a mount. */
function diskScript(authorized: string, hostKey: string): string {
  return `set -e
umask 022
mkdir tree
tar --xattrs --xattrs-include='*' --numeric-owner --exclude='./dev/*' -xf root.tar -C tree
rm root.tar
home=$(stat -c %u:%g tree/home/admin)
mkdir -m 700 tree/home/admin/.ssh
echo '${authorized}' > tree/home/admin/.ssh/authorized_keys
chown -R "$home" tree/home/admin/.ssh
chmod 600 tree/home/admin/.ssh/authorized_keys
cp '${hostKey.replaceAll("'", `'\\''`)}' tree/etc/ssh/ssh_host_ed25519_key
cp '${hostKey.replaceAll("'", `'\\''`)}.pub' tree/etc/ssh/ssh_host_ed25519_key.pub
chmod 600 tree/etc/ssh/ssh_host_ed25519_key
cp tree/boot/vmlinuz-* vmlinuz
cp tree/boot/initrd.img-* initrd
truncate -s 3G disk.raw
PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext4 -L root -E lazy_itable_init=1,lazy_journal_init=1 -d tree disk.raw
rm -rf tree
`;
}

/**
 * A hash of everything that determines the image of a suite. A changed recipe gives a new image; machines based on the
 * old one keep it.
 */
export function recipe(suite: string): string {
  const parts = [suite, packages, since[suite], initrdSettings, customise, diskScript('', '')];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 8);
}
