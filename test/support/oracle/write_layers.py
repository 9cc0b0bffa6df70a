"""
Writes a layer from its list of steps (see layers.ts). Every path is walked by descriptors without following a link, so
that a layer may hold links that point out and paths longer than PATH_MAX.
"""

import os
import stat

FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DEVICES = {"fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK, "char": stat.S_IFCHR, "block": stat.S_IFBLK}


def encoded(text):
    return text.encode("latin-1")


def write_layer(directory, steps, lenient):
    """
    Answers the indices of steps that could not be done. Those are ignored when `lenient`, as with random stacks where
    one name may be wanted as a file and as a directory; else the first one raises.
    """
    os.makedirs(directory, exist_ok=True)
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    skipped = []
    times = []
    try:
        for index, step in enumerate(steps):
            try:
                write_step(root, step, times)
            except OSError as error:
                if not lenient:
                    raise OSError(error.errno, "step %d %s: %s" % (index, step, error.strerror)) from error
                skipped.append(index)
        # Writing below a directory changes its times, so they are set in the end, the deepest first.
        for path, atime, mtime in sorted(times, key=lambda item: -item[0].count(b"/")):
            with Parent(root, path, make=False) as (parent, name):
                os.utime(name, ns=(atime, mtime), dir_fd=parent, follow_symlinks=False)
    finally:
        os.close(root)
    return skipped


class Parent:
    """The directory that holds a path, opened; directories on the way are made where they are missing."""

    def __init__(self, root, path, make=True):
        self.root, self.make = root, make
        self.parts = [part for part in path.split(b"/") if part] or [b"."]

    def __enter__(self):
        self.fd = os.dup(self.root)
        for part in self.parts[:-1]:
            try:
                child = os.open(part, FLAGS, dir_fd=self.fd)
            except FileNotFoundError:
                if not self.make:
                    os.close(self.fd)
                    raise
                os.mkdir(part, 0o755, dir_fd=self.fd)
                child = os.open(part, FLAGS, dir_fd=self.fd)
            except OSError:
                os.close(self.fd)
                raise
            os.close(self.fd)
            self.fd = child
        return self.fd, self.parts[-1]

    def __exit__(self, *_):
        os.close(self.fd)


def write_step(root, step, times):
    path, kind = encoded(step["path"]), step["kind"]
    with Parent(root, path) as (parent, name):
        if kind == "link":
            link(root, step, parent, name)
            return
        if kind == "directory":
            make_directory(parent, name)
        elif kind == "file":
            make_file(parent, name, step)
        elif kind == "symlink":
            os.symlink(encoded(step["target"]), name, dir_fd=parent)
        elif kind in DEVICES:
            number = os.makedev(step.get("major", 0), step.get("minor", 0))
            os.mknod(name, DEVICES[kind] | 0o644, number, dir_fd=parent)
        elif kind != "change":
            raise OSError(22, "unknown kind " + kind)
        change(parent, name, path, step, times)


def link(root, step, parent, name):
    layer = os.open(encoded(step["in"]), FLAGS) if "in" in step else os.dup(root)
    try:
        with Parent(layer, encoded(step["to"]), make=False) as (other, other_name):
            os.link(other_name, name, src_dir_fd=other, dst_dir_fd=parent, follow_symlinks=False)
    finally:
        os.close(layer)


def make_directory(parent, name):
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
    except FileExistsError:
        if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise


def make_file(parent, name, step):
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(name, flags, 0o644, dir_fd=parent)
    try:
        for at, data in step.get("data", []):
            rest = encoded(data)
            while rest:
                written = os.pwrite(fd, rest, at)
                rest, at = rest[written:], at + written
        if "size" in step:
            os.ftruncate(fd, step["size"])
    finally:
        os.close(fd)


def change(parent, name, path, step, times):
    at = b"/proc/self/fd/%d/%s" % (parent, name)
    if "owner" in step:
        os.chown(name, *step["owner"], dir_fd=parent, follow_symlinks=False)
    is_link = stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)
    if "mode" in step and not is_link:
        os.chmod(name, step["mode"], dir_fd=parent)
    for key, value in step.get("xattrs", []):
        os.setxattr(at, encoded(key), encoded(value), follow_symlinks=False)
    if "mtime" in step or "atime" in step:
        mtime = int(step.get("mtime", step.get("atime")))
        times.append((path, int(step.get("atime", mtime)), mtime))
