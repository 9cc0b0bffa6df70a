"""
Runs a program on a terminal of its own, 80 columns wide: on_terminal.py FILE... says which of its standard streams are the
terminal (`out`, `err` or both, by a comma), the rest is the program. Prints, as JSON, its exit code, and what the terminal
and the other stream were given, latin1.
"""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
import threading

streams = sys.argv[1].split(",")
controller, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
settings = termios.tcgetattr(terminal)
settings[1] &= ~termios.OPOST
termios.tcsetattr(terminal, termios.TCSANOW, settings)
child = subprocess.Popen(
    sys.argv[2:],
    # No pager, which would wait for somebody, unless the test names one.
    env={"STRATAFS_PAGER": "", **os.environ},
    stdin=subprocess.DEVNULL,
    stdout=terminal if "out" in streams else subprocess.PIPE,
    stderr=terminal if "err" in streams else subprocess.PIPE,
)
os.close(terminal)
shown = bytearray()


def collect():
    while True:
        try:
            piece = os.read(controller, 65536)
        except OSError:
            return
        if not piece:
            return
        shown.extend(piece)


reader = threading.Thread(target=collect)
reader.start()
out, err = child.communicate()
reader.join()
other = (out or b"") + (err or b"")
print(json.dumps({"code": child.returncode, "terminal": shown.decode("latin1"), "other": other.decode("latin1")}))
