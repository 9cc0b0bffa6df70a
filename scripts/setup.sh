#!/bin/sh
# What every command needs before it runs from a bare clone: the node packages, and the build in dist/.
set -eu
cd "$(dirname "$0")/.."

if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  # fuse-native's install script would compile it anew where its shipped build lacks a library that we load for it.
  npm install --ignore-scripts --no-audit --no-fund </dev/null >&2
  touch node_modules/.package-lock.json
fi
# What is built is good until something that it is made of is newer; V8's compiled code, as long as Node is the same.
node=$(node --version)
mkdir -p dist
echo "$node" >dist/.building
if [ ! -f dist/.built ] ||
  [ -n "$(find src scripts package.json tsconfig*.json node_modules/.package-lock.json -newer dist/.built | head -n 1)" ]; then
  npm run --silent build </dev/null >&2
elif [ "$(cat dist/.built)" != "$node" ]; then
  node scripts/compile.mjs dist
fi
mv dist/.building dist/.built
