"""What nvdsosd shall draw: persons with their confidence, and what is said of a camera."""

from collections.abc import Iterator
from typing import Final

from smartrec.media.engines.deepstream.annotations import WHITE, Frame, Object, Rgba, Text
from smartrec.media.screen import paint
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.mark import DISARMED, in_gigabytes, in_minutes, percent
from smartrec.media.screen.scene import Scene

_POINTS: Final = 0.75
"""Of a pixel, at the 96 dpi that nvdsosd writes at."""
_WIDE: Final = 0.7
"""Of its height is a letter, or less; nvdsosd does not say how long a text becomes."""


def _rgba(color: paint.Colour) -> Rgba:
    red, green, blue = color
    return red / 255, green / 255, blue / 255, 1.0


BOX: Final = _rgba(paint.BOX)
_RED: Final = _rgba(paint.RED)
_MUTED: Final = _rgba(paint.MUTED)
_AMBER: Final = _rgba(paint.AMBER)


def restyle(
    frame: Frame, persons: tuple[int, ...], min_confidence: float, shown_at: tuple[int, int]
) -> None:
    """Show persons who are sure enough, and nothing else.

    Args:
        frame: Of a batch.
        persons: Their classes; none to hide all.
        min_confidence: From which a person is shown.
        shown_at: Width and height of the picture when it is drawn upon, pixels.
    """
    size = paint.text_size(*shown_at)
    line, letters = paint.line_width(size), round(size * _POINTS)
    for found in frame.objects:
        if found.class_id in persons and score_of(found, min_confidence) >= min_confidence:
            sure = f" {percent(found.confidence)} %" if found.confidence >= 0 else ""
            found.show(f"person{sure}", BOX, line, letters)
        else:
            found.hide()


def score_of(found: Object, unknown: float) -> float:
    """Its confidence, 0 to 1; `unknown` where the configuration's clustering keeps none."""
    return min(1.0, found.confidence) if found.confidence >= 0 else unknown


def texts(scene: Scene, at: Rect) -> Iterator[Text]:
    """What is said of a camera upon its picture.

    Args:
        scene: Without a slate: that is shown another way.
        at: Where the picture lies, pixels.
    """
    size = paint.text_size(at.width, at.height)
    margin, line = round(size * 0.6), round(size * 1.9)
    left, top, bottom = at.x + margin, at.y + margin, at.y + at.height - margin - size

    def text(words: str, x: int, y: int, color: Rgba = WHITE) -> Text:
        return Text(words, x, y, round(size * _POINTS), color)

    for words, color in _heads(scene):
        yield text(words, left, top, color)
        top += line
    if scene.recording is not None:
        words = f"REC {in_minutes(scene.recording.running_s)}"
        yield text(words, left, top, _RED)
        if scene.recording.pre_roll_s is not None:
            after = left + round(len(words) * size * _WIDE) + margin
            yield text(f"{scene.recording.pre_roll_s:.1f} s before", after, top, _MUTED)
    if scene.silent_s is not None:
        yield text(f"no picture for {scene.silent_s} s", left, at.y + at.height // 2)
    if scene.disk is not None:
        yield text(f"disk: {in_gigabytes(scene.disk[0])} free", left, bottom, _AMBER)
        bottom -= line
    if scene.notice:
        yield text(scene.notice, left, bottom)


def _heads(scene: Scene) -> Iterator[tuple[str, Rgba]]:
    if scene.name:
        yield scene.name, WHITE
    if not scene.armed:
        yield DISARMED, _AMBER
