#!/bin/sh
# Saves etcd's data, and the keys and settings that a restore needs, to one file. Keeps the newest files.
# The provisioner writes this file (role kubernetes); kubernetes-snapshot.timer runs it.
set -eu
umask 077
. "${MAINTENANCE_ROOT:-}/usr/local/lib/kubernetes-maintenance.sh"

host=$(etcd_option name)

save() {
  mkdir -p -m 0700 "$backups"
  rm -rf -- "$backups"/.draft.*
  work=$(mktemp -d "$backups/.draft.XXXXXX")
  trap clean EXIT
  etcd_tools "$(etcd_image)"
  said=$(etcd snapshot save "$work/etcd.db" 2>&1) || fail "etcd saves no snapshot: $said"
  verify "$work/etcd.db"
  describe >"$work/about"
  keep
  file=$host-$(date -u +%Y%m%dT%H%M%SZ).tar.gz
  tar -czf "$work/$file" -C "$work" about etcd.db etc
  tar -tzf "$work/$file" >/dev/null
  sync "$work/$file"
  mv -- "$work/$file" "$backups/$file"
  sync "$backups"
  echo "saved $backups/$file"
  ls -r "$backups" | grep -E "^$host-[0-9TZ]+\.tar\.gz\$" | tail -n "+$((KEEP + 1))" |
    while read -r old; do rm -f -- "$backups/$old"; done
}

# The last 32 bytes of a snapshot are the SHA-256 of the others.
verify() {
  expected=$(tail -c 32 "$1" | od -A n -t x1 | tr -d ' \n')
  found=$(head -c -32 "$1" | sha256sum | cut -d ' ' -f 1)
  if [ "$expected" != "$found" ]; then fail "the snapshot is damaged: its checksum is $found, expected $expected"; fi
  if command -v etcdutl >/dev/null; then
    status=$(etcdutl snapshot status "$1" 2>&1) || fail "the snapshot is damaged: $status"
  fi
}

describe() {
  echo "host: $host"
  echo "peer: $(etcd_option initial-advertise-peer-urls)"
  echo "etcd: $(etcd_image)"
}

# Everything that kubeadm cannot generate again, in the same folders.
keep() {
  mkdir -p "$work/etc/kubernetes/pki/etcd"
  for one in encryption kubeadm.yaml pki/ca.crt pki/ca.key pki/front-proxy-ca.crt pki/front-proxy-ca.key pki/sa.key pki/sa.pub \
    pki/etcd/ca.crt pki/etcd/ca.key; do
    if [ -e "$etc/$one" ]; then cp -a -- "$etc/$one" "$work/etc/kubernetes/$one"; fi
  done
}

# Copies the files that are not at the target yet. A file gets its name there once it is complete.
copy() {
  if [ -z "$TARGET" ]; then return; fi
  touch "$backups/copied"
  for file in "$backups/$host"-*.tar.gz; do
    name=${file##*/}
    if grep -qxF "$name" "$backups/copied"; then continue; fi
    said=$(printf 'put %s %s/.%s.part\nrename %s/.%s.part %s/%s\n' "$file" "$FOLDER" "$name" "$FOLDER" "$name" "$FOLDER" "$name" |
      sftp -b - -o LogLevel=ERROR -P "$PORT" -i "$own/key" -o IdentitiesOnly=yes -o HostKeyAlias=snapshots -o ConnectTimeout=20 \
        -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$own/known_hosts" "$TARGET" 2>&1) ||
      fail "$name cannot be copied to $TARGET:$FOLDER: $said"
    echo "$name" >>"$backups/copied"
    echo "copied $name to $TARGET:$FOLDER"
  done
}

case ${1:-} in
'')
  save
  copy
  ;;
--local) save ;;
*) fail "usage: ${0##*/} [--local]" ;;
esac
