#!/bin/bash
# Asks the data services of one kind, each for up to a minute: a network may need a moment until it lets a new pod out.
try() {
  local said
  for _ in $(seq 30); do
    if said=$("$@" 2>&1); then
      echo "✓ $*"
      return
    fi
    sleep 2
  done
  echo "✗ $*: $said"
  code=1
}

primary() { sql mysql-primary 'SELECT 1'; }
replica_follows() { [ "$(sql mysql-read 'SHOW REPLICA STATUS\G' | grep -cE 'Slave_(IO|SQL)_Running: Yes')" = 2 ]; }
sql() { MYSQL_PWD=$(</run/secrets/mysql-root) mariadb --host="$1" --user=root --connect-timeout=5 -e "$2"; }

server() { redis "$1" ping | grep PONG; }
sentinel() { redis "$1" -p 26379 sentinel ckquorum theapp | grep '^OK 3 usable'; }
redis() { REDISCLI_AUTH=$(</run/secrets/redis) timeout 5 redis-cli -h "$@"; }

cache() {
  exec 3<>/dev/tcp/memcached/11211 && printf 'version\r\n' >&3 && read -r -t 5 word _ <&3 && [ "$word" = VERSION ]
}

code=0
case $1 in
  mysql)
    try primary
    try replica_follows
    ;;
  redis)
    for n in 1 2 3; do
      try server "redis-$n"
      try sentinel "sentinel-$n"
    done
    ;;
  memcached) try cache ;;
esac
exit "$code"
