"""System calls that Python does not offer, through ctypes. Numbers above 424 are the same on x86-64 and arm64."""

import ctypes
import errno
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_EMPTY_PATH = 0x1000
O_PATH = 0o10000000
FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_CMD_CREATE = 0, 1, 6
SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_mount_setattr = 428, 429, 430, 431, 432, 442
MNT_DETACH = 2
DENTRY = struct.Struct("<QqHB")


def error_name(number):
    return errno.errorcode.get(number, "errno%d" % number)


def checked(result, doing):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (doing, os.strerror(number)))
    return result


def read_entries(fd, insist=False):
    """
    Every entry a directory lists, `.` and `..` too, as (name, d_ino, d_type), in the order it lists them. To `insist` is
    to go on after a failure: the kernel's overlay fails a listing at a name it cannot look up, once, and then leaves it out.
    """
    buffer = ctypes.create_string_buffer(1 << 16)
    entries = []
    os.lseek(fd, 0, os.SEEK_SET)
    failures = 0
    while True:
        size = libc.getdents64(fd, buffer, len(buffer))
        if size < 0 and insist and failures < 64:
            failures += 1
            continue
        checked(size, "getdents64")
        if size == 0:
            return entries
        block = buffer.raw[:size]
        at = 0
        while at < size:
            inode, _, length, kind = DENTRY.unpack_from(block, at)
            name = block[at + DENTRY.size : at + length]
            entries.append((name[: name.index(b"\0")], inode, kind))
            at += length


def birth_time(parent, name):
    """(seconds, nanoseconds) of the birth time, None where the file system keeps none."""
    buffer = ctypes.create_string_buffer(256)
    flags = AT_SYMLINK_NOFOLLOW | (AT_EMPTY_PATH if name == b"" else 0)
    checked(libc.statx(parent, name, flags, 0x800, buffer), "statx")
    mask = struct.unpack_from("<I", buffer.raw, 0)[0]
    return struct.unpack_from("<qI", buffer.raw, 0x50) if mask & 0x800 else None


def clone_without_atime(path):
    """A descriptor of a private mount of `path` through which reading, listing and readlink leave no access time."""
    flags = 1 | os.O_CLOEXEC  # OPEN_TREE_CLONE, not recursive: mounts below are not part of what is looked at
    fd = checked(libc.syscall(SYS_open_tree, AT_FDCWD, path, flags), "open_tree")
    # struct mount_attr: set RDONLY and NOATIME, clear the access-time mode that was there.
    attributes = struct.pack("<QQQQ", 0x1 | 0x10, 0x70, 0, 0)
    checked(libc.syscall(SYS_mount_setattr, fd, b"", AT_EMPTY_PATH, attributes, len(attributes)), "mount_setattr")
    return fd


def mount_overlay(target, layers, data_layers, strings, flags):
    """
    Mounts a kernel overlay, layers top first. Each layer is named by its descriptor in /proc, so that neither the
    length of the names nor a colon in them matters (mount(2) silently cuts its options at 4,095 bytes).
    """
    context = checked(libc.syscall(SYS_fsopen, b"overlay", 1), "fsopen")
    opened = []
    try:

        def configure(command, key, value):
            result = libc.syscall(SYS_fsconfig, context, command, key, value, 0)
            if result < 0:
                number = ctypes.get_errno()
                raise OSError(number, "fsconfig %s: %s%s" % (key, os.strerror(number), messages(context)))

        def descriptor_path(path):
            opened.append(os.open(path, O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
            return b"/proc/self/fd/%d" % opened[-1]

        configure(FSCONFIG_SET_STRING, b"source", b"overlay")
        for layer in layers:
            configure(FSCONFIG_SET_STRING, b"lowerdir+", descriptor_path(layer))
        for layer in data_layers:
            configure(FSCONFIG_SET_STRING, b"datadir+", descriptor_path(layer))
        for key, value in strings.items():
            is_path = key in (b"upperdir", b"workdir")
            configure(FSCONFIG_SET_STRING, key, descriptor_path(value) if is_path else value)
        for key in flags:
            configure(FSCONFIG_SET_FLAG, key, None)
        configure(FSCONFIG_CMD_CREATE, None, None)
        mount = checked(libc.syscall(SYS_fsmount, context, 1, 0), "fsmount")
        opened.append(mount)
        checked(libc.syscall(SYS_move_mount, mount, b"", AT_FDCWD, target, 4), "move_mount")
    finally:
        for fd in opened:
            os.close(fd)
        os.close(context)


def messages(context):
    """What the kernel says about the mount it refused."""
    lines = b""
    try:
        while True:
            lines += b"; " + os.read(context, 4096).strip()
    except OSError:
        return lines.decode("latin-1")


def unmount(target, lazy):
    checked(libc.umount2(target, MNT_DETACH if lazy else 0), "umount")
