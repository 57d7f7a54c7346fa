# What the commands for the maintenance of a control plane share. The provisioner writes this file (role kubernetes).
# A test prepares a folder that looks like the root of a control plane.
root=${MAINTENANCE_ROOT:-}
etc=$root/etc/kubernetes
own=$etc/maintenance
backups=$root/var/backups/kubernetes
stopped=$etc/manifests-stopped
PATH=$PATH:/usr/local/bin
. "$own/settings"

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

kubectl() {
  command kubectl --kubeconfig="$etc/admin.conf" --cache-dir=/run/provision-kubectl --request-timeout=15s "$@"
}

crictl() {
  command crictl --runtime-endpoint=unix:///run/containerd/containerd.sock "$@"
}

# The provisioner holds the same lock during a run.
lock() {
  exec 8>>"$root/run/provision.lock"
  flock -w 900 8 || fail "a run of the provisioner holds the lock: $(cat "$root/run/provision.lock")"
  printf '%s\n' "${0##*/} on $(hostname)" >"$root/run/provision.lock"
}

# Runs a command every second until it succeeds, for at most so many seconds.
await() {
  end=$(($(date +%s) + $1))
  shift
  until "$@"; do
    if [ "$(date +%s)" -ge "$end" ]; then return 1; fi
    sleep 1
  done
}

# Whether the API server of this control plane is ready. The endpoint of the cluster may be another one.
answers() {
  kubectl --server="https://$(sed -n 's/^.*advertise-address.endpoint: *//p' "$etc/manifests/kube-apiserver.yaml")" \
    get --raw=/readyz >/dev/null 2>&1
}

# Stops a part of the control plane: the kubelet ends a part that has no manifest.
stop_part() {
  mkdir -p -m 0700 "$stopped"
  mv -- "$etc/manifests/$1.yaml" "$stopped/"
  await 120 gone "$1" || fail "$1 does not stop: see crictl ps"
}

gone() {
  [ -z "$(crictl ps --quiet --name "^$1\$")" ]
}

# Starts parts that were stopped, also by an interrupted command. By default, all of them.
start_parts() {
  for part in ${*:-etcd kube-apiserver kube-scheduler kube-controller-manager}; do
    if [ -e "$stopped/$part.yaml" ]; then mv -- "$stopped/$part.yaml" "$etc/manifests/"; fi
  done
  rmdir "$stopped" 2>/dev/null || :
}

# Starts the controllers again, after the API server was away. They must not see nodes that could not report meanwhile:
# they would take all of them for lost, and no pod would get requests.
start_controllers() {
  await_reports
  start_parts
}

# Sets how long the controllers wait before a node that does not report counts as lost, such as 12s. The kubelet restarts
# them. It reads every file in the folder of the manifests, so the draft is elsewhere.
set_grace() {
  manifest=$etc/manifests/kube-controller-manager.yaml
  draft=$etc/kube-controller-manager.draft
  before=$(crictl ps --quiet --name '^kube-controller-manager$')
  await_reports
  cp -p -- "$manifest" "$draft"
  sed -i "s/\(--node-monitor-grace-period=\).*/\1$1/" "$draft"
  sync "$draft"
  mv -- "$draft" "$manifest"
  await 120 runs_anew kube-controller-manager "$before" ||
    fail 'kube-controller-manager does not start again: see crictl ps --all --name kube-controller-manager'
}

# Whether a part runs in another container than before.
runs_anew() {
  now=$(crictl ps --quiet --name "^$1\$")
  [ -n "$now" ] && [ "$now" != "$2" ]
}

# Waits until all ready nodes have reported. A node that is down does not report at all.
await_reports() {
  await 30 reported "$(date -u +%Y-%m-%dT%H:%M:%SZ)" || :
}

# Whether all ready nodes have reported since a time.
reported() {
  reports=$(kubectl get nodes --output='go-template={{range .items}}{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True")}}{{.lastHeartbeatTime}}{{"\n"}}{{end}}{{end}}{{end}}') &&
    printf '%s\n' "$reports" | awk -v since="$1" '$1 != "" && $1 < since { exit 1 }'
}

# The value of an option of etcd, from its manifest.
etcd_option() {
  sed -n "s/^ *- --$1=//p" "$etc/manifests/etcd.yaml"
}

# Runs etcdctl with the rights of a client.
etcd() {
  etcdctl --endpoints="$(etcd_option advertise-client-urls)" --cacert="$etc/pki/etcd/ca.crt" \
    --cert="$etc/pki/etcd/healthcheck-client.crt" --key="$etc/pki/etcd/healthcheck-client.key" "$@"
}

# Provides etcdctl and etcdutl: those that somebody has installed, or those in this image of etcd.
tools=
etcd_tools() {
  if command -v etcdctl >/dev/null && command -v etcdutl >/dev/null; then return; fi
  crictl inspecti --quiet "$1" >/dev/null 2>&1 || crictl pull "$1" >/dev/null
  tools=$(mktemp -d /run/kubernetes-etcd.XXXXXX)
  ctr --namespace k8s.io images mount "$1" "$tools" >/dev/null
  PATH=$PATH:$tools/usr/local/bin
}

# The image of this control plane's etcd.
etcd_image() {
  sed -n 's/^ *image: *//p' "$etc/manifests/etcd.yaml"
}

# Removes what a command leaves: the folder of its work and the mounted image.
clean() {
  if [ -n "${work:-}" ]; then rm -rf -- "$work"; fi
  if [ -n "$tools" ]; then
    ctr --namespace k8s.io images unmount --rm "$tools" >/dev/null 2>&1 || :
    rmdir "$tools" 2>/dev/null || :
  fi
}
