"""
Runs a program with a terminal of its own, as somebody would who sits there: typed.py ROWS COLUMNS STEPS PROGRAM WORD...
STEPS is JSON, a list of [text, keys]: when the terminal has shown the text, or for null when it shows nothing more, the keys are typed. Prints, as JSON, the
exit code, negative for a signal, and all that the terminal was given, latin1. Text that never comes ends the wait after minutes.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

LONG = 120
QUIET = 0.5

rows, columns = int(sys.argv[1]), int(sys.argv[2])
steps = json.loads(sys.argv[3])
controller, terminal = pty.openpty()
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(terminal, descriptor)
    os.closerange(3, 64)
    os.execvp(sys.argv[4], sys.argv[4:])
os.close(terminal)
shown = bytearray()
seen = 0
end = time.monotonic() + LONG
while True:
    while steps and steps[0][0] is not None and (at := shown.find(steps[0][0].encode(), seen)) >= 0:
        seen = at + len(steps[0][0].encode())
        os.write(controller, steps.pop(0)[1].encode("latin1"))
    is_quiet_awaited = bool(steps) and steps[0][0] is None
    wait = QUIET if is_quiet_awaited else max(0, end - time.monotonic())
    if not select.select([controller], [], [], wait)[0]:
        if is_quiet_awaited:
            os.write(controller, steps.pop(0)[1].encode("latin1"))
            continue
        os.kill(child, 9)
        break
    try:
        piece = os.read(controller, 65536)
    except OSError:
        break
    if not piece:
        break
    shown.extend(piece)
_, status = os.waitpid(child, 0)
print(json.dumps({"code": os.waitstatus_to_exitcode(status), "shown": shown.decode("latin1"), "left": len(steps)}))
