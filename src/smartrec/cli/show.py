"""Clips as text for people: a table, and one clip with its proof in words. Pure."""

import json
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Final

from smartrec.cli.timeline import BLOCKS, in_seconds, percent, timeline
from smartrec.model import Look, Loss, Trigger
from smartrec.store.record import ClipRecord
from smartrec.terminal import printable
from smartrec.units import SECOND, Ns

_CAMERA_MAX: Final = 24
_COLUMNS: Final = 80
_COLUMNS_MIN: Final = 40
_HEADINGS: Final = (
    *("TIME", "CAMERA", "TRIGGER", "LENGTH", "PRE got/asked", "POST got/asked"),
    *("FRAMES", "STATE", "PATH"),
)
_WHOLE: Final = 10_000_000
"""Nanoseconds of silence that nobody hears missing."""
_LOST: Final = {
    Loss.DRIVER.value: "between camera and driver",
    Loss.DAMAGED.value: "arrived damaged",
    Loss.RING.value: "no longer in the ring",
    Loss.DECODER.value: "the decoder could not read",
    Loss.SMART_RECORD.value: "not recorded by NVIDIA's Smart Record",
    Loss.UNKNOWN.value: "for no known cause",
}


def table(clips: Sequence[ClipRecord]) -> Iterator[str]:
    """A line of headings and one for each clip."""
    yield from aligned([_HEADINGS, *(_row(clip) for clip in clips)])


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line for each row, its cells below those of the others."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        )
        yield "  ".join(padded).rstrip()


def description(
    clip: ClipRecord, looks: Sequence[Look] = (), heights: str = BLOCKS
) -> Iterator[str]:
    """Everything about one clip, its proof in words.

    Args:
        clip: The clip.
        looks: What was seen in it, by time.
        heights: See `smartrec.cli.timeline.timeline`.
    """
    yield f"{printable(clip.file_name)}  {clip.state.value}"
    for name, text in _facts(clip):
        yield f"  {name:<12}{text}".rstrip()
    if bar := timeline(clip, looks, heights):
        yield ""
        yield from (f"  {line}" for line in bar)
    yield ""
    yield from _trigger_lines(clip)
    yield ""
    for name, text in _origin(clip):
        yield f"  {name:<12}{text}".rstrip()


def proof(clip: ClipRecord) -> Iterator[str]:
    """What was asked, what is there, and where the rest went."""
    before = _got(clip, clip.actual_pre, clip.asked_pre)
    after = _got(clip, clip.actual_post, clip.asked_post)
    yield f"asked {in_seconds(clip.asked_pre)} before, {before}"
    yield f"asked {in_seconds(clip.asked_post)} after, {after}"
    expected = "?" if clip.expected is None else clip.expected
    if clip.written is None:
        yield f"{expected} frames expected, written when it is finished"
    else:
        yield f"{expected} frames expected, {clip.written} written, {clip.frames_lost} lost"
    for cause, count in clip.lost.items():
        yield f"{count} lost: {_LOST.get(cause, printable(cause))}"
    if clip.silent is not None:
        yield sound(clip.silent, clip.duration)
    if clip.surplus:
        yield f"{clip.surplus} more than expected: please report this as a bug of smartrec"


def sound(silent: Ns, duration: Ns | None) -> str:
    """How much of a clip's sound there is."""
    if silent == duration:
        return "no sound: the microphone gave none"
    if silent < _WHOLE:
        return "sound without a gap"
    return f"sound, but {in_seconds(silent)} are silence: the microphone gave none then"


def in_words(trigger: Trigger) -> str:
    """What led to a trigger; what has no words of its own stays as it is."""
    why = dict(trigger.why)
    person = [*_person_in_words(why)] if trigger.reason == "person" else []
    lasted = (
        [] if trigger.last is None else [f"there for {(trigger.last - trigger.pts) / SECOND:.1f} s"]
    )
    rest = (f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in why.items())
    return ", ".join([*person, *lasted, *rest])


def _person_in_words(why: dict[str, object]) -> Iterator[str]:
    """What `smartrec.detection.presence` gives as the reason; takes from `why` what it tells."""
    match why:
        case {"best": {"score": float(best)}}:
            yield f"{percent(best)} at best"
            del why["best"]
    match why:
        case {"frames": list(frames), "min_confidence": float(wanted)}:
            pictures = "1 picture" if len(frames) == 1 else f"{len(frames)} pictures"
            yield f"at least {percent(wanted)} in {pictures}"
            del why["frames"], why["min_confidence"]
    match why:
        case {"zone": str(zone)}:
            yield f"zone {zone}"
            del why["zone"]
        case {"zone": None}:
            del why["zone"]
    match why:
        case {"track": int(track)}:
            yield f"track {track}"
            del why["track"]


def shown_path(path: Path | None) -> str:
    """A path as short as it can be from here."""
    if path is None:
        return "-"
    here = Path.cwd()
    return printable(str(path.relative_to(here) if path.is_relative_to(here) else path))


def local_time(wall_ns: int, *, exact: bool = False) -> str:
    """A moment on this machine's own clock face; `exact` adds milliseconds and zone."""
    when = datetime.fromtimestamp(wall_ns // SECOND).astimezone()
    text = f"{when:%Y-%m-%d %H:%M:%S}"
    return f"{text}.{wall_ns % SECOND // 1_000_000:03d} {when:%z}" if exact else text


def _row(clip: ClipRecord) -> tuple[str, ...]:
    camera = printable(clip.camera_name)
    return (
        local_time(clip.start_wall_ns),
        camera if len(camera) <= _CAMERA_MAX else f"{camera[: _CAMERA_MAX - 1]}…",
        _first_reason(clip),
        "-" if clip.duration is None else f"{clip.duration / SECOND:.1f} s",
        f"{_short(clip.actual_pre)}/{_short(clip.asked_pre)}",
        f"{_short(clip.actual_post)}/{_short(clip.asked_post)}",
        "/".join("-" if n is None else str(n) for n in (clip.written, clip.expected)),
        f"{clip.state.value}{', pinned' * clip.pinned}",
        shown_path(clip.path),
    )


def _facts(clip: ClipRecord) -> Iterator[tuple[str, str]]:
    size = "" if clip.bytes is None else f"  ({clip.bytes / 1e6:.1f} MB)"
    yield "path", f"{shown_path(clip.path)}{size}"
    if clip.thumbnail is not None:
        yield "thumbnail", shown_path(clip.thumbnail)
    if clip.error is not None:
        yield "error", printable(clip.error)
    if clip.pinned:
        yield "kept", "pinned: it stays until it is unpinned"
    if clip.trashed_ns is not None:
        yield "trash", f"since {local_time(clip.trashed_ns)}: smartrec clips restore CLIP"
    if clip.note:
        yield from zip_longest(["note"], map(printable, clip.note.split("\n")), fillvalue="")
    yield "camera", f"{printable(clip.camera_name)} ({printable(clip.camera_id)})"
    yield "start", local_time(clip.start_wall_ns, exact=True)
    yield "length", "not known yet" if clip.duration is None else in_seconds(clip.duration)
    yield from zip_longest(["proof"], proof(clip), fillvalue="")


def _trigger_lines(clip: ClipRecord) -> Iterator[str]:
    for trigger in clip.triggers:
        moment = f"  {_since_start(clip, trigger):>12}  {printable(trigger.reason)}  "
        room = max(_COLUMNS_MIN, _COLUMNS - _width(moment))
        words = textwrap.wrap(printable(in_words(trigger)), room, break_on_hyphens=False)
        for line, before in zip_longest(words or [""], [moment], fillvalue=" " * _width(moment)):
            yield f"{before}{line}".rstrip()


def _since_start(clip: ClipRecord, trigger: Trigger) -> str:
    since = clip.instant.wall_at(trigger.pts) - clip.start_wall_ns
    return f"{since / SECOND:+.3f} s"


def _origin(clip: ClipRecord) -> Iterator[tuple[str, str]]:
    encoder = f", {clip.encoder}" if clip.encoder else ""
    made = f"smartrec {clip.software_version or '?'}{encoder}"
    yield "made by", f"{made}, from {clip.codec} {clip.width}x{clip.height}"
    yield "detector", clip.engine + (f", model {clip.model_digest}" if clip.model_digest else "")
    yield "clock", _clock(clip)
    yield "sha256", clip.sha256 or "-"
    yield "settings", clip.config_digest or "-"
    yield "clip id", clip.clip_id
    yield "event id", f"{clip.event_id}, part {clip.part}"
    yield "station id", clip.station_id


def _clock(clip: ClipRecord) -> str:
    clock = clip.instant.clock
    if not clock.synced:  # then the kernel's bound is 16 s, whatever the clock says
        return f"not synchronised, off by an unknown time ({clock.source})"
    bound = "" if clock.max_error_us is None else f", off by at most {clock.max_error_us / 1e3} ms"
    return f"synchronised{bound} ({clock.source})"


def _got(clip: ClipRecord, actual: Ns | None, asked: Ns) -> str:
    if actual is None:
        return "got: not known yet" if clip.open else "got nothing"
    frame = (clip.duration or 0) // max(1, clip.written or 1)
    less = asked - actual
    return f"got {in_seconds(actual)}" + (f": {in_seconds(Ns(less))} less" if less > frame else "")


def _first_reason(clip: ClipRecord) -> str:
    if not clip.triggers:
        return "-"
    more = f" +{len(clip.triggers) - 1}" if len(clip.triggers) > 1 else ""
    return printable(clip.triggers[0].reason)[:_CAMERA_MAX] + more


def _short(value: Ns | None) -> str:
    return "-" if value is None else f"{value / SECOND:.2f}"


def _width(text: str) -> int:
    """Columns on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
