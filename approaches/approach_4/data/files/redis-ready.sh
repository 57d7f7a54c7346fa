#!/bin/bash
# Whether the next Redis server may be restarted: this one responds and, if it is a replica, has all data of its master.
# Its clients do not depend on the result, because its service includes servers that are not ready. Starts no program, as
# redis-alive.sh.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
password=$(</run/secrets/redis)
LC_ALL=C
printf '*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\nINFO replication\r\n' "${#password}" "$password" >&3
while read -r -t 5 line <&3; do
  case $line in
    role:master* | master_link_status:up*) exit 0 ;;
    -* | master_link_status:*) exit 1 ;;
  esac
done
exit 1
