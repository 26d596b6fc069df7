"""Puts sound into a finished MP4: packets behind the pictures, and a track that shows them exactly.

The pictures stay where they are. Players skip what the encoder puts before the first sample and
behind the last by an edit list (ISO/IEC 14496-12, 8.6.6), so sound begins with the first picture.
"""

import struct
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Final

from smartrec.errors import ClipDamaged
from smartrec.media.boxes import Box, packed, top_boxes, tree, unsigned
from smartrec.media.sound_encoder import PACKET, SoundEncoder
from smartrec.recording.sound import RATE
from smartrec.recording.sound_line import Samples

_CHUNK: Final = 47
"""Packets a chunk, about a second: players read them at once."""
_UNITY: Final = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UND: Final = 0x55C4
"""No language: "und", as three letters of five bits each."""
_MDAT: Final = struct.Struct(">I4sQ")


def add_sound(path: Path, encoder: SoundEncoder, pieces: Iterator[Samples], samples: int) -> None:
    """Encode and add a track of sound that begins with the first picture shown.

    Args:
        path: An MP4 whose index stands behind its media; torn when this fails.
        encoder: Not used before.
        pieces: The samples.
        samples: How many.

    Raises:
        ClipDamaged: The file is not like that.
        SmartrecError: The encoder failed.
        OSError: The file cannot be written.
    """
    with path.open("r+b") as file:
        at, size = _index_of(file, path)
        file.seek(at)
        index = file.read(size)
        behind = file.read()
        file.seek(at)
        file.truncate()
        sizes = _write_media(file, encoder.packets(pieces))
        if len(sizes) * PACKET < encoder.priming + samples:
            raise ClipDamaged(f"The encoder made {len(sizes)} packets of {samples} samples")
        moov = tree(index)[0]
        _add_track(moov, _Sound(encoder, samples, sizes, at + _MDAT.size))
        file.write(moov.pack() + behind)


class _Sound:
    """What the tables of a track of sound are made of."""

    def __init__(self, encoder: SoundEncoder, samples: int, sizes: list[int], offset: int) -> None:
        self.config = encoder.config
        self.priming = encoder.priming
        self.samples = samples
        self.sizes = sizes
        starts = list(accumulate(sizes, initial=offset))
        self.chunks = starts[: len(sizes) : _CHUNK]


def _index_of(file: BinaryIO, path: Path) -> tuple[int, int]:
    boxes = list(top_boxes(file))
    for place, (kind, at, size) in enumerate(boxes):
        if kind == b"moov":
            if any(later == b"mdat" for later, _, _ in boxes[place:]):
                raise ClipDamaged(f"{path} has media behind its index")
            return at, size
    raise ClipDamaged(f"{path} has no index: it was never finished")


def _write_media(file: BinaryIO, packets: Iterator[bytes]) -> list[int]:
    """A media box of all packets; their sizes."""
    at = file.tell()
    file.write(_MDAT.pack(1, b"mdat", _MDAT.size))
    sizes = []
    for packet in packets:
        file.write(packet)
        sizes.append(len(packet))
    file.seek(at)
    file.write(_MDAT.pack(1, b"mdat", _MDAT.size + sum(sizes)))
    file.seek(0, 2)
    return sizes


def _add_track(moov: Box, sound: _Sound) -> None:
    header = moov.need(b"mvhd")
    long = header.payload[0] == 1
    timescale = unsigned(header.payload, 20 if long else 12)
    number = unsigned(header.payload, len(header.payload) - 4)
    header.payload = header.payload[:-4] + struct.pack(">I", number + 1)
    place = max(n for n, box in enumerate(moov.children) if box.kind == b"trak")
    moov.children.insert(place + 1, _track(sound, number, timescale))


def _track(sound: _Sound, number: int, timescale: int) -> Box:
    shown = sound.samples * timescale // RATE
    # Version 1: a day has more ticks than 32 bits hold.
    tkhd = struct.pack(
        ">IQQIxxxxQ8xHHHxx", 0x01000003, 0, 0, number, shown, 0, 1, 0x0100
    )  # enabled and in the movie; alternate group 1; full volume
    edit = struct.pack(">IIQqHH", 0x01000000, 1, shown, sound.priming, 1, 0)
    media = [
        Box(
            b"mdhd",
            struct.pack(">IQQIQHH", 1 << 24, 0, 0, RATE, len(sound.sizes) * PACKET, _UND, 0),
        ),
        Box(b"hdlr", struct.pack(">II4s12x", 0, 0, b"soun") + b"smartrec\0"),
        Box(b"minf", children=_media_information(sound)),
    ]
    return Box(
        b"trak",
        children=[
            Box(b"tkhd", tkhd + _UNITY + bytes(8)),
            Box(b"edts", children=[Box(b"elst", edit)]),
            Box(b"mdia", children=media),
        ],
    )


def _media_information(sound: _Sound) -> list[Box]:
    here = Box(b"url ", struct.pack(">I", 1)).pack()
    full, rest = divmod(len(sound.sizes), _CHUNK)
    chunks = [(1, _CHUNK)] if full else []
    chunks += [(full + 1, rest)] if rest else []
    tables = [
        Box(b"stsd", struct.pack(">II", 0, 1) + _sample_entry(sound)),
        Box(b"stts", packed(0, [PACKET] * len(sound.sizes))),
        Box(
            b"stsc",
            struct.pack(">II", 0, len(chunks))
            + b"".join(struct.pack(">III", first, count, 1) for first, count in chunks),
        ),
        Box(
            b"stsz",
            struct.pack(f">III{len(sound.sizes)}I", 0, 0, len(sound.sizes), *sound.sizes),
        ),
        Box(
            b"co64",
            struct.pack(f">II{len(sound.chunks)}Q", 0, len(sound.chunks), *sound.chunks),
        ),
    ]
    return [
        Box(b"smhd", bytes(8)),
        Box(b"dinf", struct.pack(">I4sII", 16 + len(here), b"dref", 0, 1) + here),
        Box(b"stbl", children=tables),
    ]


def _sample_entry(sound: _Sound) -> bytes:
    """``mp4a`` (ISO/IEC 14496-12, 12.2.3) with the decoder's set-up in ``esds``."""
    bits = sum(sound.sizes) * 8 * RATE // max(1, len(sound.sizes) * PACKET)
    decoder = _descriptor(
        0x04,  # DecoderConfigDescriptor: AAC, audio stream
        struct.pack(">BB3xII", 0x40, 0x15, bits, bits) + _descriptor(0x05, sound.config),
    )
    stream = _descriptor(0x03, struct.pack(">HB", 0, 0) + decoder + _descriptor(0x06, b"\x02"))
    esds = Box(b"esds", struct.pack(">I", 0) + stream).pack()
    entry = struct.pack(">6xH8xHHxxxxI", 1, 1, 16, RATE << 16)
    return Box(b"mp4a", entry + esds).pack()


def _descriptor(tag: int, body: bytes) -> bytes:
    """ISO/IEC 14496-1, 8.3.3; the size as four bytes of seven bits, as all writers have it."""
    size = len(body)
    digits = [(size >> shift & 0x7F) | (0x80 if shift else 0) for shift in (21, 14, 7, 0)]
    return bytes([tag, *digits]) + body
