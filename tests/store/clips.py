"""Clips to put into a catalogue: plain values, and files as a finisher leaves them."""

import hashlib
from dataclasses import replace
from pathlib import Path

from smartrec.clock import ClockQuality, Instant
from smartrec.model import Box, ClipHead, ClipState, Finished, Look, Track, Trigger
from smartrec.units import SECOND, Ns
from tests.streams import FRAME, clip_head

WALL = 1_795_356_900_123_000_000  # 2026-11-22T14:15:00.123Z
INSTANT = Instant(WALL, Ns(100 * SECOND), "boot-1", ClockQuality("adjtimex", True, 900))


class FixedClock:
    """A stand-in for the machine's clocks that says what it is told."""

    def __init__(self, wall_ns: int = WALL) -> None:
        self.wall_ns = wall_ns

    def monotonic(self) -> Ns:
        return Ns(100 * SECOND)

    def now(self) -> Instant:
        return Instant(self.wall_ns, self.monotonic(), "boot-1", INSTANT.clock)


def head(n: int = 0, **changes: object) -> ClipHead:
    """The `n`-th clip of camera "cam0": 2 s before and after a key at n minutes."""
    at = Ns((100 + 60 * n) * SECOND)
    values: dict[str, object] = {
        "clip_id": f"0192b1c0-{n:04d}-7000-8000-000000000000",
        "event_id": f"event-{n}",
        "camera_name": "Front door",
        "instant": INSTANT,
        "triggers": (Trigger(f"trigger-{n}", at, "key-R", {"key": "R"}),),
        "asked_pre": Ns(2 * SECOND),
        "asked_post": Ns(2 * SECOND),
        "start": Ns(at - 2 * SECOND),
        "end": Ns(at + 2 * SECOND),
        "file_name": f"cam0_20261122T14{15 + n:02d}00.123Z_key-R",
    }
    return clip_head(**{**values, **changes})


def closed(head_: ClipHead, state: ClipState = ClipState.COMPLETE, expected: int = 120) -> ClipHead:
    """The same clip when its last picture is in the journal."""
    return replace(head_, state=state, expected=expected)


def done(directory: Path, head_: ClipHead, **changes: object) -> Finished:
    """What a finisher made of it: a file and a thumbnail, first picture 13 ms late."""
    content = f"pictures of {head_.clip_id}".encode()
    clip = directory / f"{head_.file_name}.mp4"
    thumbnail = directory / f"{head_.file_name}.jpg"
    clip.write_bytes(content)
    thumbnail.write_bytes(b"\xff\xd8\xff\xd9")
    first = Ns(head_.start + 13_000_000)
    values: dict[str, object] = {
        "path": str(clip),
        "thumbnail": str(thumbnail),
        "frames_written": 120,
        "first_pts": first,
        "last_pts": Ns(first + 119 * FRAME),
        "lost": {},
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "encoder": "x264",
        "duration": Ns(120 * FRAME),
    }
    return Finished(**{**values, **changes})  # type: ignore[arg-type]


def look(at: int, *scores: float, inferred: bool = True) -> Look:
    """A picture of "cam0" at `at` ns with a person of each score, standing side by side."""
    tracks = (
        Track(n, Box(0.1 * n, 0.2, 0.1 * n + 0.08, 0.7), score)
        for n, score in enumerate(scores, start=1)
    )
    return Look("cam0", 0, Ns(at), tuple(tracks), inferred)


LOOKS = (
    look(99 * SECOND),
    look(100 * SECOND, 0.871),
    look(101 * SECOND, 0.871, 0.5, inferred=False),
)
"""Somebody comes, and then another."""
