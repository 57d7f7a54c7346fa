#!/bin/sh
# Starts one of the three Sentinels; its name is the argument. What it has learned is kept in its volume; the rest of the
# configuration is written at each start.
set -eu
umask 077
name=$1
config=/data/sentinel.conf
password=$(cat /run/secrets/redis)
learned() {
  if [ -e "$config" ]; then grep -E "$1" "$config" || :; fi
}
monitor=$(learned '^sentinel monitor ' | head -n 1)

# As in redis-start.sh: both passwords are accepted, and the previous one is used to connect to others.
hash() { printf %s "$1" | sha256sum | cut -c 1-64; }
common=$(learned '^sentinel auth-pass theapp ' | head -n 1 | cut -d ' ' -f 4 | tr -d '"')
common=${common:-$password}
accepted() {
  hash "$password"
  hash "$common"
  learned '^user default ' | grep -o '#[0-9a-f]\{64\}' | tr -d '#' || :
}

{
  cat <<CONFIG
bind * -::*
port 26379
protected-mode no
dir /tmp
user default on $(accepted | awk '!seen[$0]++ { printf "#%s ", $0 }')~* &* +@all
sentinel sentinel-pass $common
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $name
sentinel announce-port 26379
CONFIG
  learned '^sentinel (myid|current-epoch) '
  printf '%s\n' "${monitor:-sentinel monitor theapp redis-1 6379 2}"
  cat <<CONFIG
sentinel auth-pass theapp $common
sentinel down-after-milliseconds theapp $DOWN_AFTER_MS
sentinel failover-timeout theapp 10000
sentinel parallel-syncs theapp 1
CONFIG
  learned '^sentinel (config-epoch|leader-epoch|known-replica|known-sentinel) '
} >"$config.draft"
mv -f "$config.draft" "$config"
exec redis-server "$config" --sentinel
