"""
A tree as text, one line a name, told by system calls alone: what two mounts of the same layers are compared by.
Walks by directory descriptors and bytes, so that no name and no depth is out of reach.
"""

import hashlib
import os
import stat

import syscalls

TYPES = {
    stat.S_IFREG: ("file", 8),
    stat.S_IFDIR: ("dir", 4),
    stat.S_IFLNK: ("symlink", 10),
    stat.S_IFIFO: ("fifo", 1),
    stat.S_IFSOCK: ("socket", 12),
    stat.S_IFCHR: ("char", 2),
    stat.S_IFBLK: ("block", 6),
}
BLOCK = 1 << 20
# Holes are hashed as the zeros they read as, up to this much of each; past it, thinking in terabytes is cheap.
HOLE_SAMPLE = 1 << 20
SEEK_DATA, SEEK_HOLE = 3, 4


def escaped(name):
    """Bytes as ASCII without a blank, so that a line of a dump splits at blanks and one name has one spelling."""
    return "".join(chr(b) if 0x21 <= b <= 0x7E and b != 0x5C else "\\x%02x" % b for b in name)


def time_text(ns):
    return "%d.%09d" % (ns // 1_000_000_000, ns % 1_000_000_000)


class Dump:
    """One walk. `want` holds the names of the fields to print; a field that does not apply prints nothing."""

    def __init__(self, want, omit_unlookable=False):
        self.want = frozenset(want)
        self.omit_unlookable = omit_unlookable
        self.lines = []
        self.firsts = {}
        self.device = None

    def tree(self, fd):
        """All of the tree below the directory `fd`, which is closed in the end."""
        self.node(fd, b"", b"/", None)
        self.children(fd, b"")
        return self.lines

    def lookups(self, root, paths):
        """One line for each path, found component by component without listing a directory or following a link."""
        for path in (b"/" + path.lstrip(b"/") for path in paths):
            parent = os.dup(root)
            try:
                *directories, name = [part for part in path.split(b"/") if part] or [b""]
                for part in directories:
                    child = os.open(part, syscalls.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
                    os.close(parent)
                    parent = child
                self.node(parent, name, path, None, lookup_only=True)
            except OSError as error:
                self.lines.append("%s ! %s" % (escaped(path), syscalls.error_name(error.errno)))
            finally:
                os.close(parent)
        return self.lines

    def children(self, fd, path):
        listed = {}
        try:
            entries = syscalls.read_entries(fd, insist=self.omit_unlookable)
        except OSError as error:
            self.lines.append("%s/ ! readdir %s" % (escaped(path), syscalls.error_name(error.errno)))
            os.close(fd)
            return
        for name, inode, kind in entries:
            if name in listed:
                self.lines.append("%s/%s ! listed twice" % (escaped(path), escaped(name)))
            listed[name] = (inode, kind)
        if "dots" in self.want and not (b"." in listed and b".." in listed):
            self.lines.append("%s/ ! dots missing" % escaped(path))
        for name in sorted(listed):
            if name in (b".", b".."):
                continue
            child_path = path + b"/" + name
            if not self.node(fd, name, child_path, listed[name]):
                continue
            try:
                child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            except OSError as error:
                self.lines.append("%s/ ! open %s" % (escaped(child_path), syscalls.error_name(error.errno)))
                continue
            self.children(child, child_path)
        os.close(fd)

    def node(self, parent, name, path, entry, lookup_only=False):
        """Adds the line of one name; answers whether it is a directory. An empty name is `parent` itself."""
        try:
            st = os.stat(name, dir_fd=parent, follow_symlinks=False) if name else os.stat(parent)
        except OSError as error:
            text = syscalls.error_name(error.errno)
            if text == "ENOENT" and self.omit_unlookable and entry is not None:
                return False
            self.lines.append("%s ! %s" % (escaped(path), text))
            return False
        kind, d_type = TYPES[stat.S_IFMT(st.st_mode)]
        words = [escaped(path), kind]
        self.attributes(words, st, kind, parent, name, path)
        if entry is not None:
            if "d_ino" in self.want and entry[0] != st.st_ino:
                words.append("d_ino=%d,not:%d" % (entry[0], st.st_ino))
            if "d_type" in self.want and entry[1] != d_type:
                words.append("d_type=%d" % entry[1])
        if kind == "symlink" and "target" in self.want:
            words.append("target=" + attempt(lambda: escaped(os.readlink(name, dir_fd=parent))))
        if "xattrs" in self.want:
            self.xattrs(words, b"/proc/self/fd/%d" % parent + (b"/" + name if name else b""), name == b"")
        if kind == "file" and self.want & {"sha256", "map"} and not lookup_only:
            words.append(attempt(lambda: self.content(parent, name, st)))
        self.lines.append(" ".join(words))
        return kind == "dir"

    def attributes(self, words, st, kind, parent, name, path):
        want = self.want
        if "mode" in want:
            words.append("%04o" % (st.st_mode & 0o7777))
        if "owner" in want:
            words.append("%d:%d" % (st.st_uid, st.st_gid))
        if "size" in want and (kind != "dir" or "dir_size" in want):
            words.append("size=%d" % st.st_size)
        if "rdev" in want and (kind in ("char", "block") or st.st_rdev):
            words.append("rdev=%d:%d" % (os.major(st.st_rdev), os.minor(st.st_rdev)))
        for field, ns in (("mtime", st.st_mtime_ns), ("ctime", st.st_ctime_ns), ("atime", st.st_atime_ns)):
            if field in want:
                words.append("%s=%s" % (field, time_text(ns)))
        if "mtime_seconds" in want:
            words.append("mtime=%d" % (st.st_mtime_ns // 1_000_000_000))
        if "btime" in want:
            birth = syscalls.birth_time(parent, name)
            words.append("btime=" + ("%d.%09d" % birth if birth else "none"))
        if "nlink" in want:
            words.append("nlink=%d" % st.st_nlink)
        if "ino" in want:
            words.append("ino=%d" % st.st_ino)
        if "identity" in want:
            first = self.firsts.setdefault((st.st_dev, st.st_ino), path)
            if first != path:
                words.append("same-as=" + escaped(first))
        if "dev" in want:
            if self.device is None:
                self.device = st.st_dev
            if st.st_dev != self.device:
                words.append("dev=other")
        if "blocks" in want:
            words.append("blocks=%d blksize=%d" % (st.st_blocks, st.st_blksize))

    def xattrs(self, words, path, follow):
        try:
            names = sorted(os.fsencode(name) for name in os.listxattr(path, follow_symlinks=follow))
        except OSError as error:
            words.append("xattrs!" + syscalls.error_name(error.errno))
            return
        for name in names:
            value = attempt(lambda: escaped(os.getxattr(path, name, follow_symlinks=follow)))
            words.append("xattr:%s=%s" % (escaped(name), value))

    def content(self, parent, name, st):
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            size = os.fstat(fd).st_size
            data = data_ranges(fd, size)
            words = []
            if "sha256" in self.want:
                digest, length = hashed(fd, size, data)
                words.append("sha256=" + digest)
                if length != st.st_size:
                    words.append("read=%d" % length)
            if "map" in self.want:
                words.append("data=" + map_text(fd, size, data))
            return " ".join(words)
        finally:
            os.close(fd)


def attempt(answer):
    try:
        return answer()
    except OSError as error:
        return "!" + syscalls.error_name(error.errno)


def data_ranges(fd, size):
    """[start, end) of every run of data, as SEEK_DATA and SEEK_HOLE tell them."""
    ranges = []
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, SEEK_DATA)
        except OSError as error:
            if syscalls.error_name(error.errno) == "ENXIO":
                break
            raise
        end = os.lseek(fd, start, SEEK_HOLE)
        if not at <= start < end:
            raise OSError(5, "SEEK_DATA %d answers %d, SEEK_HOLE then %d, size %d" % (at, start, end, size))
        ranges.append((start, end))
        at = end
    return ranges


def map_text(fd, size, data):
    text = "all" if data == [(0, size)] or size == 0 else ",".join("%d-%d" % run for run in data) or "none"
    for whence in (SEEK_DATA, SEEK_HOLE):
        try:
            text += ",end:%d" % os.lseek(fd, size, whence)
        except OSError as error:
            if syscalls.error_name(error.errno) != "ENXIO":
                text += ",end:" + syscalls.error_name(error.errno)
    return text


def hashed(fd, size, data):
    """The SHA-256 of what read(2) gives and its length. A hole is read for its first MiB and then taken as zeros."""
    digest = hashlib.sha256()
    zeros = bytes(BLOCK)
    at = 0
    for start, end in [*data, (size, size)]:
        sampled = min(at + HOLE_SAMPLE, start)
        at = feed(fd, digest, at, sampled)
        if at < sampled:
            return digest.hexdigest(), at
        if start - at > (1 << 30):
            digest.update(b"hole %d" % (start - at))
        else:
            for position in range(at, start, BLOCK):
                digest.update(zeros[: min(BLOCK, start - position)])
        at = feed(fd, digest, start, end)
        if at < end:
            return digest.hexdigest(), at
    # What may be past the size that fstat told.
    at = feed(fd, digest, at, 1 << 62)
    return digest.hexdigest(), at


def feed(fd, digest, at, end):
    while at < end:
        block = os.pread(fd, min(BLOCK, end - at), at)
        if not block:
            return at
        digest.update(block)
        at += len(block)
    return at
