#!/bin/bash
# Whether the server at the port responds, whatever it says: without a password, it refuses the command.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'PING\r\n' >&3
read -r -t 10 answer <&3
[ -n "$answer" ]
