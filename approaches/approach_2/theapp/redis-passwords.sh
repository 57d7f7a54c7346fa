#!/bin/sh
# Runs after the application has the new password. The three Redis servers and the three Sentinels use it among
# themselves, and then accept no other. It is written to their configuration files for the next start.
set -eu
password=$(cat /run/secrets/redis)
redis='redis-1 redis-2 redis-3'
sentinels='sentinel-1 sentinel-2 sentinel-3'

# Sends commands to a server. The answer to each must be OK.
tell() {
  said=
  for _ in $(seq 60); do
    said=$(printf '%s\n' "$2" | REDISCLI_AUTH=$password timeout 10 redis-cli -h "$1" -p "$port" --raw 2>&1) || :
    if ! printf '%s\n' "$said" | grep -qvx OK; then return; fi
    sleep 2
  done
  echo "$1 answered: $said" >&2
  exit 1
}

port=6379
for one in $redis; do tell "$one" "CONFIG SET masterauth $password"; done
port=26379
for one in $sentinels; do
  tell "$one" "SENTINEL SET theapp auth-pass $password
SENTINEL CONFIG SET sentinel-pass $password"
done
for one in $sentinels; do
  tell "$one" "ACL SETUSER default resetpass >$password
SENTINEL FLUSHCONFIG"
done
port=6379
for one in $redis; do
  tell "$one" "ACL SETUSER default resetpass >$password
CONFIG REWRITE"
done
echo 'only the new password is valid'
