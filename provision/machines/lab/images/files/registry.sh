#!/bin/sh
# Stands in for the entry point of the official image registry.
case ${1-} in
  *.yaml|*.yml) set -- registry serve "$@" ;;
  serve|garbage-collect|help|-*) set -- registry "$@" ;;
esac
exec "$@"
