#!/bin/sh
# One of three: NAME. Who the master is, the Sentinels say: one that comes back follows whom they have chosen
# meanwhile. When none of them answers it goes on as what it was, and the very first time redis-1 is the master. One
# that is told to stop lets another be the master first.
set -eu
umask 077
name=$1
config=/data/redis.conf
password=$(cat /run/secrets/redis)

# Until redis-passwords.sh has told all of them the new password, what it lets in with is the new one and the one
# before, and what it asks the others with is the one before.
hash() { printf %s "$1" | sha256sum | cut -c 1-64; }
known() {
  if [ -e "$config" ]; then sed -n "s/^$1 \"\\{0,1\\}\\([^\" ]*\\).*/\\1/p" "$config" | head -n 1; fi
}
common=$(known masterauth)
common=${common:-$password}
accepted() {
  hash "$password"
  hash "$common"
  if [ -e "$config" ]; then grep '^user default ' "$config" | grep -o '#[0-9a-f]\{64\}' | tr -d '#' || :; fi
}

sentinels() {
  for one in 1 2 3; do
    REDISCLI_AUTH=$common timeout 3 redis-cli -h "sentinel-$one" -p 26379 --raw "$@" 2>/dev/null | head -n 1 | grep -x "$answer" && return
  done
  return 1
}
chosen() { answer='redis-[123]' sentinels sentinel get-master-addr-by-name theapp; }

before() {
  if [ ! -e "$config" ]; then echo redis-1; return; fi
  sed -n 's/^replicaof "\{0,1\}\(redis-[123]\).*/\1/p' "$config" | grep . || echo "$name"
}

tries=5
if [ ! -e "$config" ]; then tries=1; fi
master=
while [ "$tries" -gt 0 ] && [ -z "$master" ]; do
  master=$(chosen) || master=
  tries=$((tries - 1))
  if [ -z "$master" ] && [ "$tries" -gt 0 ]; then sleep 1; fi
done
if [ -n "$master" ]; then echo "the Sentinels say that $master is the master"
else
  master=$(before)
  echo "no Sentinel answers: $master was the master, as far as $name knows"
fi

{
  cat <<CONFIG
bind * -::*
port 6379
protected-mode no
dir /data
user default on $(accepted | awk '!seen[$0]++ { printf "#%s ", $0 }')~* &* +@all
masterauth $common
replica-announce-ip $name
replica-announce-port 6379
appendonly yes
appendfsync $APPEND_FSYNC
save ""
maxmemory ${MAX_MEMORY_MB}mb
maxmemory-policy volatile-lru
min-replicas-to-write 1
min-replicas-max-lag 10
repl-timeout 15
repl-ping-replica-period 3
tcp-keepalive 30
CONFIG
  if [ "$master" != "$name" ]; then echo "replicaof $master 6379"; fi
} >"$config.draft"
mv -f "$config.draft" "$config"

redis-server "$config" &
server=$!

# Who is told to stop is no longer known by its name.
self=127.0.0.1
ask() { REDISCLI_AUTH=$common timeout 3 redis-cli -h "$@" 2>/dev/null | tr -d '\r'; }

# Without this the others would notice only after a while, and until then nobody could write.
leave() {
  trap '' TERM INT
  if [ "$(chosen)" = "$name" ] && refuse && answer=OK sentinels sentinel failover theapp >/dev/null; then
    # where all is taken down, nobody answers
    end=$(($(date +%s) + 15))
    while [ "$(date +%s)" -lt "$end" ]; do
      if other=$(chosen) && [ "$other" != "$name" ] && ask "$other" info replication | grep -q ',state=online,'; then break; fi
      sleep 0.5
    done
  fi
  kill -TERM "$server"
}

# What it writes once another is the master is lost, also when a replica that still follows it has confirmed it: so it
# writes nothing more, and the others have all that it has written.
refuse() {
  [ "$(ask "$self" config set min-replicas-to-write 99)" = OK ] || return 1
  upto=$(ask "$self" info replication | sed -n 's/^master_repl_offset://p')
  for _ in $(seq 20); do
    if ask "$self" info replication | awk -F '[=,]' -v "upto=$upto" '/^slave[0-9]+:/ { n++; if ($6 != "online" || $8 < upto + 0) late++ } END { exit !(n && !late) }'; then return; fi
    sleep 0.2
  done
  return 1
}

trap leave TERM INT
# A signal ends `wait` early.
code=0
while kill -0 "$server" 2>/dev/null; do wait "$server" && code=0 || code=$?; done
exit "$code"
