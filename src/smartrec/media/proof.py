"""Says which pictures of the journal a written MP4 holds, and makes it show the interval only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged
from smartrec.media.mp4 import Movie, Track
from smartrec.model import ClipHead, Codec, Loss
from smartrec.units import SECOND, Ns

#: How far a time in the file may be from the journal's and still be the same picture's.
_SAME: Final = Ns(500_000)


@dataclass(frozen=True, slots=True)
class Fed:
    """One picture of the journal that went into the graph."""

    pts: Ns
    duration: Ns


@dataclass(frozen=True, slots=True)
class Proof:
    """What a player shows of a finished MP4, in the recorder's numbers.

    Attributes:
        frames: How many pictures.
        first: Time of the first.
        last: Time of the last.
        duration: From the first to the end of the last.
        lost: Pictures of the interval that were in the journal and are not in the file.
    """

    frames: int
    first: Ns
    last: Ns
    duration: Ns
    lost: dict[str, int]


def prove(path: Path, head: ClipHead, fed: list[Fed], first: Ns) -> Proof:
    """Hide what lies outside the interval, then count what a player shows, from the file itself.

    Args:
        path: The MP4 as the muxer left it; its index is rewritten.
        head: Says the interval and how the picture stands.
        fed: Every picture that was handed to the muxer, in any order.
        first: Time of the file's first picture in decoding order.

    Raises:
        ClipDamaged: The file does not hold what it should.
        OSError: It cannot be read or written.
    """
    order = sorted(fed, key=lambda picture: picture.pts)
    movie = Movie(path)
    track = movie.track()
    held = _samples(track, order, first)
    wanted = [n for n, picture in enumerate(order) if head.start <= picture.pts < head.end]
    shown = [n for n in wanted if n in held]
    if not shown:
        raise ClipDamaged(
            f"No picture of {len(wanted)} in the journal of {head.file_name} can be decoded",
            hint='Keep the camera\'s own bits: set format = "copy"',
        )
    start = track.times[held[shown[0]]]
    stop = _stop(track, order, held, shown[-1])
    gap = 2 * max(picture.duration for picture in order) * track.timescale // SECOND
    movie.show(movie.hasten(held[shown[0]], gap), stop - start)
    movie.leave_full_range_to_stream()
    if not (head.format.codec is Codec.JPEG and head.format.flip):
        movie.turn(head.format.rotate, flip=head.format.flip)
    movie.write({"clip_id": head.clip_id, "event_id": head.event_id})
    check_shown(path, len(shown))
    cause = Loss.DECODER if head.format.codec is Codec.JPEG else Loss.UNKNOWN
    missing = len(wanted) - len(shown)
    return Proof(
        frames=len(shown),
        first=order[shown[0]].pts,
        last=order[shown[-1]].pts,
        duration=Ns((stop - start) * SECOND // track.timescale),
        lost={cause.value: missing} if missing else {},
    )


def _samples(track: Track, order: list[Fed], first: Ns) -> dict[int, int]:
    """Which sample of the file is which picture: index in `order` -> sample.

    By their distance from the first sample, for the muxer shifts that one to its time 0.
    """
    held: dict[int, int] = {}
    n = 0
    for time, sample in sorted((time, sample) for sample, time in enumerate(track.times)):
        pts = first + (time - track.times[0]) * SECOND // track.timescale
        while n < len(order) and order[n].pts < pts - _SAME:
            n += 1
        if n == len(order) or order[n].pts > pts + _SAME:
            raise ClipDamaged(f"The file has a picture at {pts} ns that nobody recorded")
        held[n] = sample
        n += 1
    return held


def _stop(track: Track, order: list[Fed], held: dict[int, int], last: int) -> int:
    """The tick of the media where the last picture ends: where a hidden one begins, if any does."""
    if last + 1 in held:
        return track.times[held[last + 1]]
    end = order[last].pts + order[last].duration
    if last + 1 < len(order):
        end = order[last + 1].pts
    length = (end - order[last].pts) * track.timescale
    return track.times[held[last]] + max(1, (length + SECOND // 2) // SECOND)


def check_shown(path: Path, frames: int) -> None:
    """Read the index back from the file.

    Raises:
        ClipDamaged: It does not show exactly so many pictures.
        OSError: It cannot be read.
    """
    presented = Movie(path).track().presented()
    if len(presented) != frames or presented[0][0] != 0:
        raise ClipDamaged(f"{path} shows {len(presented)} pictures instead of {frames}")
