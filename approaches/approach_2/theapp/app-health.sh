#!/bin/bash
# Whether a replica of TheAPP is well. Until it has been once: it is ready, and its services answer, which asks
# MySQL. From then on it only has to be alive: a database that is away is no reason to restart all replicas.
ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 1
  printf '%s %s HTTP/1.0\r\nHost: health\r\n\r\n' "$1" "$2" >&3
  read -r _ code _ <&3
  exec 3<&-
  case $code in
    2?? | 404) ;;
    *) echo "$1 $2: ${code:-no answer}"; exit 1 ;;
  esac
}

if [ -e /tmp/ready ]; then
  ask GET /livez
  ask GET /hello
else
  ask GET /readyz
  # no HEAD is counted
  for path in / /hello /hello/health /charmander /api/todos /openapi.json; do ask HEAD "$path"; done
  : >/tmp/ready
fi
