#!/bin/sh
# Runs nginx with a graceful stop: it continues to serve, but answers 503 to GET /nodez, so that a load balancer sends no
# new requests; then it finishes the open requests and exits.
nginx -e stderr -g 'daemon off;' &
server=$!

leave() {
  trap '' TERM QUIT INT
  : >/tmp/leaving
  sleep "$LEAVE_SECONDS"
  kill -QUIT "$server"
}

trap leave TERM QUIT INT
# A signal interrupts `wait`.
while kill -0 "$server" 2>/dev/null; do wait "$server"; code=$?; done
exit "$code"
