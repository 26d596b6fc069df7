"""What browsers call a coded stream (RFC 6381), read from the decoder's set-up.

avcC: ISO/IEC 14496-15, 5.3.3.1. hvcC: the same, 8.3.3.1; its name: the same, annex E.3. Cameras are
not trusted: whatever does not fit is an error, and nothing is read beyond the bytes there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smartrec.errors import CameraError
from smartrec.model import Codec

_MOST: Final = 1 << 16
"""Bytes of a set-up; real ones have some hundred."""
_AVC_SPS, _AVC_PPS = 7, 8
_HEVC_SETS: Final = {32: "video", 33: "sequence", 34: "picture"}
_HEVC_FIRST_SET: Final = 22
_SPACES: Final = ("", "A", "B", "C")


@dataclass(frozen=True, slots=True)
class Private:
    """What a decoder's set-up says of its stream.

    Attributes:
        name: For ``codecs=``, such as ``"avc1.64001f"``.
        length_bytes: Of the length in front of each NAL unit: 1, 2 or 4.
    """

    name: str
    length_bytes: int


def read_private(codec: Codec, private: bytes) -> Private:
    """Read an avcC or hvcC.

    Args:
        codec: H264 or H265.
        private: Its bytes, as in `StreamFormat.codec_private`.

    Raises:
        CameraError: It is none, or it is torn.
    """
    if len(private) > _MOST:
        raise _unusable(codec, f"it has {len(private)} bytes")
    try:
        return _avc(private) if codec is Codec.H264 else _hevc(private)
    except IndexError:
        raise _unusable(codec, "it is cut off") from None
    except ValueError as error:
        raise _unusable(codec, str(error)) from None


def _unusable(codec: Codec, why: str) -> CameraError:
    return CameraError(
        f"The camera's {codec.value.upper()} cannot be shown in a browser, for its decoder set-up"
        f" is unusable: {why}",
        hint="Ask the camera for another format, for example MJPEG; clips are recorded as before.",
    )


def _avc(private: bytes) -> Private:
    if private[0] != 1:
        raise ValueError(f"version {private[0]} is not known")
    behind = _behind_sets(private, 6, private[5] & 0x1F, _AVC_SPS)
    _behind_sets(private, behind + 1, private[behind], _AVC_PPS)
    return Private(f"avc1.{private[1:4].hex()}", _length_bytes(private[4]))


def _behind_sets(private: bytes, at: int, count: int, kind: int) -> int:
    """Where `count` parameter sets that begin at `at` end."""
    if not count:
        raise ValueError("it lacks a parameter set")
    for _ in range(count):
        unit = _nal(private, at)
        if unit[0] & 0x9F != kind:
            raise ValueError("a parameter set in it is none")
        at += 2 + len(unit)
    return at


def _nal(private: bytes, at: int) -> bytes:
    """The NAL unit behind its 16-bit length at `at`."""
    length = private[at] << 8 | private[at + 1]
    unit = private[at + 2 : at + 2 + length]
    if len(unit) != length:
        raise IndexError
    if length < 2:
        raise ValueError("a parameter set in it is empty")
    return unit


def _length_bytes(byte: int) -> int:
    length = (byte & 3) + 1
    if length == 3:
        raise ValueError("lengths of 3 bytes are not allowed")
    return length


def _hevc(private: bytes) -> Private:
    if private[0] != 1:
        raise ValueError(f"version {private[0]} is not known")
    kinds = set(_hevc_sets(private))
    for kind, name in _HEVC_SETS.items():
        if kind not in kinds:
            raise ValueError(f"it lacks a {name} parameter set")
    space, tier, profile = private[1] >> 6, private[1] >> 5 & 1, private[1] & 0x1F
    # Bit i is for profile i: the other way round than it is stored.
    compatible = int(f"{int.from_bytes(private[2:6], 'big'):032b}"[::-1], 2)
    constraints = private[6:12].rstrip(b"\0")
    parts = (
        "hvc1",
        f"{_SPACES[space]}{profile}",
        f"{compatible:X}",
        f"{'LH'[tier]}{private[12]}",
        *(f"{byte:X}" for byte in constraints),
    )
    return Private(".".join(parts), _length_bytes(private[21]))


def _hevc_sets(private: bytes) -> Iterator[int]:
    """The kind of each parameter set, as its own first byte says."""
    at = _HEVC_FIRST_SET + 1
    for _ in range(private[_HEVC_FIRST_SET]):
        count = private[at + 1] << 8 | private[at + 2]
        at += 3
        for _ in range(count):
            unit = _nal(private, at)
            yield unit[0] >> 1 & 0x3F
            at += 2 + len(unit)
