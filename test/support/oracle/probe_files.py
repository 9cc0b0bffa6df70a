"""
Conformance probes of names, directories and data: each looks at one mount by system calls and answers lines of text that
are the same for every mount that behaves the same. What they look at is made by conformance.ts.
"""

import ctypes
import hashlib
import mmap
import os
import random
import stat
import threading

import syscalls
from syscalls import libc

O_DIRECT = getattr(os, "O_DIRECT", 0)
libc.lseek.restype = ctypes.c_int64
libc.lseek.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int]
libc.splice.restype = ctypes.c_ssize_t


def told(answer):
    """The result of a call as text: its value, or the name of its errno."""
    try:
        result = answer()
    except OSError as error:
        return syscalls.error_name(error.errno)
    return "ok" if result is None else str(result)


def opening(path, flags=os.O_RDONLY):
    """Opens and closes."""

    def answer():
        os.close(os.open(path, flags | os.O_CLOEXEC, 0o644))

    return told(answer)


def digest(data):
    return hashlib.sha256(data).hexdigest()[:16]


def with_file(path, use, flags=os.O_RDONLY):
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        return use(fd)
    finally:
        os.close(fd)


def dots(root):
    """Whether d_ino of '.', '..' and of names is st_ino."""
    lines = []
    for path in (b".", b"pure", b"pure/inside", b"merged"):
        directory = os.path.join(root, path)
        entries = with_file(directory, syscalls.read_entries)
        names = {name: inode for name, inode, _ in entries}
        kinds = {name: kind for name, _, kind in entries}
        own = names.get(b".") == os.stat(directory).st_ino
        up = names.get(b"..") == os.stat(os.path.join(directory, b"..") if path != b"." else root).st_ino
        same = all(inode == os.lstat(os.path.join(directory, name)).st_ino for name, inode in names.items() if name[:1] != b".")
        lines.append("%s: . %s, .. %s, names %s, types %d %d" % (path.decode(), own, up, same, kinds[b"."], kinds[b".."]))
    return lines


def entries_with_offsets(fd, size=1 << 15):
    buffer = ctypes.create_string_buffer(size)
    entries = []
    while (count := syscalls.checked(libc.getdents64(fd, buffer, size), "getdents64")) > 0:
        at = 0
        while at < count:
            _, offset, length, _ = syscalls.DENTRY.unpack_from(buffer.raw, at)
            name = buffer.raw[at + syscalls.DENTRY.size : at + length]
            entries.append((name[: name.index(b"\0")], offset))
            at += length
    return entries


def next_name(fd, offset, size=1 << 10):
    os.lseek(fd, offset, os.SEEK_SET)
    buffer = ctypes.create_string_buffer(size)
    count = syscalls.checked(libc.getdents64(fd, buffer, size), "getdents64")
    if count == 0:
        return None
    length = syscalls.DENTRY.unpack_from(buffer.raw, 0)[2]
    name = buffer.raw[syscalls.DENTRY.size : length]
    return name[: name.index(b"\0")]


def seekdir(root):
    """A directory of 40,000 names: none twice, and every offset leads back to the name that came after it."""
    lines = []
    chosen = random.Random(1)
    for path in (b"many", b"merged", b"pure"):
        fd = os.open(os.path.join(root, path), os.O_RDONLY | os.O_DIRECTORY)
        entries = entries_with_offsets(fd)
        names = [name for name, _ in entries]
        places = [chosen.randrange(len(entries) - 1) for _ in range(100)]
        found = sum(next_name(fd, entries[place][1]) == names[place + 1] for place in places)
        at_end = next_name(fd, entries[-1][1])
        again = next_name(fd, 0) == names[0]
        os.lseek(fd, 0, os.SEEK_SET)
        small = [name for name, _ in entries_with_offsets(fd, 512)]
        os.close(fd)
        lines.append(
            "%s: %d names, %d distinct, %d of %d places found, after the last %s, rewound %s, small buffers %s"
            % (path.decode(), len(names), len(set(names)), found, len(places), at_end, again, sorted(small) == sorted(names))
        )
    return lines


def names(root):
    """Names of 255 bytes and more, bytes that are no UTF-8, case and composition."""
    long, merged = b"n" * 255, os.path.join(root, b"merged")
    lines = ["255 bytes: " + told(lambda: os.lstat(os.path.join(merged, long)).st_size)]
    for size in (256, 1024, 1025, 4000):
        too_long = os.path.join(merged, b"n" * size)
        lines.append("%d bytes: %s, open %s, create %s" % (
            size, told(lambda: os.lstat(too_long)), opening(too_long), opening(too_long, os.O_CREAT | os.O_WRONLY)))
    for name in (b"\xff\xfe", b"new\nline", b"caf\xc3\xa9", b"cafe\xcc\x81", b"CASE", b"case", b"missing", b".wh.aufs"):
        lines.append("%r: %s" % (name, told(lambda: os.lstat(os.path.join(merged, name)).st_size)))
    return lines


def errors(root):
    """What a path or an open that is not right is answered."""
    file, directory, link = (os.path.join(root, name) for name in (b"merged/file", b"merged", b"merged/link"))
    return [
        "file/x: " + told(lambda: os.lstat(file + b"/x")),
        "file/: " + told(lambda: os.lstat(file + b"/")),
        "missing/x: " + told(lambda: os.lstat(root + b"/missing/x")),
        "directory of a file: " + opening(file, os.O_DIRECTORY),
        "link not followed: " + opening(link, os.O_NOFOLLOW),
        "link as a path: " + opening(link, os.O_NOFOLLOW | syscalls.O_PATH),
        "dangling link: " + opening(os.path.join(root, b"merged/dangling")),
        "loop: " + opening(os.path.join(root, b"merged/loop")),
        "read a directory: " + with_file(directory, lambda fd: told(lambda: os.read(fd, 1))),
        "list a file: " + with_file(file, lambda fd: told(lambda: syscalls.read_entries(fd))),
        "readlink of a file: " + told(lambda: os.readlink(file)),
        "link of 4095 bytes: " + told(lambda: len(os.readlink(os.path.join(root, b"merged/longest")))),
        "fifo, not waiting for a writer: " + opening(os.path.join(root, b"merged/fifo"), os.O_NONBLOCK),
        "socket: " + opening(os.path.join(root, b"merged/socket")),
        "lseek in a directory, end: " + with_file(directory, lambda fd: told(lambda: os.lseek(fd, -1, os.SEEK_SET))),
    ]


def data(root):
    """One file by every way of reading there is."""
    path = os.path.join(root, b"merged/big")
    size = os.stat(path).st_size
    lines = ["size %d" % size]

    def direct(fd):
        buffer = mmap.mmap(-1, 1 << 20)
        parts = []
        while (count := os.readv(fd, [buffer])) > 0:
            parts.append(buffer[:count])
        return digest(b"".join(parts))

    def mapped(flags, protection):
        def answer(fd):
            with mmap.mmap(fd, 0, flags, protection) as view:
                return digest(view[:])

        return answer

    def sent(fd):
        read_end, write_end = os.pipe()
        parts, done = [], 0
        while done < size:
            count = os.sendfile(write_end, fd, done, 1 << 16)
            parts.append(os.read(read_end, count))
            done += len(parts[-1])
        os.close(read_end), os.close(write_end)
        return digest(b"".join(parts))

    def spliced(fd):
        read_end, write_end = os.pipe()
        parts = []
        while (count := libc.splice(fd, None, write_end, None, ctypes.c_size_t(1 << 16), 0)) > 0:
            parts.append(os.read(read_end, count))
        os.close(read_end), os.close(write_end)
        return digest(b"".join(parts)) if count == 0 else syscalls.error_name(ctypes.get_errno())

    def scattered(fd):
        chosen = random.Random(2)
        places = [(chosen.randrange(size), chosen.randrange(1, 300_000)) for _ in range(200)]
        return digest(b"".join(os.pread(fd, length, at) for at, length in places))

    ways = {
        "read": lambda fd: digest(os.pread(fd, size + 10, 0)),
        "shared map": mapped(mmap.MAP_SHARED, mmap.PROT_READ),
        "private map": mapped(mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE),
        "sendfile": sent,
        "splice": spliced,
        "scattered": scattered,
        "past the end": lambda fd: len(os.pread(fd, 10, size)) + len(os.pread(fd, 10, size + 5000)),
        "shared writable map": mapped(mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE),
    }
    for name, way in ways.items():
        lines.append("%s: %s" % (name, told(lambda: with_file(path, way))))
    lines.append("O_DIRECT: " + told(lambda: with_file(path, direct, os.O_RDONLY | O_DIRECT)))
    results = [None] * 4

    def reader(i):
        results[i] = with_file(path, scattered)

    threads = [threading.Thread(target=reader, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.append("four at once: " + ("same" if len(set(results)) == 1 else "differ"))
    return lines


def holes(root):
    """SEEK_DATA and SEEK_HOLE at every place that matters, and past the end."""
    lines = []
    for name in (b"sparse", b"all-hole", b"empty", b"big", b"huge"):
        fd = os.open(os.path.join(root, b"merged", name), os.O_RDONLY)
        size = os.fstat(fd).st_size
        for at in sorted({0, 1, 4096, 1 << 20, size - 1, size, size + 1, -1, 1 << 40}):
            answers = []
            for whence in (3, 4):
                result = libc.lseek(fd, at, whence)
                answers.append(str(result) if result >= 0 else syscalls.error_name(ctypes.get_errno()))
            lines.append("%s (%d) at %d: data %s, hole %s" % (name.decode(), size, at, *answers))
        os.close(fd)
    return lines


def statfs(root):
    result = os.statvfs(root)
    read_only = bool(result.f_flag & os.ST_RDONLY)
    return ["namemax %d, read-only %s" % (result.f_namemax, read_only), "%d blocks of %d, frsize %d, %d files" % (
        result.f_blocks, result.f_bsize, result.f_frsize, result.f_files)]


def births(root):
    """statx: birth times of all kinds, to the nanosecond."""
    lines = []
    for name in sorted(os.listdir(os.path.join(root, b"merged"))):
        parent = os.open(os.path.join(root, b"merged"), os.O_RDONLY)
        lines.append("%r %s" % (name[:20], syscalls.birth_time(parent, name)))
        os.close(parent)
    return lines


def identity(root):
    """Hard links are one inode, and so is a file however it is reached."""
    one, two = (os.stat(os.path.join(root, name)) for name in (b"merged/one", b"pure/two"))
    within = with_file(os.path.join(root, b"merged/one"), os.fstat)
    directory = with_file(os.path.join(root, b"merged"), os.fstat)
    return [
        "links: %s, nlink %d" % ((one.st_dev, one.st_ino) == (two.st_dev, two.st_ino), one.st_nlink),
        "fstat: %s" % ((one.st_dev, one.st_ino) == (within.st_dev, within.st_ino)),
        "fstat of a directory: %s, nlink %d" % (directory.st_ino == os.stat(os.path.join(root, b"merged")).st_ino, directory.st_nlink),
        "pure directory nlink %d" % os.stat(os.path.join(root, b"pure")).st_nlink,
        "one device: %s" % (len({os.lstat(os.path.join(root, b"merged", n)).st_dev for n in os.listdir(os.path.join(root, b"merged"))}) == 1),
        "types: " + " ".join("%o" % stat.S_IFMT(os.lstat(os.path.join(root, b"merged", n)).st_mode)
                             for n in (b"fifo", b"socket", b"null", b"disk", b"link", b"file")),
    ]


PROBES = (dots, seekdir, names, errors, data, holes, statfs, births, identity)
