#!/bin/bash
# Whether the server at the port responds, whatever it says: without a password, it refuses the command. With a second
# argument, also whether it runs through its event loop less often per second. A Sentinel that connects while a service has
# no pod, or while a network policy does not know the pod yet, is rejected, and the kernel tries again. If that succeeds,
# Sentinel polls this connection without pause from then on and uses a whole processor, until it restarts
# (https://github.com/redis/redis/issues/9956). Otherwise it needs fewer than a hundred rounds per second.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'PING\r\n' >&3
read -r -t 10 answer <&3
[ -n "$answer" ] || exit 1
[ -n "${2:-}" ] || exit 0
rounds=$(REDISCLI_AUTH=$(cat /run/secrets/redis) timeout 5 redis-cli -p "$1" info stats |
  sed -n 's/^instantaneous_eventloop_cycles_per_sec:\([0-9]*\).*/\1/p')
[ "${rounds:-0}" -lt "$2" ]
