"""Which pictures of an H.264 or H.265 stream can be decoded when parts of it were lost on the way.

Pure. A picture is coded from others back to the keyframe before it. So one lost packet spoils the
picture that it belongs to and all that follow up to the next keyframe: they are counted as damaged,
for what a decoder would make of them is not what the camera saw.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Final

from smartrec.model import Codec
from smartrec.units import Ns

_REMEMBERED: Final = 15
_LENGTH: Final = 4
"""Bytes before each NAL unit that hold its length, as h264parse and h265parse write them."""


@dataclass(frozen=True, slots=True)
class Slices:
    """The coded parts of a picture.

    Attributes:
        count: How many there are.
        from_top: The first of them is the picture's first.
    """

    count: int
    from_top: bool


def slices_of(data: bytes, codec: Codec) -> Slices:
    """The slices in an access unit of NAL units with their length before them.

    Slices are NAL units of type 1 to 5 (ITU-T H.264, table 7-1) or 0 to 31 (ITU-T H.265, table
    7-1). The first bit behind the NAL unit's header is 1 in a picture's first slice only: H.264
    writes ``first_mb_in_slice`` 0 so, H.265 has ``first_slice_segment_in_pic_flag`` there.
    """
    header = 1 if codec is Codec.H264 else 2
    count, from_top, at = 0, False, 0
    while at + _LENGTH + header < len(data):
        first = data[at + _LENGTH]
        coded = 1 <= first & 0x1F <= 5 if codec is Codec.H264 else (first >> 1) & 0x3F < 32
        if coded:
            if count == 0:
                from_top = data[at + _LENGTH + header] >= 0x80
            count += 1
        at += _LENGTH + int.from_bytes(data[at : at + _LENGTH], "big")
    return Slices(count, from_top)


class Continuity:
    """Follows one stream from its first picture on.

    How many pictures are missing is told by time: a camera's own clock spaces them evenly, and the
    usual spacing is that of the last pictures between which nothing was lost. So the count is exact
    for a steady rate only. No loss is believed without a packet that is missing.

    Args:
        codec: H.264 or H.265.
        spacing: Nominal time between two pictures.
    """

    def __init__(self, codec: Codec, spacing: Ns) -> None:
        self._codec = codec
        self._spacing: int = spacing
        self._spacings: deque[int] = deque(maxlen=_REMEMBERED)
        self._pts: Ns | None = None
        self._torn = False
        self._spoiled = False
        self._slices = 0

    def take(self, data: bytes, pts: Ns, *, keyframe: bool, torn: bool) -> tuple[int, bool]:
        """Judge the next picture: how many are missing before it, and whether it can be decoded.

        Args:
            data: Its NAL units.
            pts: When it was taken.
            keyframe: Whether it needs no other.
            torn: Packets went missing since the picture before was handed over: some of this
                one's own, or of one before it that did not come at all.
        """
        slices = slices_of(data, self._codec)
        before, self._pts = self._pts, pts
        if before is None:
            torn = False
        shaken = torn or self._torn  # a loss across two pictures shows with the second only
        self._torn = torn
        missing = 0
        if before is not None and shaken:
            missing = max(0, round((pts - before) / self._usual()) - 1)
        elif before is not None and pts > before:
            self._spacings.append(pts - before)
        cut = shaken and not slices.from_top
        cut = cut or (torn and (missing == 0 or slices.count < self._slices))
        if not shaken:
            self._slices = slices.count
        self._spoiled = (self._spoiled and not keyframe) or cut or (missing > 0 and not keyframe)
        return missing, not self._spoiled

    def _usual(self) -> float:
        return median(self._spacings) if self._spacings else self._spacing
