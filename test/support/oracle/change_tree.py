"""
What a container does to its files: operations on a mounted, writable overlay, so that the kernel itself writes a layer.
An operation that cannot be done is left out, as when a random one names what is not there.
"""

import os
import shutil

import syscalls
from write_layers import encoded

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def change_tree(root, operations):
    """Answers the indices of the operations that failed."""
    failed = []
    for index, operation in enumerate(operations):
        try:
            OPERATIONS[operation["do"]](*(argument(root, key, value) for key, value in operation.items() if key != "do"))
        except OSError:
            failed.append(index)
    return failed


def argument(root, key, value):
    """Values whose key is `path`, `from` or `to` lie below the root; the order of the keys is that of the arguments."""
    if key in ("path", "from", "to"):
        return os.path.join(root, encoded(value))
    return encoded(value) if isinstance(value, str) else value


def write(path, at, data):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    try:
        os.pwrite(fd, data, at)
    finally:
        os.close(fd)


def truncate(path, size):
    fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.ftruncate(fd, size)
    finally:
        os.close(fd)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def remake(path):
    remove(path)
    os.mkdir(path)


def exchange(one, other):
    syscalls.checked(syscalls.libc.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE), "renameat2")


OPERATIONS = {
    "write": write,
    "truncate": truncate,
    "remove": remove,
    "remake": remake,
    "exchange": exchange,
    "rename": os.rename,
    "mkdir": os.mkdir,
    "mkfifo": os.mkfifo,
    "link": lambda path, to: os.link(to, path, follow_symlinks=False),
    "symlink": lambda path, target: os.symlink(target, path),
    "chmod": lambda path, mode: None if os.path.islink(path) else os.chmod(path, mode),
    "chown": lambda path, uid, gid: os.chown(path, uid, gid, follow_symlinks=False),
    "setxattr": lambda path, name, value: os.setxattr(path, name, value, follow_symlinks=False),
    "utime": lambda path, ns: os.utime(path, ns=(int(ns), int(ns)), follow_symlinks=False),
}
