#!/bin/sh
# Stands in for the entry point of the official image node: an argument that is not a program is a script for Node.js.
case ${1-} in
  -*|'') set -- node "$@" ;;
  *) if ! command -v "$1" >/dev/null; then set -- node "$@"; fi ;;
esac
exec "$@"
