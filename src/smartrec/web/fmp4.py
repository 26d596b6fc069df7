"""A coded camera's pictures as fragmented MP4, one fragment a picture, for Media Source Extensions.

Boxes: ISO/IEC 14496-12; H.264 and H.265 in them: ISO/IEC 14496-15; what browsers make of them: W3C
"ISO BMFF Byte Stream Format" and "Media Source Extensions". Nothing is decoded or encoded: the
camera's own access units lie in the fragments as they came.

Media time is microseconds (browsers count in those) and begins at a second with the first picture,
so that what is shown before it, if anything, is not before 0. Composition times are exact. Decoding
times need only order the pictures for a browser, but it takes a step of more than twice the
duration before for a break, and drops all up to the next keyframe. A camera that lost pictures, or
is slower in the dark, takes such steps: they are made smaller.
"""

import struct
from typing import Final

from smartrec.errors import CameraError
from smartrec.media.boxes import Box
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns
from smartrec.web.codec_name import read_private

TIMESCALE: Final = 1_000_000
"""Ticks of media time a second."""

_LEAD: Final = Ns(SECOND)
_NS_A_TICK: Final = SECOND // TIMESCALE
_MOST_BEHIND: Final = 10 * TIMESCALE
"""By so much a decoding time may be early for the sake of small steps."""
_MOST_APART: Final = 20 * TIMESCALE
"""Of decoding and showing a picture."""
_LONGEST: Final = 3600 * TIMESCALE
_TRACK: Final = 1
_MATRIX: Final = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

# sample_depends_on, sample_is_non_sync_sample (8.8.3.1)
_KEYFRAME: Final = 0x02000000
_OTHER: Final = 0x01010000

# moof (mfhd, traf (tfhd, tfdt, trun)) and the head of mdat: of one size, for there is one picture.
_FRAGMENT: Final = struct.Struct(">I4sI4sIII4sI4sIII4sIQI4sIIiIIIiI4s")
_DEFAULT_BASE_IS_MOOF: Final = 0x020000
_TFDT_64_BITS: Final = 0x01000000
# Version 1 (signed composition offsets); data offset, duration, size, flags, composition offset.
_TRUN: Final = 0x01000F01


class FragmentedMp4:
    """The fragments of one run of access units of one format. One thread.

    Args:
        stream: Of the access units; H.264 as ``avc1``, H.265 as ``hvc1``.

    Attributes:
        mime: With the codec's name, for ``MediaSource.isTypeSupported``.
        opening: The init segment.
        zero: What media time 0 is on the pictures' own timeline; known with the first fragment.

    Raises:
        CameraError: Browsers cannot show it.
    """

    def __init__(self, stream: StreamFormat) -> None:
        private = read_private(stream.codec, stream.codec_private)
        if not (0 < stream.width < 1 << 16 and 0 < stream.height < 1 << 16):
            raise CameraError(
                f"A picture of {stream.width}x{stream.height} cannot be shown in a browser",
                hint="Ask the camera for another size.",
            )
        self.mime = f'video/mp4; codecs="{private.name}"'
        self.opening = _ftyp().pack() + _moov(stream).pack()
        self.zero = Ns(0)
        self._length_bytes = private.length_bytes
        self._count = 0
        self._given = self._decode = 0
        self._duration = self._early = 0

    def fragment(self, unit: AccessUnit) -> bytes:
        """The next access unit, in the order of decoding, as ``moof`` and ``mdat``.

        The first must be a keyframe. None may follow one that cannot be shown but a keyframe in a
        `FragmentedMp4` of its own.

        Raises:
            CameraError: It cannot be shown; given all the same, browsers would stop for good.
        """
        if not whole(unit.data, self._length_bytes):
            raise CameraError("A picture is not whole", hint="Check the camera's cable or network.")
        if not self._count:
            self.zero = Ns(unit.dts - _LEAD)
            self._given = self._ticks(unit.dts)
        given, composition = self._ticks(unit.dts), self._ticks(unit.pts)
        self._decode = self._decoding_time(given, composition)
        offset = composition - self._decode
        if abs(offset) > _MOST_APART:
            raise CameraError(
                "A picture's times make no sense",
                hint="Check the camera's clock, or connect to it by TCP.",
            )
        duration = max(unit.duration // _NS_A_TICK, given - self._given, 1)
        self._duration = min(duration, _LONGEST)
        self._given = given
        self._count = self._count % 0xFFFFFFFF + 1
        return self._boxes(offset, unit) + unit.data

    def _ticks(self, time: Ns) -> int:
        return (time - self.zero) // _NS_A_TICK

    def _decoding_time(self, given: int, composition: int) -> int:
        """See the module; also for cameras that say the same time for decoding and showing."""
        if not self._count:
            return given
        step = min(given - self._early - self._decode, 2 * self._duration)
        decode = max(self._decode + max(step, 1), given - _MOST_BEHIND)
        self._early += max(decode - composition, 0)
        return decode

    def _boxes(self, offset: int, unit: AccessUnit) -> bytes:
        return _FRAGMENT.pack(
            *(_FRAGMENT.size - 8, b"moof"),
            *(16, b"mfhd", 0, self._count),
            *(_FRAGMENT.size - 32, b"traf"),
            *(16, b"tfhd", _DEFAULT_BASE_IS_MOOF, _TRACK),
            *(20, b"tfdt", _TFDT_64_BITS, self._decode),
            *(36, b"trun", _TRUN, 1, _FRAGMENT.size),
            *(self._duration, len(unit.data), _KEYFRAME if unit.keyframe else _OTHER, offset),
            *(8 + len(unit.data), b"mdat"),
        )


def whole(data: bytes, length_bytes: int) -> bool:
    """Whether `data` is NAL units with their lengths in front, none empty, and nothing else."""
    at, end = 0, len(data)
    while at + length_bytes < end:
        length = int.from_bytes(data[at : at + length_bytes], "big")
        if not length:
            return False
        at += length_bytes + length
    return at == end and end > 0


def _full(kind: bytes, body: bytes, version: int = 0, flags: int = 0) -> Box:
    return Box(kind, struct.pack(">I", version << 24 | flags) + body)


def _ftyp() -> Box:
    return Box(b"ftyp", b"iso6" + bytes(4) + b"iso6" + b"mp41")


def _moov(stream: StreamFormat) -> Box:
    """No duration is said anywhere, by which browsers know that it is live."""
    mvhd = struct.pack(">IIIIIHxx8x", 0, 0, TIMESCALE, 0, 0x10000, 0x100) + _MATRIX
    tkhd = struct.pack(">IIIII8xHHHxx", 0, 0, _TRACK, 0, 0, 0, 0, 0) + _MATRIX
    mdhd = struct.pack(">IIIIHH", 0, 0, TIMESCALE, 0, 0x55C4, 0)  # language "und"
    trex = struct.pack(">IIIII", _TRACK, 1, 0, 0, 0)
    trak = [
        _full(b"tkhd", tkhd + struct.pack(">II", stream.width << 16, stream.height << 16), flags=3),
        Box(
            b"mdia",
            children=[
                _full(b"mdhd", mdhd),
                _full(b"hdlr", struct.pack(">I4s12x", 0, b"vide") + b"smartrec\0"),
                Box(b"minf", children=_minf(stream)),
            ],
        ),
    ]
    return Box(
        b"moov",
        children=[
            _full(b"mvhd", mvhd + bytes(24) + struct.pack(">I", _TRACK + 1)),
            Box(b"trak", children=trak),
            Box(b"mvex", children=[_full(b"trex", trex)]),
        ],
    )


def _minf(stream: StreamFormat) -> list[Box]:
    here = _full(b"url ", b"", flags=1)
    tables = [_full(kind, bytes(4)) for kind in (b"stts", b"stsc")]
    tables += [_full(b"stsz", bytes(8)), _full(b"stco", bytes(4))]
    described = _full(b"stsd", struct.pack(">I", 1) + _sample_entry(stream).pack())
    return [
        _full(b"vmhd", bytes(8), flags=1),
        Box(b"dinf", children=[_full(b"dref", struct.pack(">I", 1) + here.pack())]),
        Box(b"stbl", children=[described, *tables]),
    ]


def _sample_entry(stream: StreamFormat) -> Box:
    """VisualSampleEntry (12.1.3) with the decoder's set-up."""
    kind, setup = (b"avc1", b"avcC") if stream.codec is Codec.H264 else (b"hvc1", b"hvcC")
    inch = 72 << 16
    body = struct.pack(
        ">6xH16xHHIIIH32sHh", 1, stream.width, stream.height, inch, inch, 0, 1, b"", 24, -1
    )
    return Box(kind, body + Box(setup, stream.codec_private).pack())
