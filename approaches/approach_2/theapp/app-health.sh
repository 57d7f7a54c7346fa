#!/bin/bash
# The health check of a TheAPP replica. Until the first success, the replica must be ready and its services must answer,
# which needs MySQL. After that it only has to be alive: a database outage is no reason to restart all replicas.

# A replica that has never been healthy also writes the reason to its log, because nothing else remains of it.
unhealthy() {
  echo "$1"
  [ -e /tmp/ready ] || echo "not healthy yet: $1" >/proc/1/fd/1
  exit 1
}

ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$PORT" || unhealthy 'it does not listen'
  printf '%s %s HTTP/1.0\r\nHost: health\r\n\r\n' "$1" "$2" >&3
  read -r _ code _ <&3
  exec 3<&-
  case $code in
    2?? | 404) ;;
    *) unhealthy "$1 $2: ${code:-no response}" ;;
  esac
}

if [ -e /tmp/ready ]; then
  ask GET /livez
  ask GET /hello
else
  ask GET /readyz
  # HEAD requests do not increment the counter
  for path in / /hello /hello/health /charmander /api/todos /openapi.json; do ask HEAD "$path"; done
  : >/tmp/ready
fi
