#!/bin/bash
# Whether the server at the port responds, whatever it says: without a password, it refuses the command. With a second
# argument, also whether it runs through its event loop less often per second. A Sentinel that connects while a service has
# no pod, or while a network policy does not know the pod yet, is rejected, and the kernel tries again. If that succeeds,
# Sentinel polls this connection without pause from then on and uses a whole processor, until it restarts
# (https://github.com/redis/redis/issues/9956). Otherwise it needs fewer than a hundred rounds per second.
#
# Starts no program, because it runs often and in many pods.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
if [ -n "${2:-}" ]; then
  password=$(</run/secrets/redis)
  LC_ALL=C
  printf '*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\nINFO stats\r\n' "${#password}" "$password" >&3
else
  printf 'PING\r\n' >&3
fi
read -r -t 10 answer <&3
[ -n "$answer" ] || exit 1
[ -n "${2:-}" ] || exit 0
while read -r -t 5 line <&3; do
  case $line in
    instantaneous_eventloop_cycles_per_sec:*)
      rounds=${line#*:}
      [ "${rounds%$'\r'}" -lt "$2" ]
      exit
      ;;
    # it refuses the password, which is no reason to restart it
    -*) exit 0 ;;
  esac
done
exit 0
