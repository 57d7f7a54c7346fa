#!/bin/sh
# The first process of a container that acts as a machine: sets up what a container lacks, then becomes systemd.
set -e

# shared mount propagation, as on a machine: systemd needs it to pass credentials to services
mount --make-rshared /

# systemd, and a Docker inside the machine, need writable control groups
mount -o remount,rw /sys/fs/cgroup 2>/dev/null || :
for group in /sys/fs/cgroup/*; do
  if mountpoint -q "$group"; then mount -o remount,bind,rw "$group" 2>/dev/null || :; fi
done

# kernel settings of the computer are read-only, except those of the machine's own network
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,ro /proc/sys

# Docker mounts its own files here, which cannot be replaced: unmount them but keep their content
for name in hosts hostname resolv.conf; do
  mountpoint -q "/etc/$name" || continue
  cat "/etc/$name" >/run/given
  umount "/etc/$name"
  [ -s "/etc/$name" ] || cat /run/given >"/etc/$name"
done

# the user's public key and the host key, which the provider copies here before the first start
identity=/usr/local/lib/machine/identity
if [ -d "$identity" ]; then
  install -d -m 700 -o admin -g admin /home/admin/.ssh
  install -m 600 -o admin -g admin "$identity/authorized_keys" /home/admin/.ssh/authorized_keys
  install -m 600 "$identity/ssh_host_ed25519_key" "$identity/ssh_host_ed25519_key.pub" /etc/ssh/
  rm -r "$identity"
fi

# /var/lib is on the machine's volume; if loop devices work, in a file system of the size given in machines.yml
disk=/.disk
if [ ! -e "$disk/lib" ] && [ ! -e "$disk/lib.img" ]; then
  rm -rf "$disk/draft" "$disk/draft.img"
  if [ -e /dev/loop-control ]; then
    truncate -s "${DISK_GIB}G" "$disk/draft.img"
    mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 -d /var/lib "$disk/draft.img"
    mv "$disk/draft.img" "$disk/lib.img"
  else
    cp -a /var/lib "$disk/draft"
    mv "$disk/draft" "$disk/lib"
  fi
fi
if [ -e "$disk/lib" ]; then
  mount --bind "$disk/lib" /var/lib
else
  tries=0
  # losetup prints "/dev/loop3", followed by " (lost)" if the container has no such device file
  until number=$(losetup --find | tr -dc 0-9) && device=/dev/loop$number &&
    { [ -e "$device" ] || mknod "$device" b 7 "$number"; } && losetup "$device" "$disk/lib.img" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || { echo "no loop device for $disk/lib.img" >&2; exit 1; }
  done
  # without barriers, flushed data is in the computer's page cache: it survives a power cut of the machine only
  mount -o discard,barrier=0 "$device" /var/lib
  losetup --detach "$device"
fi

exec /sbin/init
