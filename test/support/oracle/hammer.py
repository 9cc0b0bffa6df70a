"""
Reads one tree by two mounts at once, with many processes and by every way there is, and tells where the two differ.
Run as `hammer.py TRUTH SUBJECT READERS STEPS SECONDS SEED`; prints one JSON object: what was done, and what differed. Each reader does
so many steps, and more of them until the seconds are over.
"""

import ctypes
import json
import mmap
import os
import random
import signal
import stat
import sys
import time

import syscalls
from syscalls import libc

BLOCK = 4096
LARGE = 100_000
FIELDS = ("st_mode", "st_ino", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks", "st_rdev", "st_mtime_ns", "st_ctime_ns")
SHOWN = 10
libc.lseek.restype = ctypes.c_int64
libc.lseek.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int]


class Names:
    """Files and directories below a root."""

    def __init__(self, root):
        self.files, self.large, self.directories = [], [], []
        for path, names, files in os.walk(root):
            below = path[len(root) :]
            self.directories.append(below)
            for name in files:
                status = os.lstat(path + b"/" + name)
                if not stat.S_ISREG(status.st_mode):
                    continue
                self.files.append(below + b"/" + name)
                if status.st_size > LARGE:
                    self.large.append(below + b"/" + name)
            names.sort()


class Reader:
    def __init__(self, roots, names, seed):
        self.roots = roots
        self.random = random.Random(seed)
        self.done = {"operations": 0, "bytes": 0, "names": 0, "interrupted": 0}
        self.wrong = []
        self.files, self.large, self.directories = names.files, names.large, names.directories

    def a_file(self):
        """A large one every second time: there are few of them, and more to read in each."""
        return self.random.choice(self.random.choice((self.files, self.large)))

    def compare(self, what, answer):
        """What `answer` makes of either root must be the same, an errno too."""
        results = []
        for root in self.roots:
            try:
                results.append(answer(root))
            except OSError as error:
                results.append(syscalls.error_name(error.errno))
        self.done["operations"] += 1
        if results[0] != results[1] and len(self.wrong) < SHOWN:
            self.wrong.append("%s: %s" % (what, [repr(result)[:200] for result in results]))
        return results[0]

    def opened(self, root, path, use, flags=0):
        fd = os.open(root + path, os.O_RDONLY | os.O_CLOEXEC | flags)
        try:
            return use(fd)
        finally:
            os.close(fd)

    def a_range(self, root, path):
        size = os.lstat(self.roots[0] + path).st_size
        return self.random.randrange(max(1, size + 1)), self.random.choice((1, 100, BLOCK, 70_000, 1 << 20))

    def walk(self):
        top = self.random.choice(self.directories)

        def tree(root):
            lines = []
            for path, names, files in os.walk(root + top):
                names.sort()
                for name in sorted(names + files):
                    status = os.lstat(path + b"/" + name)
                    fields = [getattr(status, field) for field in FIELDS]
                    lines.append((path[len(root) :], name, fields))
            return lines

        found = self.compare("walk %r" % top, tree)
        self.done["names"] += len(found)

    def pread(self):
        path = self.a_file()
        at, size = self.a_range(self.roots[0], path)
        self.counted(self.compare("pread %r" % path, lambda root: self.opened(root, path, lambda fd: os.pread(fd, size, at))))

    def direct(self):
        path = self.a_file()
        at, size = self.a_range(self.roots[0], path)
        at, size = at // BLOCK * BLOCK, (size + BLOCK - 1) // BLOCK * BLOCK
        memory = mmap.mmap(-1, size)

        def read(fd):
            count = os.preadv(fd, [memory], at)
            return memory[:count]

        self.counted(self.compare("O_DIRECT %r" % path, lambda root: self.opened(root, path, read, os.O_DIRECT)))
        memory.close()

    def mapped(self):
        path = self.a_file()
        at, size = self.a_range(self.roots[0], path)

        def read(fd):
            if os.fstat(fd).st_size == 0:
                return b""
            with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as memory:
                return memory[at : at + size]

        self.counted(self.compare("mmap %r" % path, lambda root: self.opened(root, path, read)))

    def seekdir(self):
        """Names from random places on: each name once, whatever was sought."""
        path = self.random.choice(self.directories)
        seed = self.random.random()

        def names(fd):
            order = random.Random(seed)
            buffer = ctypes.create_string_buffer(2048)
            places, rest = [0], []
            while True:
                size = syscalls.checked(libc.getdents64(fd, buffer, len(buffer)), "getdents64")
                if size == 0:
                    break
                at, block = 0, buffer.raw[:size]
                while at < size:
                    _, offset, length, _ = syscalls.DENTRY.unpack_from(block, at)
                    name = block[at + syscalls.DENTRY.size : at + length]
                    rest.append(name[: name.index(b"\0")])
                    places.append(offset)
                    at += length
            for _ in range(5):
                start = order.randrange(len(places))
                syscalls.checked(libc.lseek(fd, places[start], 0), "lseek")
                size = syscalls.checked(libc.getdents64(fd, buffer, len(buffer)), "getdents64")
                if size == 0:
                    followed = start == len(rest)
                else:
                    name = buffer.raw[syscalls.DENTRY.size : size]
                    followed = start < len(rest) and name[: name.index(b"\0")] == rest[start]
                if not followed:
                    return "after place %d comes another name" % start
            return sorted(rest)

        self.compare("getdents64 %r" % path, lambda root: self.opened(root, path, names, os.O_DIRECTORY))

    def interrupted(self):
        """A process that is killed in the middle of what it reads, and one that gets signals by the thousand."""
        path = self.a_file()
        child = os.fork()
        if child == 0:
            try:
                while True:
                    with open(self.roots[1] + path, "rb", buffering=0) as file:
                        file.readall()
                    os.listdir(self.roots[1] + self.random.choice(self.directories))
            finally:
                os._exit(1)
        time.sleep(self.random.random() / 50)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.done["interrupted"] += 1
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            self.pread()
            self.walk()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def counted(self, result):
        if isinstance(result, bytes):
            self.done["bytes"] += len(result)

    def run(self, steps, until):
        ways = (self.walk, self.pread, self.pread, self.direct, self.mapped, self.mapped, self.seekdir, self.interrupted)
        while steps > 0 or time.monotonic() < until:
            self.random.choice(ways)()
            steps -= 1
        return {"done": self.done, "wrong": self.wrong}


def main(truth, subject, readers, steps, seconds, seed):
    roots = [os.fsencode(truth), os.fsencode(subject)]
    names = Names(roots[0])
    until = time.monotonic() + float(seconds)
    pipes = []
    for number in range(int(readers)):
        receive, send = os.pipe()
        if os.fork() == 0:
            try:
                answer = Reader(roots, names, "%s-%d" % (seed, number)).run(int(steps), until)
            except BaseException as error:
                answer = {"done": {}, "wrong": ["reader %d: %r" % (number, error)]}
            with os.fdopen(send, "w") as out:
                json.dump(answer, out)
            os._exit(0)
        os.close(send)
        pipes.append(receive)
    total = {"done": {}, "wrong": []}
    for pipe in pipes:
        with os.fdopen(pipe) as stream:
            answer = json.load(stream)
        for key, count in answer["done"].items():
            total["done"][key] = total["done"].get(key, 0) + count
        total["wrong"] += answer["wrong"]
    print(json.dumps(total))


if __name__ == "__main__":
    main(*sys.argv[1:])
