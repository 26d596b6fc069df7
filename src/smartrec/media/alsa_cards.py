"""The sound cards of this machine, by what the kernel's ALSA says; nothing is opened.

Files are those of the kernel's ``Documentation/sound/designs/procfile.rst``.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.media.usb_bus import SYSFS, line_of, plugged, usb_device

PROC: Final = Path("/proc")
_NODES: Final = Path("/dev/snd")
_NAMED: Final = {"hw", "plughw", "dsnoop", "sysdefault", "front", "default"}
"""ALSA's own devices that are of one card, which is named behind a colon."""
_OWNER: Final = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """One sound card.

    Attributes:
        number: ALSA's; changes with the order of plugging.
        id: ALSA's short name, such as ``"C920"``; the same as long as no twin is there.
        name: The manufacturer's.
        captures: Whether it records.
        device: The USB device it is part of, in sysfs; None where it is on none.
        node: Its first device for recording.
        owner: The process that records from it now; None where none does.
    """

    number: int
    id: str
    name: str
    captures: bool
    device: Path | None
    node: Path
    owner: int | None


def cards(sysfs: Path = SYSFS, proc: Path = PROC) -> list[Card]:
    """Every card, in the order of ALSA's numbers."""
    places = sysfs.glob("class/sound/card[0-9]*")
    found = sorted((int(place.name[4:]), place) for place in places)
    return [_card(number, place, proc / f"asound/card{number}") for number, place in found]


def microphone_in(camera: Path, sysfs: Path = SYSFS, proc: Path = PROC) -> Card | None:
    """The microphone of the USB device that a video node belongs to; None where it has none."""
    place = plugged(camera.resolve(), sysfs)
    if place is None:
        return None
    own = (each for each in cards(sysfs, proc) if each.device == place.directory)
    return next((each for each in own if each.captures), None)


def card_of(name: str) -> Card | None:
    """The card that a name of ALSA's such as ``"hw:1,0"`` or ``"hw:CARD=C920"`` means, if one.

    One that is not there has a node that does not exist.
    """
    kind, _, rest = name.partition(":")
    wanted = rest.partition(",")[0].removeprefix("CARD=")
    if kind not in _NAMED or not wanted:
        return None
    gone = Card(-1, wanted, wanted, True, None, _NODES / "none", None)
    return next((each for each in cards() if wanted in (str(each.number), each.id)), gone)


def _card(number: int, place: Path, about: Path) -> Card:
    inputs = sorted(about.glob("pcm*c"))
    first = inputs[0].name if inputs else "pcm0c"
    return Card(
        number,
        line_of(place / "id"),
        _field(about / first / "info", "name") or line_of(place / "id"),
        bool(inputs),
        usb_device(place.resolve()),
        _NODES / f"pcmC{number}D{first[3:]}",
        _owner(about / first),
    )


def _owner(about: Path) -> int | None:
    for status in sorted(about.glob("sub*/status")):
        if found := _OWNER.search(line_of(status)):
            return int(found[1])
    return None


def _field(path: Path, name: str) -> str:
    for line in line_of(path).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
