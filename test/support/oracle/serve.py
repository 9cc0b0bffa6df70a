"""
The oracle: a process of its own that writes layers, mounts them with the kernel and tells trees as text, so that a test
asks system calls and not the program under test. One JSON request a line on stdin, one JSON answer a line on stdout;
bytes travel as latin1 strings.
"""

import json
import os
import resource
import sys
import time

import change_tree
import dump_tree
import probe_files
import probe_rights
import read_tar
import syscalls
import write_layers
from write_layers import encoded


def write(layers, lenient=False):
    return [write_layers.write_layer(encoded(at["directory"]), at["steps"], lenient) for at in layers]


def mount(target, layers, data_layers, options):
    os.makedirs(encoded(target), exist_ok=True)
    strings = {encoded(key): encoded(value) for key, value in options.items() if value is not True}
    flags = [encoded(key) for key, value in options.items() if value is True]
    paths = [encoded(layer) for layer in layers]
    syscalls.mount_overlay(encoded(target), paths, [encoded(layer) for layer in data_layers], strings, flags)


def umount(target, lazy=False):
    syscalls.unmount(encoded(target), lazy)


def as_user(uid, answer):
    if uid is None:
        return answer()
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        return answer()
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def opened(path, noatime=False):
    if noatime:
        return syscalls.clone_without_atime(encoded(path))
    return os.open(encoded(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def dump(path, fields, omit_unlookable=False, noatime=False, uid=None):
    def tree():
        root = opened(path, noatime)
        # A detached clone is an O_PATH descriptor; listing needs a real one.
        fd = os.open(b".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
        try:
            return dump_tree.Dump(fields, omit_unlookable).tree(fd)
        finally:
            os.close(root)

    return as_user(uid, tree)


def lookup(path, fields, paths, uid=None):
    def lines():
        root = opened(path)
        try:
            return dump_tree.Dump(fields).lookups(root, [encoded(name) for name in paths])
        finally:
            os.close(root)

    return as_user(uid, lines)


def change(path, operations):
    return change_tree.change_tree(encoded(path), operations)


def probe(path, name):
    return PROBES[name](encoded(path))


def tar(path):
    return read_tar.read_tar(encoded(path))


PROBES = {each.__name__: each for each in (*probe_files.PROBES, *probe_rights.PROBES)}
OPERATIONS = {name: globals()[name] for name in ("write", "mount", "umount", "dump", "lookup", "change", "probe", "tar")}


def main():
    sys.setrecursionlimit(100_000)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.umask(0o022)
    os.chdir("/")
    for line in sys.stdin:
        request = json.loads(line)
        started = time.monotonic()
        try:
            answer = {"result": OPERATIONS[request["operation"]](**request["arguments"])}
        except OSError as error:
            answer = {"error": str(error), "errno": syscalls.error_name(error.errno)}
        answer["seconds"] = time.monotonic() - started
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
