# What FS_IOC_GETFLAGS and FS_IOC_FSGETXATTR say of each file and directory below a place, a line each; or the error's name.
import errno
import fcntl
import os
import stat
import struct
import sys

IOCTLS = (("flags", 0x80086601, 8), ("xattr", 0x801C581F, 28))


def told(path):
    words = []
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        for name, request, size in IOCTLS:
            answer = bytearray(size)
            try:
                fcntl.ioctl(fd, request, answer)
                words.append("%s=%s" % (name, bytes(answer).hex()))
            except OSError as error:
                words.append("%s!%s" % (name, errno.errorcode[error.errno]))
    finally:
        os.close(fd)
    return words


root = sys.argv[1]
lines = []
for directory, names, files in os.walk(root):
    for name in [""] + names + files:
        path = os.path.join(directory, name).rstrip("/")
        mode = os.lstat(path).st_mode
        if (name == "") == (directory == root) or name:
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                try:
                    lines.append(" ".join([path[len(root) :] or "/"] + told(path)))
                except OSError as error:
                    lines.append("%s !%s" % (path[len(root) :], errno.errorcode[error.errno]))
print("\n".join(sorted(set(lines))))
