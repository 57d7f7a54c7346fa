#!/bin/sh
# Brings the cluster back to the state of a snapshot: everything that has changed in it since then is undone.
# The provisioner writes this file (role kubernetes).
set -eu
umask 077
. "${MAINTENANCE_ROOT:-}/usr/local/lib/kubernetes-maintenance.sh"

data=$root/var/lib/etcd

usage() {
  fail "usage: ${0##*/} [--alone] FILE, a snapshot in $backups
  --alone: the other control planes have been reset or are gone"
}

unpack() {
  if ! [ -f "$1" ]; then usage; fi
  work=$(mktemp -d "$root/var/lib/etcd-restore.XXXXXX")
  trap clean EXIT
  tar -xzf "$1" -C "$work" || fail "$1 is not a snapshot of kubernetes-snapshot, or is damaged"
}

# Makes etcd's data from the snapshot. Revisions jump, so that no client takes an old state for a newer one.
prepare() {
  command -v etcdutl >/dev/null ||
    fail "etcdutl is missing in the image of etcd: install it in /usr/local/bin, from https://github.com/etcd-io/etcd/releases"
  said=$(etcdutl snapshot restore "$work/etcd.db" --data-dir="$work/data" --name="$1" --initial-cluster="$1=$2" \
    --initial-advertise-peer-urls="$2" --bump-revision=1000000000 --mark-compacted 2>&1) ||
    fail "the snapshot cannot be restored: $said"
  chmod 0700 "$work/data"
}

# The restored etcd has one member, so the others must not run any more.
require_alone() {
  list=$(etcd member list 2>&1) ||
    fail "etcd does not answer, so its members are unknown: if no other control plane runs, add --alone"
  others=$(printf '%s\n' "$list" | grep -cv ", $(etcd_option name), ") || return 0
  fail "etcd has $others other members: on each other control plane, run first: kubeadm reset --force; rm -f /etc/kubernetes/kubeadm.yaml. Later, the provisioner joins them again"
}

# One after another: without etcd, the API server would wait for it before it ends.
stop() {
  trap 'start_parts; clean' EXIT
  for part in kube-apiserver kube-controller-manager kube-scheduler etcd; do stop_part "$part"; done
}

exchange() {
  before=$backups/before-$(date -u +%Y%m%dT%H%M%SZ)
  mkdir -p -m 0700 "$before"
  mv -- "$data" "$before/etcd"
  mv -- "$work/data" "$data"
  sync "$root/var/lib"
  encryption=$work/etc/kubernetes/encryption
  if [ -d "$encryption" ] && ! diff -rq "$encryption" "$etc/encryption" >/dev/null; then
    mv -- "$etc/encryption" "$before/encryption"
    cp -a -- "$encryption" "$etc/encryption"
  fi
}

# A running control plane.
restore() {
  lock
  start_parts
  unpack "$1"
  cmp -s "$work/etc/kubernetes/pki/ca.crt" "$etc/pki/ca.crt" || fail "$1 is a snapshot of another cluster"
  etcd_tools "$(etcd_image)"
  [ -n "$alone" ] || require_alone
  prepare "$(etcd_option name)" "$(etcd_option initial-advertise-peer-urls)"
  since=$(date +%s)
  stop
  exchange
  start_parts etcd kube-apiserver kube-scheduler
  await 300 answers ||
    fail "the API server does not answer: see crictl ps --all; the data from before is in $before"
  away=$(($(date +%s) - since))
  start_controllers
  trap clean EXIT
  echo "restored $1: the API server was away for $away s; the data from before is in $before"
}

# A new machine in place of a lost control plane, before kubeadm creates the cluster there.
fresh() {
  unpack "$1"
  etcd_tools "$(sed -n 's/^etcd: //p' "$work/about")"
  prepare "$2" "https://$3:2380"
  rm -rf -- "$data"
  mv -- "$work/data" "$data"
  for one in pki encryption; do
    rm -rf -- "${etc:?}/$one"
    cp -a -- "$work/etc/kubernetes/$one" "$etc/$one"
  done
  sync "$root/var/lib" "$etc"
}

alone=
case ${1:-} in
--fresh)
  [ $# = 4 ] || usage
  fresh "$2" "$3" "$4"
  ;;
*)
  if [ "${1:-}" = --alone ]; then alone=yes && shift; fi
  [ $# = 1 ] || usage
  restore "$1"
  ;;
esac
