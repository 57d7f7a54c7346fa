#!/bin/sh
# Approves the serving certificates that the kubelets request, and renews the certificates of this control plane in time.
# The provisioner writes this file (role kubernetes); kubernetes-certificates.timer runs it.
set -eu
umask 077
. "${MAINTENANCE_ROOT:-}/usr/local/lib/kubernetes-maintenance.sh"

# The open requests for serving certificates: name, user, and the request itself.
requests() {
  kubectl get certificatesigningrequests --output='go-template={{range .items}}{{if and (eq .spec.signerName "kubernetes.io/kubelet-serving") (not .status.conditions)}}{{.metadata.name}} {{.spec.username}} {{.spec.request}}{{"\n"}}{{end}}{{end}}'
}

# The names and addresses that a request would prove, one on each line.
subjects() {
  printf %s "$1" | base64 -d | openssl req -noout -text | grep -A 1 'Subject Alternative Name' | tail -n 1 |
    sed 's/, */\n/g; s/^ *//'
}

# A kubelet may only prove that it is its own node, by the name and the address that the provisioner knows.
is_own() {
  host=${1#system:node:}
  address=$(awk -v host="$host" '$1 == host { print $2 }' "$own/nodes")
  asked=$(subjects "$2")
  [ "$1" != "$host" ] && [ -n "$address" ] && [ -n "$asked" ] &&
    ! printf '%s\n' "$asked" | grep -qvxF -e "DNS:$host" -e "IP Address:$address"
}

approve() {
  open=$(requests)
  printf '%s\n' "$open" | while read -r name user request; do
    if [ -z "$name" ]; then
      continue
    elif is_own "$user" "$request"; then
      kubectl certificate approve "$name"
    else
      echo "not approved: $name of $user, which may not prove: $(subjects "$request" | tr '\n' ' ')"
    fi
  done
}

# Whether a certificate of this control plane is valid for fewer days than the setting. Authorities are not renewed.
due() {
  seconds=$((RENEW_DAYS * 86400))
  for file in "$etc"/pki/*.crt "$etc"/pki/etcd/*.crt; do
    case $file in
    */ca.crt | */front-proxy-ca.crt) continue ;;
    esac
    openssl x509 -noout -checkend "$seconds" -in "$file" >/dev/null || return 0
  done
  for file in "$etc"/*.conf; do
    # a kubelet renews its own
    if [ "$file" = "$etc/kubelet.conf" ] || ! grep -q client-certificate-data "$file"; then continue; fi
    sed -n 's/^ *client-certificate-data: //p' "$file" | base64 -d |
      openssl x509 -noout -checkend "$seconds" >/dev/null || return 0
  done
  return 1
}

# Stops the container of a part. The kubelet starts it again, and it reads its new certificates.
restart() {
  before=$(crictl ps --quiet --name "^$1\$")
  echo "restarting $1"
  if [ -n "$before" ]; then crictl stop --timeout 30 $before >/dev/null; fi
  await 300 runs_anew "$1" "$before" || fail "$1 does not start again: see crictl ps --all --name $1"
  await 300 answers || fail "the API server does not answer after the restart of $1: see crictl ps --all"
}

# Waits until no other control plane restarts its parts. If the API does not answer, there is nothing to keep running.
turn() {
  await 60 answers || return 0
  await 1800 claim || fail "another control plane is restarting its parts: kubectl --namespace kube-system get configmap $CLAIM --output yaml"
}

CLAIM=control-plane-restart
claim() {
  if kubectl --namespace=kube-system create configmap "$CLAIM" --from-literal=host="$(hostname)" >/dev/null 2>&1; then return; fi
  # an interrupted restart leaves its claim
  since=$(kubectl --namespace=kube-system get configmap "$CLAIM" --output='go-template={{.metadata.creationTimestamp}} {{.data.host}}' 2>/dev/null) || return 1
  if [ "${since#* }" = "$(hostname)" ] || [ $(($(date +%s) - $(date -d "${since%% *}" +%s))) -gt 1800 ]; then
    kubectl --namespace=kube-system delete configmap "$CLAIM" >/dev/null || :
  fi
  return 1
}

# The controllers stop first and start last: see start_controllers.
restart_all() {
  trap start_parts EXIT
  start_parts
  echo 'restarting kube-controller-manager'
  stop_part kube-controller-manager
  for part in etcd kube-apiserver kube-scheduler; do restart "$part"; done
  start_controllers
  await 300 runs_anew kube-controller-manager '' ||
    fail 'kube-controller-manager does not start again: see crictl ps --all --name kube-controller-manager'
}

renew() {
  # this file outlives a crash: the new certificates are used only after the restarts
  touch "$own/restart"
  kubeadm certs renew all
}

case ${1:-} in
'' | --renew)
  lock
  if [ "${1:-}" = --renew ] || due; then renew; fi
  if [ -e "$own/restart" ]; then
    turn
    restart_all
    kubectl --namespace=kube-system delete configmap --ignore-not-found "$CLAIM" >/dev/null
    rm -f "$own/restart"
  fi
  approve
  ;;
--approve) approve ;;
*) fail "usage: ${0##*/} [--renew | --approve]" ;;
esac
