"""Clips of all kinds that there are, a few seconds each, to be looked at in a browser."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Programme:
    """Finished clips and open ones by what they are for, oldest first."""

    clips: dict[str, Clip]
    growing: dict[str, Growing]

    def __str__(self) -> str:
        ids = {name: clip.id for name, clip in self.clips.items()}
        ids |= {name: growing.id for name, growing in self.growing.items()}
        return "\n".join(f"  {name:12} {clip_id}" for name, clip_id in ids.items())


def programme(studio: Studio, now: int) -> Programme:
    """Record it; the newest ends about `now` (UTC, ns)."""
    made = _wishes(), _open_wishes()
    begins = iter(range(now - APART * sum(map(len, made)), now, APART))
    clips = {name: studio.record(Wish(next(begins), **wish)) for name, wish in made[0].items()}
    growing = {name: studio.begin(Wish(next(begins), **wish)) for name, wish in made[1].items()}
    for each in growing.values():
        each.grow(2 * FPS)
    return Programme(clips, growing)


def _wishes() -> dict[str, dict[str, Any]]:
    """By name. H.264 begins between keyframes, so that its files hide some pictures."""
    event, half = new_id(), FIRST + 2 * FPS
    jpeg = {"codec": Codec.JPEG, "camera": YARD}
    return {
        "coded": {"numbers": range(FIRST - 5, FIRST + 6 * FPS), "keys": (FIRST + 2 * FPS,)},
        "reordered": {"numbers": range(FIRST - 5, FIRST + 4 * FPS), "bframes": 2},
        "encoded": {"numbers": _long(3), "codec": Codec.JPEG, "copied": False},
        "frames": {**jpeg, "numbers": _long(4), "keys": (FIRST + 2 * FPS,), "reason": "page"},
        "lossy": {**jpeg, "numbers": _long(3), "lost": frozenset(range(FIRST + 40, FIRST + 45))},
        "turned": {**jpeg, "turned": 90, **_plain(_long(2))},
        "upside": {"turned": 180, **_plain(_long(2))},
        "sounding": {"numbers": _long(4), "sound": True},
        "part 1": {"numbers": range(FIRST, half), "event": event},
        "part 2": {"numbers": range(half, half + 2 * FPS), "event": event, "part": 2},
        "street": {"numbers": _long(3), "camera": STREET, "keys": (FIRST + FPS,)},
        "failed": {"numbers": _long(2), "state": ClipState.FAILED},
        "h265": {"codec": Codec.H265, **_plain(range(5, 95))},
        "quiet": {**jpeg, **_plain(range(2 * FPS))},
    }


def _open_wishes() -> dict[str, dict[str, Any]]:
    return {
        "open coded": {"numbers": range(FIRST - 5, FIRST + 6 * FPS)},
        "open frames": {"numbers": _long(60), "codec": Codec.JPEG, "camera": YARD},
    }


def _long(seconds: int) -> range:
    return range(FIRST, FIRST + seconds * FPS)


def _plain(numbers: range) -> dict[str, Any]:
    """A key after a second, and no person."""
    return {"numbers": numbers, "looked": False, "keys": (numbers[FPS],)}
