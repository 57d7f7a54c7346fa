#!/bin/sh
# Replaces the database theapp by a dump: $DUMP, or the newest one. The replica follows.
set -eu
dump=${DUMP:-$(ls /backup | grep '^theapp-.*\.sql\.gz$' | sort | tail -n 1)}
if [ ! -e "/backup/$dump" ] || [ -z "$dump" ]; then
  echo "there is no dump $dump; there are: $(ls /backup | tr '\n' ' ')" >&2
  exit 1
fi
gzip -t "/backup/$dump"
MYSQL_PWD=$(cat /run/secrets/mysql-root)
export MYSQL_PWD
gzip -dc "/backup/$dump" | mariadb --host=mysql-primary --user=root --connect-timeout=10
echo "the database theapp is as in $dump"
