#!/bin/bash
# Whether the next server may be restarted: this one responds and, if it is a replica, has all data of its master. Its
# clients do not depend on the result, because its service includes servers that are not ready.
ask() { REDISCLI_AUTH=$(cat /run/secrets/redis) timeout 5 redis-cli -p "$port" "$@"; }

port=$1
if [ "$port" = 26379 ]; then
  ask ping | grep -q PONG
else
  ask info replication | grep -qE '^(role:master|master_link_status:up)'
fi
