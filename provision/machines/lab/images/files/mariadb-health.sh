#!/bin/sh
# Stands in for healthcheck.sh of the official image mariadb: every check in the arguments must pass.
set -eu
ask() {
  mariadb --defaults-extra-file=/var/lib/mysql/.my-healthcheck.cnf --host=127.0.0.1 --protocol=tcp --skip-column-names --batch -e "$1"
}
# A field of SHOW REPLICA STATUS, which requires the grant REPLICA MONITOR (MARIADB_HEALTHCHECK_GRANTS).
replica() {
  ask 'SHOW REPLICA STATUS\G' | sed -n "s/^ *$1: //p"
}
most=
for check; do
  case $check in
    --connect) ask 'SELECT 1' >/dev/null ;;
    --innodb_initialized)
      [ "$(ask "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT', 'ENABLED')")" = 1 ]
      ;;
    --replication_io) [ "$(replica Slave_IO_Running)" = Yes ] ;;
    --replication_sql) [ "$(replica Slave_SQL_Running)" = Yes ] ;;
    --replication_seconds_behind_master=*) most=${check#*=} ;;
    --replication)
      [ "$(replica Slave_IO_Running)" = Yes ]
      [ "$(replica Slave_SQL_Running)" = Yes ]
      if [ -n "$most" ]; then [ "$(replica Seconds_Behind_Master)" -le "$most" ]; fi
      ;;
    *) echo "healthcheck.sh: unknown check $check" >&2; exit 64 ;;
  esac
done
