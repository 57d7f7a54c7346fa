#!/bin/sh
# One of three: NAME. Who the master is, the Sentinels say: one that comes back follows whom they have chosen
# meanwhile. When none of them answers it goes on as what it was, and the very first time redis-1 is the master.
set -eu
umask 077
name=$1
config=/data/redis.conf
password=$(cat /run/secrets/redis)

chosen() {
  for one in 1 2 3; do
    REDISCLI_AUTH=$password timeout 5 redis-cli -h "sentinel-$one" -p 26379 --raw sentinel get-master-addr-by-name theapp 2>/dev/null | head -n 1 | grep -x 'redis-[123]' && return
  done
  return 1
}

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
requirepass $password
masterauth $password
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
exec redis-server "$config"
