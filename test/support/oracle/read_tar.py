"""A tar archive as the lines that dump_tree.py prints for a tree, so that `docker export` and a mount can be compared."""

import hashlib
import tarfile

from dump_tree import escaped

TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
    tarfile.GNUTYPE_SPARSE: "file",
}


def path_of(name):
    """`./a/`, `/a` and `a` are the same name, `.` is the root."""
    parts = name.encode("utf-8", "surrogateescape").split(b"/")
    return b"/" + b"/".join(part for part in parts if part not in (b"", b"."))


def read_tar(path):
    """Fields: mode, owner, size, rdev, mtime in whole seconds, names of one inode, link target, sha256."""
    members, contents = {}, {}
    with tarfile.open(path, errors="surrogateescape") as archive:
        for member in archive:
            name = path_of(member.name)
            members[name] = member
            if member.isreg():
                digest = hashlib.sha256()
                source = archive.extractfile(member)
                while block := source.read(1 << 20):
                    digest.update(block)
                contents[name] = digest.hexdigest()
    firsts = {}
    return [line(name, members, contents, firsts) for name in sorted(members, key=lambda name: name.split(b"/"))]


def line(name, members, contents, firsts):
    first = name
    while members[first].islnk():
        first = path_of(members[first].linkname)
    member = members[first]
    kind = TYPES[member.type]
    words = [escaped(name), kind, "%04o" % (member.mode & 0o7777), "%d:%d" % (member.uid, member.gid)]
    target = member.linkname.encode("utf-8", "surrogateescape") if kind == "symlink" else b""
    if kind != "dir":
        words.append("size=%d" % (len(target) if kind == "symlink" else member.size))
    if kind in ("char", "block"):
        words.append("rdev=%d:%d" % (member.devmajor, member.devminor))
    words.append("mtime=%d" % (member.mtime // 1))
    earliest = firsts.setdefault(first, name)
    if earliest != name:
        words.append("same-as=" + escaped(earliest))
    if kind == "symlink":
        words.append("target=" + escaped(target))
    if kind == "file":
        words.append("sha256=" + contents[first])
    return " ".join(words)
