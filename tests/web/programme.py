"""Clips of all kinds that there are, a few seconds each, to be looked at in a browser."""

from typing import Any

from smartrec.media.demo import PERSON_FIRST
from smartrec.model import ClipState, Codec, new_id
from smartrec.units import SECOND
from tests.web.studio import FPS, Camera, Clip, Growing, Studio, Wish

FIRST = PERSON_FIRST - FPS
"""The first picture of most: she comes a second later."""
DOOR, YARD = Camera("cam0", "Demo"), Camera("cam1", "Demo 1")
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
"""What somebody may call a camera, or note."""
STREET = Camera("cam2", f"Street {MARKUP}")
APART = 300 * SECOND
"""From the beginning of a clip to that of the next."""
LENGTH = 20 * APART
"""No clip of it begins earlier."""


class Programme:
    """Clips by what they are for, each with a time of its own before `now`.

    Those of the kinds that every recorder makes are there from the beginning and the newest;
    further ones are made when they are asked for.

    Attributes:
        clips: Those that are finished.
        growing: Those that are still recorded.
    """

    def __init__(self, studio: Studio, now: int) -> None:
        self._studio = studio
        self._wishes = {**_further(), **_usual(), **_open()}
        begins = range(now - APART * len(self._wishes), now, APART)
        self._begins = dict(zip(self._wishes, begins, strict=True))
        self.clips: dict[str, Clip] = {}
        for name in _usual():
            self.clips[name] = self[name]
        self.growing = {name: studio.begin(self._wish(name)) for name in _open()}
        for each in self.growing.values():
            each.grow(2 * FPS)

    def __getitem__(self, name: str) -> Clip:
        if name not in self.clips:
            self.clips[name] = self._studio.record(self._wish(name))
        return self.clips[name]

    def all(self) -> str:
        """Make the further ones, too; names and ids."""
        made: dict[str, Clip | Growing] = {name: self[name] for name in (*_further(), *_usual())}
        made |= self.growing
        return "\n".join(f"  {name:12} {each.id}" for name, each in made.items())

    def _wish(self, name: str) -> Wish:
        return Wish(self._begins[name], **self._wishes[name])


def _usual() -> dict[str, dict[str, Any]]:
    """H.264 begins between keyframes, so that its file hides some pictures."""
    event, half = new_id(), FIRST + 2 * FPS
    jpeg = {"codec": Codec.JPEG, "camera": YARD}
    return {
        "failed": {"numbers": _long(2), "state": ClipState.FAILED},
        "coded": {"numbers": range(FIRST - 5, FIRST + 5 * FPS), "keys": (FIRST + 2 * FPS,)},
        "frames": {**jpeg, "numbers": _long(4), "keys": (FIRST + 2 * FPS,), "reason": "page"},
        "lossy": {**jpeg, "numbers": _long(3), "lost": frozenset(range(FIRST + 40, FIRST + 45))},
        "part 1": {"numbers": range(FIRST, half), "event": event},
        "part 2": {"numbers": range(half, half + 2 * FPS), "event": event, "part": 2},
        "street": {"numbers": _long(3), "camera": STREET, "keys": (FIRST + FPS,)},
        "quiet": {**jpeg, **_plain(range(2 * FPS))},
    }


def _further() -> dict[str, dict[str, Any]]:
    return {
        "reordered": {"numbers": range(FIRST - 5, FIRST + 3 * FPS), "bframes": 2},
        "encoded": {"numbers": _long(2), "codec": Codec.JPEG, "copied": False},
        "turned": {"codec": Codec.JPEG, "camera": YARD, "turned": 90, **_plain(_long(2))},
        "upside": {"turned": 180, **_plain(_long(2))},
        "sounding": {"numbers": _long(4), "sound": True},
        "h265": {"codec": Codec.H265, **_plain(range(5, 95))},
    }


def _open() -> dict[str, dict[str, Any]]:
    return {
        "open coded": {"numbers": range(FIRST - 5, FIRST + 5 * FPS)},
        "open frames": {"numbers": _long(60), "codec": Codec.JPEG, "camera": YARD},
    }


def _long(seconds: int) -> range:
    return range(FIRST, FIRST + seconds * FPS)


def _plain(numbers: range) -> dict[str, Any]:
    """A key after a second, and no person."""
    return {"numbers": numbers, "looked": False, "keys": (numbers[FPS],)}
