# One throw-away SSH host: a chroot over an overlay, with its own sshd. Runs as the first process of its own mount and
# PID namespaces: when its stdin closes, or it is killed, all its processes and mounts are gone.
# host.sh BASE FOLDER ADDRESS PORT
set -eu
base=$1 folder=$2 address=$3 port=$4 root=$2/root
mkdir -p "$folder/upper" "$folder/work" "$root"
mount -t overlay -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" bench "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mkdir -p "$root/run/sshd"
exec 3<&0
chroot "$root" /usr/sbin/sshd -D -e -o "ListenAddress=$address" -o "Port=$port" -o PidFile=none \
  -o UsePAM=no -o UseDNS=no -o MaxStartups=100 -o MaxSessions=100 </dev/null 3<&- &
sshd=$!
# Stdin is a pipe from the benchmark. Nothing is ever written to it; it closes when the benchmark ends.
{ read -r _ <&3 || :; kill "$sshd"; } &
wait "$sshd"
