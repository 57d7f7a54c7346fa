#!/bin/sh
# Stands in for the entry point of the official image node: what is no program is a script of Node.js.
case ${1-} in
  -*|'') set -- node "$@" ;;
  *) if ! command -v "$1" >/dev/null; then set -- node "$@"; fi ;;
esac
exec "$@"
