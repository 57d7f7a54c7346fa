#!/bin/sh
# Stands in for the entry point of the official image memcached.
case ${1-} in -*) set -- memcached "$@" ;; esac
exec "$@"
