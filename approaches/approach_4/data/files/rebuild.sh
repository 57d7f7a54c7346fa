#!/bin/sh
# Fills the server that has lost its data from the other one: `rebuild.sh primary` or `rebuild.sh replica`.
#
# The primary goes on where the replica's history ends: it gets the same position (GTID), so the replica follows it
# without being rebuilt. It accepts no write until it has all data and accounts.
# https://mariadb.com/docs/server/ha-and-performance/standard-replication/gtid
set -eu
lost=$1
MYSQL_PWD=$(cat /run/secrets/mysql-root)
export MYSQL_PWD

client() {
  host=$1
  shift
  mariadb --host="$host" --user=root --connect-timeout=10 --batch --skip-column-names "$@"
}
dump() {
  host=$1
  shift
  mariadb-dump --host="$host" --user=root --single-transaction --routines --triggers --events --hex-blob "$@"
}

# The accounts of applications. The image creates the others when a server starts for the first time.
accounts() {
  client "$1" -e "SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.user WHERE is_role = 'N'
    AND User NOT IN ('root', 'mysql', 'mariadb.sys', 'healthcheck', '$MARIADB_REPLICATION_USER')" |
    while read -r account; do
      client "$1" -e "SHOW CREATE USER $account" </dev/null | sed 's/^CREATE USER/CREATE OR REPLACE USER/; s/$/;/'
      client "$1" -e "SHOW GRANTS FOR $account" </dev/null | sed 's/$/;/'
    done
}

# The number of the last transaction in a position such as 0-1-4711.
last() {
  position=${1##*-}
  echo "${position:-0}"
}
primary=$(client mysql-primary -e 'SELECT @@gtid_binlog_pos')
replica=$(client mysql-read -e 'SELECT @@gtid_slave_pos')
echo "mysql-primary is at ${primary:-the start}, mysql-read at ${replica:-the start}"

case $lost in
  primary)
    if [ "$(last "$primary")" -ge "$(last "$replica")" ]; then
      client mysql-read -e 'START REPLICA'
      client mysql-primary -e 'SET GLOBAL read_only = 0'
      echo 'mysql-primary has all that mysql-read has: there is nothing to rebuild'
      exit
    fi
    client mysql-read -e 'STOP REPLICA'
    client mysql-primary -e 'SET GLOBAL read_only = 1'
    from=mysql-read to=mysql-primary with=''
    before='SET SESSION sql_log_bin = 0;'
    after="RESET MASTER; SET GLOBAL gtid_binlog_state = '$replica'; SET GLOBAL read_only = 0;"
    ;;
  replica)
    if [ "$(last "$primary")" -lt "$(last "$replica")" ]; then
      echo 'mysql-read has writes that mysql-primary does not have: rebuild the primary, with mysql-rebuild-primary' >&2
      exit 1
    fi
    client mysql-read -e 'STOP REPLICA'
    from=mysql-primary to=mysql-read with='--master-data=1 --gtid'
    before='SET SESSION sql_log_bin = 0; RESET MASTER;'
    after=''
    ;;
esac

# If a dump fails, its statements end early and the last ones are missing; the next attempt starts again.
{
  echo "$before"
  # shellcheck disable=SC2086
  dump $from $with --add-drop-database --databases theapp
  accounts "$from"
  echo "$after"
  echo "SELECT 'complete';"
} | client $to | grep -qx complete
client mysql-read -e 'START REPLICA'
echo "$to has what $from has"
