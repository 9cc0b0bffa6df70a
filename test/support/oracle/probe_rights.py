"""
Conformance probes of what is allowed: the errno of every way to write, extended attributes, access by other users,
programs with privileges, device nodes. Each answers lines that are the same for every mount that behaves the same.
"""

import ctypes
import fcntl
import os
import socket
import stat
import struct
import subprocess

import syscalls
from probe_files import opening, told, with_file
from syscalls import libc

AT_FDCWD = -100
USERS = ((1000, 1000), (1001, 1000), (1001, 2000), (3000, 3000))


def writes(root):
    """Every way to change something, of what is there and of what is not."""
    file, missing, directory, link, fifo = (
        os.path.join(root, name) for name in (b"merged/file", b"merged/missing", b"merged", b"merged/link", b"merged/fifo"))
    empty = os.path.join(root, b"pure/empty-directory")
    elsewhere = b"/tmp/elsewhere-%d" % os.getpid()
    acts = {
        "open for writing": lambda path: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK)),
        "open for both": lambda path: os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK)),
        "open and cut off": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_TRUNC | os.O_NONBLOCK)),
        "create, for reading": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NONBLOCK)),
        "create anew": lambda path: os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL)),
        "unnamed file": lambda path: os.close(os.open(path, os.O_WRONLY | os.O_TMPFILE)),
        "mkdir": os.mkdir,
        "rmdir": os.rmdir,
        "unlink": os.unlink,
        "rename": lambda path: os.rename(path, path + b"-new"),
        "rename over": lambda path: os.rename(path, os.path.join(root, b"pure/two")),
        "rename away": lambda path: os.rename(path, elsewhere),
        "link": lambda path: os.link(path, path + b"-new", follow_symlinks=False),
        "link from elsewhere": lambda path: os.link(b"/etc/passwd", path + b"-new"),
        "symlink": lambda path: os.symlink(b"x", path),
        "mknod": lambda path: os.mknod(path, stat.S_IFIFO | 0o644),
        "mknod whiteout": lambda path: os.mknod(path, stat.S_IFCHR, 0),
        "chmod": lambda path: os.chmod(path, 0o600),
        "chown": lambda path: os.chown(path, 1, 1, follow_symlinks=False),
        "utime": lambda path: os.utime(path, (0, 0), follow_symlinks=False),
        "truncate": lambda path: os.truncate(path, 0),
        "setxattr": lambda path: os.setxattr(path, b"user.x", b"y", follow_symlinks=False),
        "set trusted": lambda path: os.setxattr(path, b"trusted.overlay.opaque", b"y", follow_symlinks=False),
        "removexattr": lambda path: os.removexattr(path, b"user.a", follow_symlinks=False),
        "removexattr of none": lambda path: os.removexattr(path, b"user.none", follow_symlinks=False),
    }
    places = {"file": file, "directory": directory, "empty": empty, "missing": missing, "link": link, "fifo": fifo}
    lines = ["%s: %s" % (act, " ".join("%s=%s" % (name, told(lambda: do(path))) for name, path in places.items()))
             for act, do in acts.items()]
    modes = (("read", os.R_OK), ("write", os.W_OK), ("execute", os.X_OK))
    for name, path in places.items():
        may = " ".join("%s=%s" % (word, os.access(path, mode)) for word, mode in modes)
        lines.append("access %s: %s" % (name, may))
    return lines + opened_writes(file, directory)


def opened_writes(file, directory):
    def lock(fd):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)

    acts = {
        "write": lambda fd: os.write(fd, b"x"),
        "ftruncate": lambda fd: os.ftruncate(fd, 0),
        "fallocate": lambda fd: os.posix_fallocate(fd, 0, 1),
        "fchmod": lambda fd: os.fchmod(fd, 0o600),
        "fchown": lambda fd: os.fchown(fd, 1, 1),
        "futimens": lambda fd: os.utime(fd, (0, 0)),
        "fsetxattr": lambda fd: os.setxattr(fd, b"user.x", b"y"),
        "fsync": os.fsync,
        "lock": lock,
    }
    return ["%s: file=%s directory=%s" % (
        act, *(with_file(path, lambda fd: told(lambda: do(fd))) for path in (file, directory))) for act, do in acts.items()]


def xattrs(root):
    """Values and lists, with room enough, too little and none; hidden, escaped and missing names."""
    path = os.path.join(root, b"merged/marked")
    directory = os.path.join(root, b"merged")
    lines = []
    for name in (b"user.a", b"user.empty", b"user.long", b"trusted.a", b"trusted.overlay.opaque", b"trusted.overlay.x",
                 b"trusted.overlay", b"trusted.overlay.overlay.x", b"user.overlay.opaque", b"user.none", b"nonsense", b"user.",
                 b"security.none", b"system.none", b"user." + b"n" * 250, b"user." + b"n" * 251):
        answers = []
        for size in (0, 1, 300, 65536):
            buffer = ctypes.create_string_buffer(max(size, 1))
            result = libc.lgetxattr(path, name, buffer, size)
            answers.append(str(result) if result >= 0 else syscalls.error_name(ctypes.get_errno()))
        lines.append("%s: %s" % (name[:30].decode(), " ".join(answers)))
    for place in (path, directory, os.path.join(root, b"merged/link"), os.path.join(root, b"merged/fifo"), os.path.join(root, b"merged/plain")):
        names = sorted(os.listxattr(place, follow_symlinks=False))
        size = sum(len(name.encode()) + 1 for name in names)
        answers = []
        for room in (1, size - 1, size, size + 1, 65536):
            if room < 1:
                continue
            buffer = ctypes.create_string_buffer(room)
            result = libc.llistxattr(place, buffer, room)
            answers.append(str(result) if result >= 0 else syscalls.error_name(ctypes.get_errno()))
        # The kernel's overlay tells more than it then lists, which is allowed.
        enough = libc.llistxattr(place, None, 0) >= size
        lines.append("list %s: %s; %s; %s" % (os.path.basename(place).decode(), [name[:20] for name in names], " ".join(answers), enough))
    return lines


def as_user(uid, gid, answer):
    """What `answer` gives in a process of that user."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            text = answer()
        except OSError as error:
            text = syscalls.error_name(error.errno)
        os.write(write_end, text.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text


def users(root):
    """What other users may see and open: modes, ACLs, default ACLs, sticky and closed directories, trusted.*."""
    lines = []
    for uid, gid in USERS:
        for name in (b"acl-user", b"acl-group", b"acl-none", b"mode-600", b"mode-644", b"closed/file", b"acl-closed/file"):
            path = os.path.join(root, b"rights", name)
            text = as_user(uid, gid, lambda: "stat %s, read %s, write %s, may read %s" % (
                told(lambda: "%o" % os.stat(path).st_mode), opening(path), opening(path, os.O_WRONLY), os.access(path, os.R_OK)))
            lines.append("%d:%d %s: %s" % (uid, gid, name.decode(), text))
    marked = os.path.join(root, b"merged/marked")
    lines.append("xattrs of another user: " + as_user(1000, 1000, lambda: "%s, get %s, list %s" % (
        sorted(os.listxattr(marked)), told(lambda: os.getxattr(marked, b"trusted.a")), told(lambda: os.listdir(root) != []))))
    for name in (b"acl-user", b"acl-closed"):
        for acl in (b"system.posix_acl_access", b"system.posix_acl_default"):
            path = os.path.join(root, b"rights", name)
            lines.append("%s %s: %s" % (name.decode(), acl.decode(), told(lambda: os.getxattr(path, acl).hex())))
    return lines


def programs(root):
    """Programs run from the mount: with no privilege, set-user-ID, with a capability, and one that may not be run."""
    lines = []
    for name in (b"id", b"id-suid", b"id-sgid", b"cat-capable", b"script", b"not-executable"):
        path = os.path.join(root, b"programs", name)
        asked = {b"cat-capable": os.path.join(root, b"programs/secret"), b"id": b"-u", b"id-suid": b"-u", b"id-sgid": b"-g"}
        words = [path, asked[name]] if name in asked else [path]
        try:
            done = subprocess.run(words, user=1000, group=1000, extra_groups=[], capture_output=True, timeout=10)
            lines.append("%s: %d, %s" % (name.decode(), done.returncode, done.stdout.decode().strip() or "nothing"))
        except OSError as error:
            lines.append("%s: %s" % (name.decode(), syscalls.error_name(error.errno)))
    return lines


def devices(root):
    zero, null = (os.path.join(root, b"merged", name) for name in (b"zero", b"null"))
    unix = socket.socket(socket.AF_UNIX)
    here = os.open(os.path.join(root, b"merged"), os.O_RDONLY)
    lines = [
        "zero: " + told(lambda: with_file(zero, lambda fd: os.read(fd, 4))),
        "null, written to: " + told(lambda: with_file(null, lambda fd: os.write(fd, b"x"), os.O_WRONLY)),
        "no such device: " + opening(os.path.join(root, b"merged/no-device")),
        "socket: " + told(lambda: unix.connect(b"/proc/self/fd/%d/socket" % here)),
    ]
    os.close(here)
    return lines


def extras(root):
    """What a file system may leave out."""
    file, directory = os.path.join(root, b"merged/file"), os.path.join(root, b"merged")

    def flags(fd):
        # FS_IOC_GETFLAGS; whether it is answered, since the flags are the layer's file system's own
        fcntl.ioctl(fd, 0x80086601, bytearray(8))
        return "ok"

    def extents(fd):
        # FS_IOC_FIEMAP, counting only
        fcntl.ioctl(fd, 0xC020660B, bytearray(struct.pack("<QQIIII", 0, 1 << 62, 0, 0, 0, 0)))
        return "ok"

    def handle(path):
        # struct file_handle
        buffer = ctypes.create_string_buffer(struct.pack("<Ii", 128, 0), 136)
        syscalls.checked(libc.name_to_handle_at(AT_FDCWD, path, buffer, ctypes.byref(ctypes.c_int()), 0), "handle")
        return "ok"

    lines = ["%s: file=%s directory=%s" % (name, *(with_file(path, lambda fd: told(lambda: ask(fd))) for path in (file, directory)))
             for name, ask in (("flags", flags), ("extents", extents))]
    return [*lines, "handle: " + told(lambda: handle(file))]


PROBES = (writes, xattrs, users, programs, devices, extras)
