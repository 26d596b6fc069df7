"""The bytes of a journal: Matroska (RFC 9559) that any player can open, cut off wherever it may be.

Each cluster is at most 300 ms, has a CRC-32 and a known size, so a torn one is known. Beside the
rounded time that players use, each picture carries its exact numbers in a block addition, and so
does each chunk of sound, where the clip has any; what is known of the clip stands in Tags elements,
of which the last one holds.
"""

import base64
import dataclasses
import json
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from smartrec.clock import ClockQuality, Instant
from smartrec.model import (
    AccessUnit,
    ClipHead,
    ClipState,
    Codec,
    SoundFormat,
    StreamFormat,
    Trigger,
)
from smartrec.recording import ebml
from smartrec.recording.sound import SAMPLE_BYTES, SoundChunk
from smartrec.units import MILLISECOND, SECOND, Ns

TIMESTAMP_SCALE: Final = 10_000
"""Nanoseconds of one Matroska time step: a block's 16-bit offset then spans 327 ms."""
CLUSTER_SPAN: Final = Ns(300 * MILLISECOND)

EBML_HEADER: Final = 0x1A45DFA3
SEGMENT: Final = 0x18538067
SEEK_HEAD: Final = 0x114D9B74
INFO: Final = 0x1549A966
DURATION: Final = 0x4489
TRACKS: Final = 0x1654AE6B
TAGS: Final = 0x1254C367
CLUSTER: Final = 0x1F43B675
CUES: Final = 0x1C53BB6B

SEEK_ROOM: Final = 128
"""Bytes kept free at the start of the segment for the index that is written at the end."""

_HEAD_TAG: Final = "SMARTREC_CLIP"
_CODEC_IDS: Final = {
    Codec.JPEG: "V_MJPEG",
    Codec.H264: "V_MPEG4/ISO/AVC",
    Codec.H265: "V_MPEGH/ISO/HEVC",
}
_ADDITION_ID: Final = 100
_EXACT: Final = struct.Struct(">BIQqqQI")
_EXACT_VERSION: Final = 1
_EXACT_SOUND: Final = struct.Struct(">Bq")
_TRACK: Final = 1
_SOUND_TRACK: Final = 2


def opening(head: ClipHead) -> bytes:
    """Everything that stands before the first cluster."""
    ebml_header = ebml.element(
        EBML_HEADER,
        ebml.unsigned(0x4286, 1)  # EBMLVersion
        + ebml.unsigned(0x42F7, 1)  # EBMLReadVersion
        + ebml.unsigned(0x42F2, 4)  # EBMLMaxIDLength
        + ebml.unsigned(0x42F3, 8)  # EBMLMaxSizeLength
        + ebml.text(0x4282, "matroska")  # DocType
        + ebml.unsigned(0x4287, 4)  # DocTypeVersion
        + ebml.unsigned(0x4285, 2),  # DocTypeReadVersion
    )
    segment = SEGMENT.to_bytes(4, "big") + ebml.UNKNOWN_SIZE
    return ebml_header + segment + ebml.void(SEEK_ROOM) + _info() + _tracks(head) + tags(head)


def tags(head: ClipHead) -> bytes:
    """What is known of the clip, as an element that may stand between clusters."""
    simple = ebml.text(0x45A3, _HEAD_TAG) + ebml.text(0x4487, head_to_json(head))
    targets = ebml.element(0x63C0, b"")
    return ebml.checked(TAGS, ebml.element(0x7373, targets + ebml.element(0x67C8, simple)))


def clusters(
    units: Sequence[AccessUnit], zero: Ns, sound: Sequence[SoundChunk] = ()
) -> Iterator[bytes]:
    """The clusters that hold `units`, in their order, and `sound` between them.

    Args:
        units: Pictures.
        zero: The pts that players show as 0.
        sound: Chunks of at most `CLUSTER_SPAN`, none from before `zero`.
    """
    group: list[AccessUnit | SoundChunk] = []
    for each in _together(units, sound):
        if group and abs(each.pts - group[0].pts) >= CLUSTER_SPAN:
            yield _cluster(group, zero)
            group = []
        group.append(each)
    if group:
        yield _cluster(group, zero)


def units_of(buffer: bytes) -> Iterator[AccessUnit]:
    """The pictures of a cluster that fills `buffer`."""
    for group, block in _blocks(buffer, _TRACK):
        yield _unit(buffer, group, block)


def places_of(buffer: bytes) -> Iterator[tuple[Ns, int, int]]:
    """The pictures of a cluster that fills `buffer`: pts, and where the group of each lies."""
    for group, _ in _blocks(buffer, _TRACK):
        yield Ns(_addition(buffer, group, _EXACT)[3]), group.start, group.end


def unit_of(buffer: bytes) -> AccessUnit:
    """The picture of a group that fills `buffer`, see `places_of`.

    Raises:
        ValueError: There is none.
    """
    group = _whole(buffer)
    block = next(ebml.children(buffer, group.body, group.end), None)
    if group.id != 0xA0 or block is None or block.id != 0xA1:
        raise ValueError("no group of a picture")
    return _unit(buffer, group, block)


def sound_of(buffer: bytes) -> Iterator[tuple[Ns, int, int]]:
    """The sound of a cluster that fills `buffer`: pts, and where the samples begin and end."""
    for group, block in _blocks(buffer, _SOUND_TRACK):
        exact = _addition(buffer, group, _EXACT_SOUND)
        yield Ns(exact[1]), block.body + 4, block.end


def head_of(buffer: bytes) -> ClipHead | None:
    """What the Tags element that fills `buffer` knows of the clip; None where it is not ours.

    Raises:
        ValueError: It is ours and cannot be understood.
    """
    tags_element = _whole(buffer)
    for tag in ebml.children(buffer, tags_element.body, tags_element.end):
        for simple in ebml.children(buffer, tag.body, tag.end):
            fields = {
                child.id: buffer[child.body : child.end]
                for child in ebml.children(buffer, simple.body, simple.end)
            }
            if simple.id == 0x67C8 and fields.get(0x45A3) == _HEAD_TAG.encode():
                return head_from_json(fields[0x4487].decode())
    return None


def duration_offset(buffer: bytes) -> int:
    """Where the eight bytes of the duration stand in the Info element that fills `buffer`."""
    info = _whole(buffer)
    return next(c.body for c in ebml.children(buffer, info.body, info.end) if c.id == DURATION)


def cues(points: Sequence[tuple[Ns, int]]) -> bytes:
    """An index: for each (time since zero, cluster offset in the segment) a point to start at."""
    return ebml.element(
        CUES,
        b"".join(
            ebml.element(
                0xBB,
                ebml.unsigned(0xB3, time // TIMESTAMP_SCALE)
                + ebml.element(0xB7, ebml.unsigned(0xF7, _TRACK) + ebml.unsigned(0xF1, offset)),
            )
            for time, offset in points
        ),
    )


def seek_head(offsets: dict[int, int]) -> bytes:
    """Where the top elements lie in the segment, filling `SEEK_ROOM` exactly."""
    entries = b"".join(
        ebml.element(
            0x4DBB, ebml.element(0x53AB, top.to_bytes(4, "big")) + ebml.unsigned(0x53AC, at)
        )
        for top, at in offsets.items()
    )
    whole = ebml.element(SEEK_HEAD, entries)
    return whole + ebml.void(SEEK_ROOM - len(whole))


def head_to_json(head: ClipHead) -> str:
    """A clip head as one line of JSON."""
    data = dataclasses.asdict(head)
    if head.sound is None:  # such a journal is the same as before there was any
        del data["sound"]
    data["format"]["codec_private"] = base64.b64encode(head.format.codec_private).decode()
    return json.dumps(data, separators=(",", ":"))


def head_from_json(line: str) -> ClipHead:
    """Read what `head_to_json` wrote; fields added later keep their defaults.

    Raises:
        ValueError: It is not a clip head.
    """
    data = json.loads(line)
    try:
        stream = data["format"]
        stream["codec"] = Codec(stream["codec"])
        stream["codec_private"] = base64.b64decode(stream["codec_private"])
        data["format"] = StreamFormat(**stream)
        instant = data["instant"]
        instant["clock"] = ClockQuality(**instant["clock"])
        data["instant"] = Instant(**instant)
        data["triggers"] = tuple(Trigger(**trigger) for trigger in data["triggers"])
        data["state"] = ClipState(data["state"])
        if "sound" in data:
            data["sound"] = SoundFormat(**data["sound"])
        return ClipHead(**data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no clip head: {error}") from error


def _whole(buffer: bytes) -> ebml.Element:
    head = ebml.read_head(buffer, 0)
    if head is None or head.end != len(buffer):
        raise ValueError("not one whole element")
    return head


def _info() -> bytes:
    return ebml.element(
        INFO,
        ebml.unsigned(0x2AD7B1, TIMESTAMP_SCALE)
        + ebml.floating(DURATION, 0.0)
        + ebml.text(0x4D80, "smartrec")
        + ebml.text(0x5741, "smartrec"),
    )


def _tracks(head: ClipHead) -> bytes:
    entries = _video_track(head.format)
    if head.sound is not None:
        entries += _sound_track(head.sound)
    return ebml.element(TRACKS, entries)


def _video_track(stream: StreamFormat) -> bytes:
    video = ebml.unsigned(0xB0, stream.width) + ebml.unsigned(0xBA, stream.height)
    entry = (
        _track_head(_TRACK, 1)
        + ebml.text(0x86, _CODEC_IDS[stream.codec])
        + ebml.element(0xE0, video)
    )
    if stream.codec_private:
        entry += ebml.element(0x63A2, stream.codec_private)
    if stream.fps:
        entry += ebml.unsigned(0x23E383, round(SECOND / stream.fps))
    return ebml.element(0xAE, entry)


def _sound_track(sound: SoundFormat) -> bytes:
    audio = (
        ebml.floating(0xB5, float(sound.rate))
        + ebml.unsigned(0x9F, sound.channels)
        + ebml.unsigned(0x6264, 8 * SAMPLE_BYTES)
    )
    entry = _track_head(_SOUND_TRACK, 2) + ebml.text(0x86, "A_PCM/INT/LIT")
    return ebml.element(0xAE, entry + ebml.element(0xE1, audio))


def _track_head(number: int, kind: int) -> bytes:
    """What tracks of any kind (1: video, 2: audio) begin with."""
    mapping = (
        ebml.unsigned(0x41F0, _ADDITION_ID)
        + ebml.text(0x41A4, "smartrec exact times")
        + ebml.unsigned(0x41E7, 0)
    )
    return (
        ebml.unsigned(0xD7, number)
        + ebml.unsigned(0x73C5, number)
        + ebml.unsigned(0x83, kind)
        + ebml.unsigned(0x9C, 0)  # FlagLacing
        + ebml.unsigned(0x55EE, _ADDITION_ID)
        + ebml.element(0x41E4, mapping)
    )


def _together(
    units: Sequence[AccessUnit], sound: Sequence[SoundChunk]
) -> Iterator[AccessUnit | SoundChunk]:
    """Both in the order of their times; pictures keep their own."""
    waiting = deque(sound)
    for unit in units:
        while waiting and waiting[0].pts < unit.pts:
            yield waiting.popleft()
        yield unit
    yield from waiting


def _cluster(group: Sequence[AccessUnit | SoundChunk], zero: Ns) -> bytes:
    start = _steps(group[0].pts, zero)
    pieces = [ebml.unsigned(0xE7, start)]
    for each in group:
        offset = _steps(each.pts, zero) - start
        pieces += (
            _sound_group(each, offset)
            if isinstance(each, SoundChunk)
            else _block_group(each, offset)
        )
    return ebml.checked(CLUSTER, *pieces)


def _steps(pts: Ns, zero: Ns) -> int:
    return max(0, (pts - zero + TIMESTAMP_SCALE // 2) // TIMESTAMP_SCALE)


def _block_group(unit: AccessUnit, offset: int) -> tuple[bytes, ...]:
    exact = _EXACT.pack(
        _EXACT_VERSION, unit.epoch, unit.seq, unit.pts, unit.dts, unit.duration, unit.lost_before
    )
    rest = _lasting(unit.duration) + _additions(exact)
    if not unit.keyframe:
        rest += ebml.signed(0xFB, -1)  # ReferenceBlock: this picture needs another
    return _group(_TRACK, offset, unit.data, rest)


def _sound_group(chunk: SoundChunk, offset: int) -> tuple[bytes, ...]:
    rest = _lasting(Ns(chunk.end - chunk.pts))
    rest += _additions(_EXACT_SOUND.pack(_EXACT_VERSION, chunk.pts))
    return _group(_SOUND_TRACK, offset, chunk.data, rest)


def _group(track: int, offset: int, data: bytes, rest: bytes) -> tuple[bytes, ...]:
    block_head = struct.pack(">Bhb", 0x80 | track, offset, 0)
    block = ebml.element_head(0xA1, len(block_head) + len(data)) + block_head
    length = len(block) + len(data) + len(rest)
    return ebml.element_head(0xA0, length), block, data, rest


def _lasting(duration: Ns) -> bytes:
    return ebml.unsigned(0x9B, duration // TIMESTAMP_SCALE)


def _additions(exact: bytes) -> bytes:
    addition = ebml.unsigned(0xEE, _ADDITION_ID) + ebml.element(0xA5, exact)
    return ebml.element(0x75A1, ebml.element(0xA6, addition))


def _blocks(buffer: bytes, track: int) -> Iterator[tuple[ebml.Element, ebml.Element]]:
    """Each group of a track in the cluster that fills `buffer`, and its block."""
    cluster = _whole(buffer)
    for group in ebml.children(buffer, cluster.body, cluster.end):
        if group.id == 0xA0:
            first = next(ebml.children(buffer, group.body, group.end), None)
            if first is None or first.id != 0xA1:
                raise ValueError("a group that does not begin with its block")
            if buffer[first.body] & 0x7F == track:
                yield group, first


def _addition(buffer: bytes, group: ebml.Element, form: struct.Struct) -> tuple[int, ...]:
    """The exact numbers of a group."""
    for child in ebml.children(buffer, group.body, group.end):
        if child.id == 0x75A1:
            exact = form.unpack(buffer[child.end - form.size : child.end])
            if exact[0] == _EXACT_VERSION:
                return exact
    raise ValueError("a picture without its exact numbers")


def _unit(buffer: bytes, group: ebml.Element, block: ebml.Element) -> AccessUnit:
    keyframe = all(c.id != 0xFB for c in ebml.children(buffer, group.body, group.end))
    _, epoch, seq, pts, dts, duration, lost_before = _addition(buffer, group, _EXACT)
    return AccessUnit(
        epoch=epoch,
        seq=seq,
        pts=Ns(pts),
        dts=Ns(dts),
        duration=Ns(duration),
        keyframe=keyframe,
        lost_before=lost_before,
        data=buffer[block.body + 4 : block.end],
    )
