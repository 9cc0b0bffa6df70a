#!/bin/sh
# The command. A mount in the background is one process, its server: this shell starts it and waits for its answer, for a
# second Node beside it would double the time that a mount takes. All else is Node's.
self=$0
[ ! -h "$self" ] || self=$(readlink -f -- "$self")
case $self in
*/*) here=${self%/*} ;;
*) here=. ;;
esac
node=${STRATAFS_NODE:-node}

# Node puts /dev/null in the place of a closed output, and would take lost results for written. This refuses each write.
{ true 5>&1; } 2>/dev/null || exec 1</dev/null

# Whether these words are surely such a mount. Of all others Node decides, and comes back here if they are one after all.
in_background() {
  [ "$STRATAFS_MOUNT" != background ] || return 0
  while :; do
    case $1 in
    --root | --host-root | --additional-root | --owners | --store | --overlay) [ $# -gt 1 ] && shift 2 || return 1 ;;
    --root=* | --host-root=* | --additional-root=* | --owners=* | --store=* | --overlay=*) shift ;;
    # Without words it lists mounts.
    mount) [ $# -gt 2 ] && break || return 1 ;;
    *) return 1 ;;
    esac
  done
  for word; do
    case $word in
    -f* | -Mf* | -h | --foreground | --debug | --help) return 1 ;;
    esac
  done
}

in_background "$@" || exec "$node" "$here/main.js" "$@"

# What is written to descriptor 3 is the server's exit code: 0 when the mount answers; else it has said why on the error
# output.
STRATAFS_MOUNT=server
export STRATAFS_MOUNT
# Whoever closed the output wants none.
{ true 5>&1; } 2>/dev/null || exec >/dev/null
exec 5>&1
code=$("$node" "$here/main.js" "$@" 3>&1 >&5 5>&- </dev/null &)
[ -n "$code" ] || echo 'stratafs: Cannot mount: the server was killed' >&2
exit "${code:-6}"
