#!/bin/sh
# Dumps the database theapp from the primary, verifies that the dump is complete, and keeps the newest $KEEP.
set -eu
umask 077
name=theapp-$(date -u +%Y%m%dT%H%M%SZ).sql.gz
trap 'rm -f /backup/.draft' EXIT

MYSQL_PWD=$(cat /run/secrets/mysql-root)
export MYSQL_PWD
for _ in $(seq 60); do
  if mariadb --host=mysql-primary --user=root --connect-timeout=5 -e 'SELECT 1' >/dev/null; then break; fi
  sleep 5
done
mariadb-dump --host=mysql-primary --user=root --single-transaction --routines --triggers --events --hex-blob \
  --add-drop-database --databases theapp | gzip >/backup/.draft
if ! gzip -dc /backup/.draft | tail -n 1 | grep -q '^-- Dump completed'; then
  echo 'the dump is incomplete' >&2
  exit 1
fi
sync /backup/.draft
mv /backup/.draft "/backup/$name"
echo "$name: $(wc -c <"/backup/$name") bytes"

for old in $(ls /backup | grep '^theapp-.*\.sql\.gz$' | sort -r | tail -n "+$((KEEP + 1))"); do
  rm "/backup/$old"
  echo "$old: removed"
done
