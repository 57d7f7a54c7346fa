#!/bin/sh
# Starts one of the three Redis servers; its name is the argument. The Sentinels decide which one is the master, so a
# server that comes back follows the master they have elected in the meantime. If no Sentinel answers, it starts in its
# previous role; at the very first start, redis-1 is the master. A master that is told to stop hands over first.
set -eu
umask 077
name=$1
config=/data/redis.conf
password=$(cat /run/secrets/redis)

# Until redis-passwords.sh has given the new password to all servers, this one accepts both the new and the previous
# password, and uses the previous one to connect to the others.
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

# A network may need more than five seconds until it lets a new container out.
tries=${SENTINEL_TRIES:-5}
if [ ! -e "$config" ]; then tries=1; fi
master=
while [ "$tries" -gt 0 ] && [ -z "$master" ]; do
  master=$(chosen) || master=
  tries=$((tries - 1))
  if [ -z "$master" ] && [ "$tries" -gt 0 ]; then sleep 1; fi
done
if [ -n "$master" ]; then echo "according to the Sentinels, $master is the master"
else
  master=$(before)
  echo "no Sentinel answers; the last master that $name knew was $master"
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

# Docker's DNS no longer resolves the name of a container that is stopping.
self=127.0.0.1
ask() { REDISCLI_AUTH=$common timeout 3 redis-cli -h "$@" 2>/dev/null | tr -d '\r'; }

# Fails over to another master. Otherwise the others would only notice after a while, with no writes until then.
leave() {
  trap '' TERM INT
  if [ "$(chosen)" = "$name" ] && refuse && answer=OK sentinels sentinel failover theapp >/dev/null; then
    # when the whole stack is removed, no server answers
    end=$(($(date +%s) + 15))
    while [ "$(date +%s)" -lt "$end" ]; do
      if other=$(chosen) && [ "$other" != "$name" ] && ask "$other" info replication | grep -q ',state=online,'; then break; fi
      sleep 0.5
    done
  fi
  kill -TERM "$server"
}

# Stops writes, and waits until the replicas have everything. What this server would still write after the failover would
# be lost, even if a replica that still follows it had confirmed it.
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
# A signal interrupts `wait`.
code=0
while kill -0 "$server" 2>/dev/null; do wait "$server" && code=0 || code=$?; done
exit "$code"
