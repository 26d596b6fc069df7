"""One clip drawn to scale for people: pre-roll, event, post-roll, and when persons were seen. Pure.

A column is a 64th of the clip. A score's height is an eighth of the line, in ASCII its first digit.
"""

from collections.abc import Sequence
from typing import Final

from smartrec.model import Look
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns

BLOCKS: Final = "▁▂▃▄▅▆▇█"
DIGITS: Final = "0123456789"
"""What scores are drawn with, from 0 to 1."""

_COLUMNS: Final = 64
_HOLDS: Final = SECOND
"""A look stands for what follows it until the next, but for no longer than this (ns)."""
_FAINT: Final = {BLOCKS: "·", DIGITS: "."}


def timeline(clip: ClipRecord, looks: Sequence[Look] = (), heights: str = BLOCKS) -> list[str]:
    """Lines of 66 columns: lengths, bar, triggers, persons; none while it is unknown.

    Args:
        clip: With its triggers.
        looks: What was seen in it, by time.
        heights: `BLOCKS`, or `DIGITS` for a terminal that has only ASCII.
    """
    pre, post, whole = clip.actual_pre, clip.actual_post, clip.duration
    if not whole or pre is None or post is None or clip.first_pts is None:
        return []
    event = Ns(max(0, whole - pre - post))
    left = min(_COLUMNS - 1, pre * _COLUMNS // whole)
    middle = min(_COLUMNS - left, max(1, event * _COLUMNS // whole))
    marks = [" "] * _COLUMNS
    for trigger in clip.triggers:
        if 0 <= (at := trigger.pts - clip.first_pts) <= whole:
            marks[min(_COLUMNS - 1, at * _COLUMNS // whole)] = "^"
    parts = (("pre-roll", pre), ("event", event), ("post-roll", post))
    labels = [f"{name} {in_seconds(length)}" for name, length in parts]
    room = _COLUMNS + 2 - sum(map(len, labels))
    return [
        labels[0] + " " * (room // 2) + labels[1] + " " * (room - room // 2) + labels[2],
        f"[{'-' * left}{'#' * middle}{'-' * (_COLUMNS - left - middle)}]",
        f" {''.join(marks)}".rstrip(),
        *_persons(clip, looks, heights),
    ]


def in_seconds(value: int) -> str:
    """A length of so many nanoseconds, to the millisecond."""
    return f"{value / SECOND:.3f} s"


def percent(score: float) -> str:
    """A score as on the screen."""
    return f"{score * 100:.0f} %"


def _persons(clip: ClipRecord, looks: Sequence[Look], heights: str) -> list[str]:
    """When persons were seen, and a legend; empty where nobody looked."""
    assert clip.first_pts is not None
    assert clip.duration is not None
    shown = [look for look in looks if 0 <= look.pts - clip.first_pts < clip.duration]
    if not shown:
        return []
    wanted = _confidence(clip)
    columns = _best_of_columns(shown, clip.first_pts, clip.duration)
    line = "".join(_mark(best, wanted, heights) for best in columns)
    legend = _legend(shown, wanted)
    if any(0 < best < wanted for best in columns):
        legend += f", {_FAINT[heights]} below {percent(wanted)}"
    return [*([f" {line}".rstrip()] if line.strip() else []), f" {legend}"]


def _confidence(clip: ClipRecord) -> float:
    """The lowest score that counted for a trigger of this clip; 0 where no person triggered."""
    wanted = [t.why.get("min_confidence") for t in clip.triggers]
    return min((w for w in wanted if isinstance(w, float)), default=0.0)


def _best_of_columns(looks: Sequence[Look], start: Ns, length: Ns) -> list[float]:
    """The highest score in each column; 0 where there was nobody, or nobody looked."""
    columns = [0.0] * _COLUMNS
    ends = [*(look.pts for look in looks[1:]), start + length]
    for look, following in zip(looks, ends, strict=True):
        best = max((track.score for track in look.tracks), default=0.0)
        until = max(look.pts + 1, min(following, look.pts + _HOLDS))
        first = (look.pts - start) * _COLUMNS // length
        for column in range(first, (until - 1 - start) * _COLUMNS // length + 1):
            columns[column] = max(columns[column], best)
    return columns


def _mark(best: float, wanted: float, heights: str) -> str:
    if best <= 0:
        return " "
    if best < wanted:
        return _FAINT[heights]
    return heights[min(len(heights) - 1, int(best * len(heights)))]


def _legend(looks: Sequence[Look], wanted: float) -> str:
    counts = [[t.score for t in look.tracks if t.score >= wanted] for look in looks]
    seen = [scores for scores in counts if scores]
    if not seen:
        return f"no persons in {len(looks)} pictures looked at"
    best, most = max(map(max, seen)), max(map(len, seen))
    return f"persons in {len(seen)} of {len(looks)} looked at, {most} at once, best {percent(best)}"
