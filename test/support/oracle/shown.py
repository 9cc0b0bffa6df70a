"""Tells for each layer of a stack what it stores, what of that is shown, and what newer layers hide: by paths alone, one name
after the other, knowing nothing of how stratafs merges. Arguments: the layers' directories, top first. Answers JSON, top first."""
import json
import os
import stat
import sys


def opaque(path):
    try:
        return os.getxattr(path, "trusted.overlay.opaque", follow_symlinks=False) == b"y"
    except OSError:
        return False


def above(path):
    """The path and every directory on the way to it, from the root down."""
    parts = path.split(b"/")
    return [b"/".join(parts[: i + 1]) for i in range(len(parts))]


def walk(root):
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            full = os.path.join(directory, name)
            yield os.path.relpath(full, root), full, os.lstat(full)


ends = set()  # A newer layer has no directory here: nothing below is shown, nor the name itself.
opaques = set()  # A newer layer's directory hides what older ones have in it.
names = set()  # A newer layer has something by this name.
answer = []
for layer in sys.argv[1:]:
    objects = {}  # inode: bytes, and whether one of its names is shown
    own_ends, own_opaques, own_names = set(), set(), set()
    for path, full, status in walk(os.fsencode(layer)):
        own_names.add(path)
        if stat.S_ISDIR(status.st_mode):
            if opaque(full):
                own_opaques.add(path)
            continue
        own_ends.add(path)
        if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
            continue
        way = above(path)
        hidden = path in names or any(one in ends for one in way) or any(one in opaques for one in way[:-1])
        bytes_, shown = objects.get(status.st_ino, (status.st_size, False))
        objects[status.st_ino] = (bytes_, shown or not hidden)
    ends |= own_ends
    opaques |= own_opaques
    names |= own_names
    told = {}
    for key, wanted in (("shown", True), ("hidden", False)):
        chosen = [size for size, shown in objects.values() if shown == wanted]
        told[key] = {"objects": len(chosen), "bytes": sum(chosen)}
    answer.append(told)
print(json.dumps(answer))
