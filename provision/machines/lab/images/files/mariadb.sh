#!/bin/sh
# Stands in for the entry point of the official image mariadb, as far as the stacks use it.
set -eu
data=/var/lib/mysql
socket=/run/mysqld/mysqld.sock

fail() {
  echo "[entry point] $*" >&2
  exit 1
}

# The value of NAME, or the content of the file that NAME_FILE names.
setting() {
  eval "value=\${$1-} file=\${$1_FILE-}"
  if [ -n "$value" ] && [ -n "$file" ]; then fail "$1 and $1_FILE are both set"; fi
  if [ -n "$file" ]; then value=$(cat "$file"); fi
  printf %s "$value"
}

# Quotes any text as an SQL string.
quoted() {
  printf "'%s'" "$(printf %s "$1" | sed "s/\\\\/&&/g; s/'/''/g")"
}

client() {
  MYSQL_PWD=${root:-} mariadb --protocol=socket --socket="$socket" --user=root --batch --skip-column-names "$@"
}

# Prints a line; some shells' echo would interpret backslashes.
say() {
  printf '%s\n' "$1"
}

# As in the official image, system users are not in the binary log, but what the stack configures is replicated.
statements() {
  say 'SET @@SESSION.SQL_LOG_BIN = 0;'
  say "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
  say 'FLUSH PRIVILEGES;'
  say "ALTER USER root@localhost IDENTIFIED BY $(quoted "$root");"
  host=${MARIADB_ROOT_HOST-%}
  if [ -n "$host" ] && [ "$host" != localhost ]; then
    say "CREATE USER root@$(quoted "$host") IDENTIFIED BY $(quoted "$root");"
    say "GRANT ALL ON *.* TO root@$(quoted "$host") WITH GRANT OPTION;"
  fi
  for host in 127.0.0.1 ::1 localhost; do
    say "CREATE USER IF NOT EXISTS healthcheck@'$host' IDENTIFIED BY '$health';"
    say "GRANT ${MARIADB_HEALTHCHECK_GRANTS:-USAGE} ON *.* TO healthcheck@'$host';"
  done
  say 'SET @@SESSION.SQL_LOG_BIN = 1;'
  if [ -n "${MARIADB_DATABASE-}" ]; then say "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;"; fi
  if [ -n "${MARIADB_USER-}" ] && [ -n "$password" ]; then
    say "CREATE USER $(quoted "$MARIADB_USER")@'%' IDENTIFIED BY $(quoted "$password");"
    if [ -n "${MARIADB_DATABASE-}" ]; then
      say "GRANT ALL ON \`$(printf %s "$MARIADB_DATABASE" | sed 's/_/\\_/g')\`.* TO $(quoted "$MARIADB_USER")@'%';"
    fi
  fi
  if [ -n "${MARIADB_REPLICATION_USER-}" ] && [ -n "$replication" ]; then
    if [ -n "${MARIADB_MASTER_HOST-}" ]; then
      say "CHANGE MASTER TO MASTER_HOST = $(quoted "$MARIADB_MASTER_HOST"), MASTER_PORT = ${MARIADB_MASTER_PORT:-3306},"
      say "MASTER_USER = $(quoted "$MARIADB_REPLICATION_USER"), MASTER_PASSWORD = $(quoted "$replication"), MASTER_CONNECT_RETRY = 10;"
    else
      say "CREATE USER $(quoted "$MARIADB_REPLICATION_USER")@'%' IDENTIFIED BY $(quoted "$replication");"
      say "GRANT REPLICATION REPLICA ON *.* TO $(quoted "$MARIADB_REPLICATION_USER")@'%';"
    fi
  fi
}

initialise() {
  wanted=$(setting MARIADB_ROOT_PASSWORD)
  password=$(setting MARIADB_PASSWORD)
  replication=$(setting MARIADB_REPLICATION_PASSWORD)
  if [ -z "$wanted" ]; then
    if [ -n "${MARIADB_RANDOM_ROOT_PASSWORD-}" ]; then
      wanted=$(random)
      echo "[entry point] GENERATED ROOT PASSWORD: $wanted"
    elif [ -z "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD-}" ]; then
      fail 'set one of MARIADB_ROOT_PASSWORD, MARIADB_ROOT_PASSWORD_FILE, MARIADB_RANDOM_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD'
    fi
  fi
  mariadb-install-db --datadir="$data" --auth-root-authentication-method=normal --skip-test-db --skip-log-bin >/dev/null
  "$@" --skip-networking --skip-slave-start --socket="$socket" &
  server=$!
  root=
  tries=0
  until client -e 'SELECT 1' >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 $server 2>/dev/null; then fail 'the temporary server did not start'; fi
    sleep 0.5
  done
  health=$(random)
  (
    umask 077
    printf '[mariadb-client]\nport=3306\nsocket=%s\nuser=healthcheck\npassword=%s\nprotocol=tcp\n' "$socket" "$health" >"$data/.my-healthcheck.cnf"
  )
  root=$wanted
  statements | MYSQL_PWD='' mariadb --protocol=socket --socket="$socket" --user=root
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) client ${MARIADB_DATABASE:+--database="$MARIADB_DATABASE"} <"$file" ;;
      *.sql.gz) gunzip -c "$file" | client ${MARIADB_DATABASE:+--database="$MARIADB_DATABASE"} ;;
    esac
  done
  if [ -n "${MARIADB_MASTER_HOST-}" ]; then client -e 'START REPLICA'; fi
  kill -TERM $server
  wait $server || fail 'the temporary server did not stop'
  echo '[entry point] the database is initialised'
}

random() {
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

case ${1-} in -*) set -- mariadbd "$@" ;; esac
case "${1-} $*" in
  *--help*|*--version*) ;;
  mariadbd*)
    if [ "$(id -u)" = 0 ]; then
      mkdir -p "$data" "${socket%/*}"
      find "$data" "${socket%/*}" ! -user mysql -exec chown mysql:mysql {} +
      exec setpriv --reuid=mysql --regid=mysql --clear-groups -- "$0" "$@"
    fi
    if [ ! -d "$data/mysql" ]; then initialise "$@"; fi
    ;;
esac
exec "$@"
