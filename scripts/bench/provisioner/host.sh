# One throw-away SSH host: a chroot over an overlay, with an sshd of its own. Runs as the first process of a mount
# and a PID namespace of its own: when its input ends, or it is killed, every process and every mount of it goes.
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
# The pipe from the benchmark: it never says anything, and it closes when the benchmark ends, however it ends.
{ read -r _ <&3 || :; kill "$sshd"; } &
wait "$sshd"
