"""What a camera's JPEG is, told from its markers alone (ITU-T T.81, annex B)."""

from typing import Final

_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
_SOS: Final = 0xDA
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NO_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MOST_SIDE: Final = 16384
_MOST_PIXELS: Final = 1 << 26
"""Bits that were turned over make giants; one of them ends an encoder, and with it the clip."""
_TALLEST_SAMPLING: Final = 2
_CHROMAS: Final[dict[tuple[float, float], str]] = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
}
"""Luma samples for each chroma sample, across and down. Cameras send nothing else but grey, and
decoders for video end over it."""
_TAIL: Final = 4096
"""Cameras may pad behind the end by up to so many bytes."""


def whole(data: bytes) -> bool:
    """Whether `data` has a start, a sound chain of headers with a frame and a scan, and an end."""
    return data[:2] == _SOI and data.rfind(_EOI, -_TAIL) > 0 and _headers_hold(data)


def chroma(data: bytes) -> str:
    """Subsampling of a colour JPEG as people write it, such as ``"4:2:0"``.

    Returns:
        ``"4:0:0"`` for grey; empty where the headers are not whole or it is another one.
    """
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _NO_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _FRAME_HEADERS:
            return _chroma_of(data[at + 4 : end])
        at = end
    return ""


def _chroma_of(frame: bytes) -> str:
    """Of a frame header behind its length: sampling factors of each component."""
    if len(frame) >= 9 and frame[5] == 1:
        return "4:0:0"
    if len(frame) < 15 or frame[5] != 3:
        return ""
    luma, blue, red = frame[7], frame[10], frame[13]
    if blue != red or not blue:
        return ""
    wide, tall = (luma >> 4) / max(1, blue >> 4), (luma & 15) / max(1, blue & 15)
    return _CHROMAS.get((wide, tall), "")


def _headers_hold(data: bytes) -> bool:
    at, frame = 2, False
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in _NO_LENGTH:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            return frame and length >= 6 and at + 2 + length < len(data)
        if marker in _FRAME_HEADERS:
            if not _can_be_a_cameras(data[at + 4 : at + 2 + length]):
                return False
            frame = True
        at += 2 + length
    return False


def _can_be_a_cameras(frame: bytes) -> bool:
    """Whether a frame header, behind its length, is of a picture that decoders for video take."""
    if len(frame) < 9:
        return False
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    sides = 0 < height <= _MOST_SIDE and 0 < width <= _MOST_SIDE
    tall = frame[7] & 0x0F
    # A chroma finer than the luma ends jpegdec (tried with 1.22), and with it the clip.
    grey = frame[5] == 1
    return (
        sides
        and height * width <= _MOST_PIXELS
        and tall <= _TALLEST_SAMPLING
        and (grey or _chroma_of(frame) != "")
    )
