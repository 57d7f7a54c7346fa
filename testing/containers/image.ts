import { createHash } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeDraft } from '../../provision/computer/contained.ts';
import { privateFolder } from '../../provision/computer/files.ts';
import { withLock } from '../../provision/computer/lock.ts';
import { debianTree } from '../../provision/computer/mmdebstrap.ts';
import { requireSpace } from '../../provision/computer/space.ts';
import { ticking } from '../../provision/computer/ticking.ts';
import { imagesFolder } from '../../provision/machines/lab/folders.ts';
import { packages } from '../../provision/machines/qemu/debian.ts';

const suite = 'trixie';

/** What the lab's machines have, without what only a kernel and a disk of one's own want. */
const machines = packages.filter((name) => name !== 'initramfs-tools' && name !== 'e2fsprogs');
const included = [...machines, 'linux-sysctl-defaults'];

/**
 * What a container lacks of a machine, each time it starts: control groups that its own Docker may write to, files in
 * /etc that can be replaced (Docker mounts them over the container's own, which are kept once they are filled), and
 * host keys.
 */
const settle = `for c in /sys/fs/cgroup/*; do
  if mountpoint -q "$c"; then mount -o remount,bind,rw "$c"; fi
done
for f in hosts hostname resolv.conf; do
  mountpoint -q "/etc/$f" || continue
  cat "/etc/$f" >/run/given
  umount "/etc/$f"
  [ -s "/etc/$f" ] || cat /run/given >"/etc/$f"
done
ssh-keygen -A >/dev/null`;

const unit = `[Unit]
Description=What a container lacks of a machine
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
ExecStart=/bin/sh /usr/local/sbin/settle

[Install]
WantedBy=sysinit.target`;

const customise = `set -e
chroot "$1" useradd --create-home --shell /bin/bash --groups sudo admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/admin"
chmod 440 "$1/etc/sudoers.d/admin"
: > "$1/etc/machine-id"
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hosts "$1"/etc/hostname "$1"/etc/resolv.conf "$1"/etc/apt/apt.conf.d/99mmdebstrap
cat > "$1/usr/local/sbin/settle" <<'SETTLE'
${settle}
SETTLE
cat > "$1/etc/systemd/system/settle.service" <<'UNIT'
${unit}
UNIT
chroot "$1" systemctl --quiet enable settle.service`;

/** A Debian as a tar archive for `docker import`, from this computer's package sources; made once. */
export async function lightImage(progress: (line: string) => void): Promise<string> {
  const recipe = createHash('sha256')
    .update(JSON.stringify([suite, included, customise]))
    .digest('hex')
    .slice(0, 8);
  const file = join(privateFolder(imagesFolder()), `light-${recipe}.tar`);
  await withLock(file, 'building a system for containers', progress, async () => {
    if (existsSync(file)) return;
    const draft = `${file}.draft`;
    await removeDraft(draft);
    privateFolder(join(draft, 'tmp'));
    requireSpace(draft, 2, 'building a system for containers');
    const options = ['--variant=apt', `--customize-hook=${customise}`];
    const made = join(draft, 'root.tar');
    await ticking(progress, 'building', (say) =>
      debianTree({ suite, packages: included, options, draft, file: made }, say),
    );
    renameSync(made, file);
    await removeDraft(draft);
  });
  return file;
}
