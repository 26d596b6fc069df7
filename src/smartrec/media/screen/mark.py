"""Where upon a picture the marks of a scene lie.

Pure. Everything is measured by the size of the text, which follows the size of the picture; nothing
lies outside the picture.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor
from typing import Final

from smartrec.media.screen import paint
from smartrec.media.screen.paint import Bitmap, Ground, Words
from smartrec.media.screen.scene import Recording, Scene, Slate
from smartrec.model import Box

DISARMED: Final = "DISARMED"
_REASON_LINES: Final = 3
_BARE: Final = 0.1
"""Below this share of the limit, free disk is told in red."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A bitmap at a place, pixels from the picture's top left corner."""

    x: int
    y: int
    bitmap: Bitmap

    def meets(self, other: "Mark") -> bool:
        """Whether they share a pixel."""
        return (
            self.x < other.x + other.bitmap.width
            and other.x < self.x + self.bitmap.width
            and self.y < other.y + other.bitmap.height
            and other.y < self.y + self.bitmap.height
        )


def marks(scene: Scene, width: int, height: int) -> tuple[Mark, ...]:
    """All marks of a scene, in the order they are drawn, on a picture of so many pixels."""
    canvas = _Canvas(width, height)
    corners = [*canvas.corners(scene)]
    if scene.slate is not None:
        return (*canvas.slate(scene.slate, scene.name), *corners)
    if scene.silent_s is not None:
        corners.append(canvas.middle(f"no picture for {scene.silent_s} s"))
    sides: list[Mark] = []
    labels: list[Mark] = []
    for person in scene.persons:
        frame = canvas.frame(person.box)
        sides += canvas.sides(frame)
        labels.append(canvas.label(frame, person.score, (*corners, *labels)))
    return (*sides, *labels, *corners)


def percent(score: float) -> int:
    """A score for people: whole percent, half rounded up."""
    return floor(score * 100 + 0.5)


def in_minutes(running_s: int) -> str:
    """Such as ``"0:12"`` or ``"1:02:03"``."""
    minutes, left = divmod(running_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def in_gigabytes(size: int) -> str:
    """Free disk for people, such as ``"1.2 GB"`` or ``"340 MB"``; rounded down."""
    if size < 1_000_000_000:
        return f"{size // 1_000_000} MB"
    return f"{size // 100_000_000 / 10:.1f} GB"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The outer edges of a box in pixels; right and bottom are behind the last."""

    left: int
    top: int
    right: int
    bottom: int


class _Canvas:
    """A picture of one size, and the measures that follow from it."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._text = paint.text_size(width, height)
        self._line, self._edge = paint.line_width(self._text), paint.edge_width(self._text)
        self._margin = round(self._text * 0.6)
        self._most = max(1, width - 2 * self._margin)

    def corners(self, scene: Scene) -> Iterable[Mark]:
        """All that has a corner; where two need one line, the second goes on."""
        placed: list[Mark] = []
        if scene.recording is not None:
            placed.append(self._corner(_light(scene.recording), right=True, up=True, placed=placed))
        if not scene.armed:
            plate = (Words(DISARMED, paint.AMBER),)
            placed.append(self._corner(plate, right=True, up=True, placed=placed))
        if scene.name and scene.slate is None:
            runs = (Words(scene.name),)
            placed.append(self._corner(runs, right=False, up=True, placed=placed))
        if scene.disk is not None:
            placed.append(self._corner(_disk(*scene.disk), right=True, up=False, placed=placed))
        if scene.notice:
            runs = (Words(scene.notice),)
            placed.append(self._corner(runs, right=False, up=False, placed=placed))
        return placed

    def middle(self, text: str) -> Mark:
        """A plate in the middle of the picture."""
        bitmap = paint.words((Words(text),), self._text, self._most)
        return self._at(
            (self._width - bitmap.width) // 2, (self._height - bitmap.height) // 2, bitmap
        )

    def slate(self, slate: Slate, name: str) -> Iterable[Mark]:
        """Lines in the middle, each below the other."""
        large, text = round(self._text * 1.5), self._text
        lines = [(name, text, paint.MUTED)] if name else []
        lines.append((slate.title, large, paint.WHITE))
        reason = paint.wrapped(slate.reason, text, self._most, _REASON_LINES)
        lines += [(line, text, paint.WHITE) for line in reason]
        if slate.since:
            lines.append((slate.since, text, paint.MUTED))
        bitmaps = [
            paint.words((Words(line, colour),), size, self._most, Ground.NONE)
            for line, size, colour in lines
        ]
        gap = round(text * 0.4)
        y = (self._height - sum(each.height + gap for each in bitmaps) + gap) // 2
        for bitmap in bitmaps:
            yield self._at((self._width - bitmap.width) // 2, y, bitmap)
            y += bitmap.height + gap

    def frame(self, box: Box) -> _Frame:
        """Where a box's outer edges lie: its line is centred on the box, inside the picture."""
        half = self._edge + self._line // 2
        least = 2 * (2 * self._edge + self._line)
        left, right = _span(box.left, box.right, self._width, half, least)
        top, bottom = _span(box.top, box.bottom, self._height, half, least)
        return _Frame(left, top, right, bottom)

    def sides(self, frame: _Frame) -> Iterable[Mark]:
        """The four sides of a box."""
        thick = self._line + 2 * self._edge
        # The upright ones reach into the corners as far as the dark edge does, to join the lines.
        inset = thick - self._edge
        lying = paint.side(frame.right - frame.left, self._line, self._edge, upright=False)
        length = frame.bottom - frame.top - 2 * inset
        upright = paint.side(max(1, length), self._line, self._edge, upright=True)
        yield Mark(frame.left, frame.top, lying)
        yield Mark(frame.left, max(0, frame.bottom - thick), lying)
        yield Mark(frame.left, frame.top + inset, upright)
        yield Mark(max(0, frame.right - thick), frame.top + inset, upright)

    def label(self, frame: _Frame, score: float, taken: tuple[Mark, ...]) -> Mark:
        """A person's label: above the box, else within, else below; clear of others if it can."""
        runs = (Words(f"person {percent(score)} %"),)
        bitmap = paint.words(runs, self._text, self._width)
        thick, gap = self._line + 2 * self._edge, self._edge
        inside = frame.left + thick + gap
        places = (
            (frame.left, frame.top - gap - bitmap.height),
            (inside, frame.top + thick + gap),
            (inside, frame.bottom - thick - gap - bitmap.height),
            (frame.left, frame.bottom + gap),
        )
        fitting = [
            mark
            for x, y in places
            if (mark := self._at(x, y, bitmap)).y == y and not any(map(mark.meets, taken))
        ]
        return fitting[0] if fitting else self._at(*places[1], bitmap)

    def _corner(
        self, runs: tuple[Words, ...], *, right: bool, up: bool, placed: list[Mark]
    ) -> Mark:
        bitmap = paint.words(runs, self._text, self._most)
        x = self._width - self._margin - bitmap.width if right else self._margin
        step = bitmap.height + self._margin // 2
        y = self._margin if up else self._height - self._margin - bitmap.height
        lines = (self._at(x, y + n * step if up else y - n * step, bitmap) for n in range(3))
        fitting = (mark for mark in lines if not any(map(mark.meets, placed)))
        return next(fitting, self._at(x, y, bitmap))

    def _at(self, x: int, y: int, bitmap: Bitmap) -> Mark:
        """There, or as near as it lies within the picture."""
        x = max(0, min(x, self._width - bitmap.width))
        return Mark(x, max(0, min(y, self._height - bitmap.height)), bitmap)


def _span(first: float, last: float, length: int, half: int, least: int) -> tuple[int, int]:
    """Outer ends in pixels, within the picture and at least `least` apart if it is that long."""
    begin = max(0, min(round(first * length) - half, length - least))
    return begin, min(length, max(round(last * length) + half, begin + least))


def _light(recording: Recording) -> tuple[Words, ...]:
    # Lit for a second, dim for a second: half a hertz.
    dot = paint.RED if recording.running_s % 2 == 0 else paint.DARK_RED
    runs = (Words(f"REC {in_minutes(recording.running_s)}", dot=dot),)
    if recording.pre_roll_s is None:
        return runs
    return (*runs, Words(f"   {recording.pre_roll_s:.1f} s before", paint.MUTED))


def _disk(free: int, limit: int) -> tuple[Words, ...]:
    colour = paint.RED if free < limit * _BARE else paint.AMBER
    return (Words(f"disk: {in_gigabytes(free)} free", colour),)
