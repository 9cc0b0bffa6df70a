#!/bin/sh
# What every command needs before it runs from a bare clone: the node packages, and the build in dist/.
set -eu
cd "$(dirname "$0")/.."

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # fuse-native's install script would compile it anew where its shipped build lacks a library that we load for it.
  npm install --ignore-scripts --no-audit --no-fund </dev/null >&2
  touch node_modules/.package-lock.json
fi
npm run --silent build </dev/null >&2
