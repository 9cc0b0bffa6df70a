"""
A disk that fails on request: shows a directory read-only over FUSE, and answers chosen operations on chosen names with
an errno. Run as `failing_fs.py SOURCE TARGET`; each line on stdin is a JSON list of faults, which replaces the last one:
{"operation": "read", "path": "d/*", "errno": "EIO", "from": 4096}. Each is answered by a line: how many faults were
injected so far. The first line it prints says that the mount is there.
"""

import ctypes
import errno
import fnmatch
import json
import os
import stat
import struct
import sys
import threading

import syscalls

IN = struct.Struct("=IIQQIIIHH")
OUT = struct.Struct("=IiQ")
ATTR = struct.Struct("=QQQQQQIIIIIIIIII")
ENTRY = struct.Struct("=QQQQII")
DIRENT = struct.Struct("=QQII")
DIRECT_IO = 1
LOOKUP, FORGET, GETATTR, READLINK, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 5, 14, 15, 17, 18
GETXATTR, LISTXATTR, INIT, OPENDIR, READDIR, RELEASEDIR, DESTROY, BATCH_FORGET = 22, 23, 26, 27, 28, 29, 38, 42
NAMES = {
    LOOKUP: "lookup",
    GETATTR: "getattr",
    READLINK: "readlink",
    OPEN: "open",
    READ: "read",
    GETXATTR: "getxattr",
    LISTXATTR: "listxattr",
    OPENDIR: "opendir",
    READDIR: "readdir",
}


class Disk:
    def __init__(self, source, target):
        self.source = source
        self.paths = {1: b""}
        self.numbers = {b"": 1}
        self.faults = []
        self.injected = 0
        self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        words = "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other" % self.fd
        syscalls.checked(syscalls.libc.mount(b"failing", target, b"fuse.failing", 1, words.encode()), "mount")

    def real(self, path):
        return self.source + b"/" + path if path else self.source

    def number(self, path):
        if path not in self.numbers:
            self.numbers[path] = len(self.paths) + 1
            self.paths[self.numbers[path]] = path
        return self.numbers[path]

    def fault(self, operation, path, offset):
        for fault in self.faults:
            if fault["operation"] != operation or not fnmatch.fnmatchcase(path.decode("latin1"), fault["path"]):
                continue
            if offset >= fault.get("from", 0):
                self.injected += 1
                raise OSError(getattr(errno, fault["errno"]), "injected")

    def attributes(self, path):
        s = os.lstat(self.real(path))
        times = [s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns]
        return ATTR.pack(
            s.st_ino,
            s.st_size,
            s.st_blocks,
            *(ns // 10**9 for ns in times),
            *(ns % 10**9 for ns in times),
            s.st_mode,
            s.st_nlink,
            s.st_uid,
            s.st_gid,
            s.st_rdev,
            4096,
            0,
        )

    def answer(self, opcode, path, body):
        real = self.real(path)
        if opcode == INIT:
            return struct.pack("=IIIIHHIIHHII24x", 7, 31, 1 << 17, 0, 12, 9, 4096, 1, 0, 0, 0, 0)
        if opcode == LOOKUP:
            child = (path + b"/" if path else b"") + body[:-1]
            self.fault("lookup", child, 0)
            return ENTRY.pack(self.number(child), 0, 0, 0, 0, 0) + self.attributes(child)
        offset = struct.unpack_from("=Q", body, 8)[0] if opcode == READ else 0
        # A read fails where it reaches what cannot be read.
        size = struct.unpack_from("=I", body, 16)[0] if opcode in (READ, READDIR) else 0
        if opcode in NAMES:
            self.fault(NAMES[opcode], path, offset + max(0, size - 1))
        if opcode == GETATTR:
            return struct.pack("=QII", 0, 0, 0) + self.attributes(path)
        if opcode == READLINK:
            return os.readlink(real)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("=QII", 0, DIRECT_IO if opcode == OPEN else 0, 0)
        if opcode == READ:
            with open(real, "rb", buffering=0) as file:
                return os.pread(file.fileno(), size, offset)
        if opcode == READDIR:
            return self.entries(path, struct.unpack_from("=Q", body, 8)[0], size)
        if opcode == STATFS:
            return bytes(80)
        if opcode in (GETXATTR, LISTXATTR):
            room = struct.unpack_from("=I", body)[0]
            if opcode == GETXATTR:
                value = os.getxattr(real, body[8:-1], follow_symlinks=False)
            else:
                value = b"".join(name.encode() + b"\0" for name in os.listxattr(real, follow_symlinks=False))
            if room == 0:
                return struct.pack("=II", len(value), 0)
            if len(value) > room:
                raise OSError(errno.ERANGE, "no room")
            return value
        if opcode in (RELEASE, RELEASEDIR, DESTROY):
            return b""
        raise OSError(errno.ENOSYS, "not known here")

    def entries(self, path, place, size):
        names = [b".", b".."] + sorted(os.listdir(self.real(path)))
        out = b""
        for at, name in enumerate(names[place:], place + 1):
            status = os.lstat(self.real(path) + b"/" + name)
            record = DIRENT.pack(status.st_ino, at, len(name), stat.S_IFMT(status.st_mode) >> 12) + name
            record += bytes(-len(record) % 8)
            if len(out) + len(record) > size:
                break
            out += record
        return out

    def serve(self):
        while True:
            try:
                request = os.read(self.fd, 1 << 17)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                continue
            _, opcode, unique, node, *_ = IN.unpack_from(request)
            if opcode in (FORGET, BATCH_FORGET):
                continue
            code, answer = 0, b""
            try:
                answer = self.answer(opcode, self.paths.get(node, b""), request[IN.size :])
            except OSError as error:
                code = -error.errno
            try:
                os.write(self.fd, OUT.pack(OUT.size + len(answer), code, unique) + answer)
            except OSError:
                pass


def main(source, target):
    disk = Disk(os.fsencode(source), os.fsencode(target))
    threading.Thread(target=disk.serve, daemon=True).start()
    print("mounted", flush=True)
    for line in sys.stdin:
        disk.faults = json.loads(line)
        print(disk.injected, flush=True)
    syscalls.libc.umount2(os.fsencode(target), 2)


if __name__ == "__main__":
    main(*sys.argv[1:])
