#!/bin/sh
# Starts a MariaDB server by its name: mysql-0 is the primary, mysql-1 its replica. Takes the options of both.
set -eu
case $POD_NAME in
  mysql-0)
    export MARIADB_DATABASE=theapp
    set -- --server-id=1 "$@"
    ;;
  *)
    export MARIADB_MASTER_HOST=mysql-primary MARIADB_HEALTHCHECK_GRANTS='REPLICA MONITOR'
    set -- --server-id=2 --read-only=1 "$@"
    ;;
esac
exec docker-entrypoint.sh mariadbd "$@"
