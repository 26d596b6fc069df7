"""Stand-in for the page's process: it writes what it hears to a pipe, and behaves as it is told.

``watches``  says that it serves, and then wants whatever cameras a line of its other pipe names
``dies``     ends at once
``lies``     says what is no message
``floods``   never stops saying that it serves elsewhere, and that it wants what there is not
``hangs``    reads nothing and says nothing
"""

import json
import os
import signal
import socket
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from smartrec.app.page_messages import (
    Cameras,
    Hangup,
    Happened,
    Link,
    Looked,
    Serving,
    Setup,
    ToPage,
    ToRecorder,
    Unit,
    Wall,
    Wanted,
    page_end,
)

ADDRESS = "http://127.0.0.1:1234/"
DEATH = 3


def main(argv: list[str]) -> int:
    """Run it: argv is the program's name, how to behave, two pipes, and the link's descriptor."""
    _, manner, heard, wanted, number = argv
    end = socket.socket(fileno=int(number))
    with Path(heard).open("w", buffering=1) as notes:
        note = {"pid": os.getpid(), "environ": dict(os.environ), "argv": argv, "nice": os.nice(0)}
        notes.write(json.dumps(["started", note]) + "\n")
        if manner == "dies":
            return DEATH
        if manner == "hangs":
            signal.pause()
        if manner == "lies":
            end.sendall(b"GET / HTTP/1.1\r\n\r\n")
        link = page_end(end)
        if manner == "floods":
            threading.Thread(target=_flood, args=(link,), daemon=True).start()
        if manner == "watches":
            link.send(Serving(ADDRESS))
            threading.Thread(target=_want, args=(link, wanted), daemon=True).start()
        try:
            while True:
                notes.write(json.dumps(_noted(link.receive())) + "\n")
        except Hangup:
            notes.write('["hangup", null]\n')
    return 0


def _flood(link: Link[ToRecorder, ToPage]) -> None:
    n = 0
    while True:
        n += 1
        link.send(Serving(f"http://{n}\x1b[2J/"))
        link.send(Wanted((f"cam{n}00",)))


def _want(link: Link[ToRecorder, ToPage], wanted: str) -> None:
    with Path(wanted).open() as lines:
        for line in lines:
            link.send(Wanted(tuple(line.split())))


def _noted(message: ToPage) -> tuple[str, object]:
    if isinstance(message, Unit):
        unit = message.unit
        return "unit", [message.camera, unit.epoch, unit.seq, unit.data.decode()]
    if isinstance(message, Happened):
        return "happened", message.event
    if isinstance(message, Setup):
        return "setup", asdict(message)
    if isinstance(message, Cameras):
        return "cameras", asdict(message)
    if isinstance(message, Looked):
        return "looked", [message.look.camera, message.look.pts]
    if isinstance(message, Wall):
        return "wall", asdict(message)
    return "format", [message.camera, message.format.codec.value]


if __name__ == "__main__":
    sys.exit(main(sys.argv))
