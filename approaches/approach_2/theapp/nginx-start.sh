#!/bin/sh
# nginx, which leaves politely: told to stop, it goes on answering, but says 503 to who asks GET /nodez, so that a
# balancer sends nothing new; then it ends what it has begun.
nginx -e stderr -g 'daemon off;' &
server=$!

leave() {
  trap '' TERM QUIT INT
  : >/tmp/leaving
  sleep "$LEAVE_SECONDS"
  kill -QUIT "$server"
}

trap leave TERM QUIT INT
# A signal ends `wait` early.
while kill -0 "$server" 2>/dev/null; do wait "$server"; code=$?; done
exit "$code"
