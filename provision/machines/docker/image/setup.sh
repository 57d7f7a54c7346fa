#!/bin/sh
# Turns a base system into a machine. Runs once inside it, as root, when the image is built.
set -e

# the official Ubuntu image comes with a user
if id ubuntu >/dev/null 2>&1; then userdel --remove ubuntu 2>/dev/null; fi
useradd --create-home --shell /bin/bash --groups sudo admin
echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
chmod 440 /etc/sudoers.d/admin
echo LANG=C.UTF-8 >/etc/default/locale

# every machine gets its own
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_*

# the base image's settings for containers with a single process
rm -f /usr/sbin/policy-rc.d /etc/apt/apt.conf.d/docker-* /etc/apt/apt.conf.d/99mmdebstrap

# no syncing while packages are unpacked: if a container is killed, nothing in the computer's page cache is lost
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/machine

# the computer manages devices, consoles, disks and kernel settings
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-udevd-control.socket \
  systemd-udevd-kernel.socket systemd-modules-load.service systemd-hwdb-update.service console-getty.service \
  getty.target dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
  sys-kernel-tracing.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount modprobe@.service e2scrub_reap.service \
  e2scrub_all.timer fstrim.timer; do
  ln -sf /dev/null "/etc/systemd/system/$unit"
done

# sshd listens without socket activation, and only once users can log in
if [ -e /lib/systemd/system/ssh.socket ]; then systemctl --quiet disable ssh.socket; fi
systemctl --quiet enable ssh.service
mkdir -p /etc/systemd/system/ssh.service.d
printf '[Unit]\nAfter=systemd-user-sessions.service\n' >/etc/systemd/system/ssh.service.d/sessions.conf
systemctl --quiet set-default multi-user.target

chmod 755 /usr/local/lib/machine/start.sh
