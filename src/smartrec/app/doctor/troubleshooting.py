"""The troubleshooting page, made from the tables of troubles by ``make docs``."""

import sys
from collections.abc import Iterable
from typing import Final

from smartrec.app.doctor.troubles.errors import ERRORS
from smartrec.app.doctor.troubles.table import TROUBLES
from smartrec.app.doctor.troubles.trouble import Trouble

_HEADINGS: Final = {
    "settings": "Settings",
    "python": "Python",
    "gstreamer": "GStreamer",
    "packages": "System packages",
    "elements": "GStreamer's elements",
    "encoder": "Encoder and decoders",
    "cameras": "Cameras",
    "measured": "What cameras really give",
    "usb": "USB",
    "udev": "Names and rights of devices",
    "microphone": "Microphones",
    "detector": "Detector",
    "deepstream": "DeepStream",
    "memory": "Memory",
    "screen": "Screen",
    "directory": "Clip directory",
    "room": "Room and speed of the disk",
    "journal": "Journal",
    "clock": "Wall clock",
    "control": "Control socket",
    "recorder": "Running recorder",
    "arming": "Armed and disarmed",
    "page": "The page",
    "doctor": "Doctor itself",
    "elsewhere": "What other programs say",
}

_INTRODUCTION: Final = """\
# Troubleshooting

<!-- Made from src/smartrec/app/doctor/troubles; change it there. -->

Run this first; it looks at everything on this page and prints the command that mends each thing.
In a checkout, `smartrec` is `./run.sh` here and in every message.

    smartrec doctor

An error that you have seen, of smartrec or of another program, is looked up in this page by

    smartrec doctor --explain "TEXT OF THE ERROR"

"""


def page() -> str:
    """The troubleshooting page, as Markdown."""
    text = _INTRODUCTION
    for key, troubles in TROUBLES.items():
        text += f"## {_HEADINGS[key]}\n\n"
        text += _table(("What you see", "Why", "What to do"), map(_cells, troubles.values()))
    text += "## Errors by name\n\nNames are those of `smartrec.errors` and of the log.\n\n"
    rows = (
        (f"`{error.__name__}`", str(error.exit_code), *_cells(trouble))
        for error, trouble in ERRORS.items()
    )
    text += _table(("Error", "Exit status", "What you see", "Why", "What to do"), rows)
    return text.rstrip("\n") + "\n"


def _cells(trouble: Trouble) -> tuple[str, ...]:
    return trouble.symptom, trouble.why, trouble.mend


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
