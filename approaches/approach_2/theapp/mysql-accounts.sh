#!/bin/sh
# Sets the privileges and the password of the application's user on the primary. With `both`, the new password and the
# previous one are valid, for the time when replicas with either are running; with `new`, only the new one is.
set -eu

ask() {
  MYSQL_PWD=$(cat /run/secrets/mysql-root) mariadb --host=mysql-primary --user=root --connect-timeout=5 --batch --skip-column-names "$@"
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

# Generated passwords only contain letters, digits, "-" and "_"; all others are quoted for SQL.
password=$(sed "s/\\\\/&&/g; s/'/''/g" /run/secrets/mysql-app)
wanted=$(echo "SELECT PASSWORD('$password')" | ask)
via="mysql_native_password USING '$wanted'"
if [ "$1" = both ]; then
  for hash in $(ask -e "SHOW CREATE USER theapp@'%'" 2>/dev/null | grep -o '\*[0-9A-F]\{40\}' | grep -vxF "$wanted" | head -n 2); do
    via="$via OR mysql_native_password USING '$hash'"
  done
fi
ask <<SQL
CREATE DATABASE IF NOT EXISTS theapp;
CREATE USER IF NOT EXISTS theapp@'%' IDENTIFIED VIA $via;
ALTER USER theapp@'%' IDENTIFIED VIA $via;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON theapp.* TO theapp@'%';
SQL
echo "the account theapp is set ($1)"
