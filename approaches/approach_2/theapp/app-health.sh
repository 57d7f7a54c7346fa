#!/bin/bash
# Whether a replica of TheAPP is well. Until it has been once: it is ready, and its services answer, which asks
# MySQL. From then on it only has to be alive: a database that is away is no reason to restart all replicas.

# One that has never been well says so where its log is, which is all that is left of it.
unwell() {
  echo "$1"
  [ -e /tmp/ready ] || echo "not well yet: $1" >/proc/1/fd/1
  exit 1
}

ask() {
  exec 3<>"/dev/tcp/127.0.0.1/$PORT" || unwell 'it does not listen'
  printf '%s %s HTTP/1.0\r\nHost: health\r\n\r\n' "$1" "$2" >&3
  read -r _ code _ <&3
  exec 3<&-
  case $code in
    2?? | 404) ;;
    *) unwell "$1 $2: ${code:-no answer}" ;;
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
