#!/bin/sh
# The application's user on the primary: what it may do, and the passwords it is let in with. `both`: the new one, or
# the one before when there is one. `new`: no other than the new one.
set -eu

ask() {
  MYSQL_PWD=$(cat /run/secrets/mysql-root) mariadb --host=mysql-primary --user=root --connect-timeout=5 --batch --skip-column-names "$@"
}

# They are letters, digits, "-" and "_".
via() {
  printf "mysql_native_password USING PASSWORD('%s')" "$(cat "/run/secrets/$1")"
}

said=
for _ in $(seq 120); do
  if said=$(ask -e 'SELECT 1' 2>&1); then break; fi
  sleep 2
done
if [ "$said" != 1 ]; then
  echo "mysql-primary does not answer: $said" >&2
  exit 1
fi

passwords=$(via mysql-app)
if [ "$1" = both ] && [ -e /run/secrets/mysql-app-before ]; then passwords="$passwords OR $(via mysql-app-before)"; fi
ask <<SQL
CREATE DATABASE IF NOT EXISTS theapp;
CREATE USER IF NOT EXISTS theapp@'%' IDENTIFIED VIA $passwords;
ALTER USER theapp@'%' IDENTIFIED VIA $passwords;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON theapp.* TO theapp@'%';
SQL
echo "theapp may come in with its password ($1)"
