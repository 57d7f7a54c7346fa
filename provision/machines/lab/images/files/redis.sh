#!/bin/sh
# Stands in for the entry point of the official image redis.
set -eu
case ${1-} in -*|*.conf) set -- redis-server "$@" ;; esac
case ${1-} in
  redis-server|redis-sentinel)
    if [ "$(id -u)" = 0 ]; then
      find . ! -user redis -exec chown redis:redis {} +
      exec setpriv --reuid=redis --regid=redis --clear-groups -- "$0" "$@"
    fi
    # the official server is built without protected mode
    case "$*" in redis-sentinel*|*.conf*|*protected-mode*) ;; *) set -- "$@" --protected-mode no ;; esac
    umask 077
    ;;
esac
exec "$@"
