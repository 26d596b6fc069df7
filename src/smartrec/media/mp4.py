"""The boxes of a finished MP4: read to prove what is in it, patched to show exactly the interval.

Pure byte work on the ``moov`` box (ISO/IEC 14496-12), which the muxer writes behind the media, so
that it can grow without moving a picture. Ticks are of the video track's timescale.
"""

import json
import struct
import uuid
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged
from smartrec.media.boxes import Box, packed, runs, sizes, top_boxes, tree, unsigned

#: Type of the box that says which clip a file is, whatever its name.
IDENTITY: Final = uuid.UUID("3f3fb4ae-6b0e-5c55-9f0e-5a1d2f0b7c61").bytes

_MOOV_LIMIT: Final = 1 << 28
_MOST_OFTEN: Final = 10
"""How often an edit list may show a picture, on average."""
_ONE: Final = 0x10000
_W: Final = 0x40000000
# Samples by which decoding may run ahead of showing: 16 in H.264 and H.265.
_REORDERED: Final = 18
_TURNS: Final = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of an edit list.

    Attributes:
        duration: How long it is shown, ticks of the movie's timescale.
        media_time: First tick of the media shown; -1 shows nothing.
    """

    duration: int
    media_time: int


@dataclass(frozen=True, slots=True)
class Track:
    """The video track of a file, as its index describes it.

    Attributes:
        timescale: Ticks a second of the media.
        movie_timescale: Ticks a second of the edit list.
        width: Pixels, before the matrix.
        height: Pixels, before the matrix.
        decode: Decoding time of every sample, in that order.
        times: Composition time of every sample, in decoding order.
        sizes: Bytes of every sample.
        duration: Ticks of the media, as the sum of the samples' durations.
        edits: The edit list; empty where there is none.
    """

    timescale: int
    movie_timescale: int
    width: int
    height: int
    decode: tuple[int, ...]
    times: tuple[int, ...]
    sizes: tuple[int, ...]
    duration: int
    edits: tuple[Edit, ...]

    def presented(self) -> list[tuple[int, int]]:
        """What a player shows: (tick on the movie's timeline, sample's index), in order.

        A sample that began before an edit and lasts into it is not counted: we cut at samples.

        Raises:
            ClipDamaged: The edit list shows the same over and over, which would fill the memory.
        """
        order = sorted((time, index) for index, time in enumerate(self.times))
        if not self.edits:
            return order
        shown: list[tuple[int, int]] = []
        at = 0
        for edit in self.edits:
            length = edit.duration * self.timescale // self.movie_timescale
            if edit.media_time >= 0:
                first = bisect_left(order, (edit.media_time, -1))
                # A duration of 0 lasts to the end of the media.
                stop = bisect_left(order, (edit.media_time + length, -1)) if length else len(order)
                if len(shown) + stop - first > _MOST_OFTEN * len(order):
                    raise ClipDamaged("The file's edit list shows all of it over and over")
                shown += [(at + time - edit.media_time, index) for time, index in order[first:stop]]
            at += length
        return shown


class Movie:
    """The index (``moov``) of an MP4 file.

    Attributes:
        offset: Where it begins in the file.

    Raises:
        ClipDamaged: The file has none, or it is torn.
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            for kind, offset, size in top_boxes(file):
                if kind == b"moov" and size <= _MOOV_LIMIT:
                    file.seek(offset)
                    self.offset = offset
                    self.end = offset + size
                    self._moov = tree(file.read(size))[0]
                    return
        raise ClipDamaged(
            f"{path} has no index: it was never finished", hint=f"Run: ffprobe '{path}'"
        )

    def track(self) -> Track:
        """What the index says of the video track.

        Raises:
            ClipDamaged: It has no video track, or its tables contradict each other.
        """
        try:
            return self._track()
        except (struct.error, IndexError) as error:
            raise ClipDamaged(f"{self.path} has a torn index: {error}") from error

    def _track(self) -> Track:
        video = self._video()
        header = video.need(b"mdia", b"mdhd").payload
        table = video.need(b"mdia", b"minf", b"stbl")
        lengths = sizes(table.need(b"stsz").payload)
        decode, times, duration = _times(table, len(lengths))
        width, height = struct.unpack(">II", video.need(b"tkhd").payload[-8:])
        listed = video.find(b"edts", b"elst")
        timescale, movie_timescale = unsigned(header, 20 if header[0] else 12), self._timescale()
        if not timescale or not movie_timescale:
            raise ClipDamaged(f"{self.path} has a torn index: its time stands still")
        return Track(
            timescale=timescale,
            movie_timescale=movie_timescale,
            width=width >> 16,
            height=height >> 16,
            decode=decode,
            times=times,
            sizes=lengths,
            duration=duration,
            edits=_edits(listed.payload) if listed else (),
        )

    def hasten(self, first: int, gap: int) -> int:
        """Let all that is shown before a sample pass in a tick each; returns that sample's time.

        An edit list hides them anyway; but a player that knows none then begins where it should
        within an instant, and qtdemux needs less of an allowance, see `show`.

        Args:
            first: The sample that shall be the first one shown.
            gap: Ticks to leave before it, more than a picture lasts: decoders give pictures a
                nominal duration, and GStreamer shows one that reaches into what is shown.
        """
        track = self.track()
        start = track.times[first]
        hidden = [i for _, i in sorted((t, i) for i, t in enumerate(track.times) if t < start)]
        rank = {sample: place for place, sample in enumerate(hidden)}
        delay = max((i - place for i, place in rank.items()), default=0)
        begin = max(len(hidden) + delay, max(hidden, default=0) + _REORDERED) + gap
        earlier = start - begin
        if not hidden or earlier <= 0:
            return start
        times = [
            rank[i] + delay if i in rank else time - earlier for i, time in enumerate(track.times)
        ]
        # Each is decoded at the latest when it or a later one is shown.
        latest = list(accumulate(reversed(times), lambda after, time: min(time, after - 1)))
        decode = [
            max(i, min(at - earlier, limit))
            for i, (at, limit) in enumerate(zip(track.decode, reversed(latest), strict=True))
        ]
        last = track.duration - track.decode[-1]
        self._retime(decode, times, last)
        return begin

    def _retime(self, decode: list[int], times: list[int], last: int) -> None:
        """Put other times into the sample tables; `last` is the last sample's duration."""
        durations = [after - before for before, after in pairwise(decode)]
        shifts = [time - at for time, at in zip(times, decode, strict=True)]
        media = self._video().need(b"mdia")
        table = media.need(b"minf", b"stbl")
        table.need(b"stts").payload = packed(0, [*durations, last])
        table.children = [box for box in table.children if box.kind != b"ctts"]
        if any(shifts):
            place = 1 + next(i for i, box in enumerate(table.children) if box.kind == b"stts")
            version = 1 if min(shifts) < 0 else 0
            table.children.insert(place, Box(b"ctts", packed(version, shifts)))
        header = media.need(b"mdhd")
        header.payload = _with_duration(header.payload, 16, 24, decode[-1] + last)

    def show(self, media_time: int, duration: int) -> None:
        """Make players begin at exactly `media_time` and show `duration`; both in media ticks.

        qtdemux (seen in 1.22) holds the movie's duration against times of the media and so ends a
        clip early by what is hidden before it: the movie is said to be longer by that much. What
        is shown depends on the track, which says it exactly.
        """
        video = self._video()
        track = self.track()
        length = -(-duration * track.movie_timescale // track.timescale)
        entry = struct.pack(">IIQqHH", 0x01000000, 1, length, media_time, 1, 0)
        if length < 1 << 32 and media_time < 1 << 31:
            entry = struct.pack(">IIIiHH", 0, 1, length, media_time, 1, 0)
        video.children = [box for box in video.children if box.kind != b"edts"]
        place = 1 + next(i for i, box in enumerate(video.children) if box.kind == b"tkhd")
        video.children.insert(place, Box(b"edts", children=[Box(b"elst", entry)]))
        tkhd, mvhd = video.need(b"tkhd"), self._moov.need(b"mvhd")
        tkhd.payload = _with_duration(tkhd.payload, 20, 28, length)
        if any(time < media_time for time in track.times):
            length += -(-media_time * track.movie_timescale // track.timescale)
        mvhd.payload = _with_duration(mvhd.payload, 16, 24, length)

    def turn(self, rotate: int, *, flip: bool = False) -> None:
        """Have players turn the picture: degrees clockwise, then mirrored left to right."""
        tkhd = self._video().need(b"tkhd")
        width, height = struct.unpack(">II", tkhd.payload[-8:])
        a, b, c, d = _TURNS[rotate % 360]
        x, y = {0: (0, 0), 90: (height, 0), 180: (width, height), 270: (0, width)}[rotate % 360]
        if flip:
            across = width if rotate % 180 == 0 else height
            a, c, x = -a, -c, across - x
        matrix = struct.pack(
            ">9i", a * _ONE, b * _ONE, 0, c * _ONE, d * _ONE, 0, _fixed(x), _fixed(y), _W
        )
        tkhd.payload = tkhd.payload[:-44] + matrix + tkhd.payload[-8:]

    def leave_full_range_to_stream(self) -> None:
        """Take out a colour box that says full range, which the stream itself says as well.

        For qtdemux (seen in 1.22) reads all of that box but the range, and is believed.
        """
        box = self._video().need(b"mdia", b"minf", b"stbl", b"stsd")
        at = box.payload.find(b"colrnclx")
        if at >= 0 and box.payload[at + 14] & 0x80:
            box.payload = box.payload[:at] + b"free" + box.payload[at + 4 :]

    def matrix(self) -> tuple[int, int, int, int]:
        """How players turn the picture: a, b, c, d of the track's matrix, whole numbers."""
        a, b, _, c, d = struct.unpack_from(">5i", self._video().need(b"tkhd").payload[-44:])
        return (a // _ONE, b // _ONE, c // _ONE, d // _ONE)

    def shown_size(self) -> tuple[int, int]:
        """Width and height in pixels as players show it, turned.

        Raises:
            ClipDamaged: The index is torn.
        """
        try:
            header = self._video().need(b"tkhd").payload
            width, height = (side >> 16 for side in struct.unpack(">II", header[-8:]))
            turned = self.matrix()[0] == 0
        except (struct.error, IndexError) as error:
            raise ClipDamaged(f"{self.path} has a torn index: {error}") from error
        return (height, width) if turned else (width, height)

    def write(self, identity: dict[str, str]) -> None:
        """Put the index back into its file, followed by what the file says of itself.

        Raises:
            ClipDamaged: Media follows the index, which therefore cannot grow.
            OSError: The file cannot be written.
        """
        named = Box(b"uuid", IDENTITY + json.dumps(identity).encode())
        with self.path.open("r+b") as file:
            file.seek(0, 2)
            if file.tell() != self.end:
                raise ClipDamaged(f"{self.path} has media behind its index")
            file.seek(self.offset)
            file.write(self._moov.pack() + named.pack())
            file.truncate()

    def _video(self) -> Box:
        for trak in self._moov.children:
            handler = trak.find(b"mdia", b"hdlr") if trak.kind == b"trak" else None
            if handler is not None and handler.payload[8:12] == b"vide":
                return trak
        raise ClipDamaged(f"{self.path} has no video track")

    def _timescale(self) -> int:
        header = self._moov.need(b"mvhd").payload
        return unsigned(header, 20 if header[0] else 12)


def turned(matrix: tuple[int, int, int, int]) -> tuple[int, bool]:
    """By how many degrees clockwise a matrix turns, and whether it mirrors then; `Movie.turn`."""
    for rotate, (a, b, c, d) in _TURNS.items():
        if matrix in ((a, b, c, d), (-a, b, -c, d)):
            return rotate, matrix != (a, b, c, d)
    return 0, False


def identity(path: Path) -> dict[str, str]:
    """What `Movie.write` wrote of itself into a file; empty where nothing."""
    with path.open("rb") as file:
        for kind, offset, size in top_boxes(file):
            file.seek(offset + 8)
            if kind == b"uuid" and file.read(16) == IDENTITY:
                read = json.loads(file.read(size - 24))
                return {str(key): str(value) for key, value in read.items()}
    return {}


def _fixed(value: int) -> int:
    """16.16; a translation beyond 32767 pixels does not fit, and no player reads it."""
    return min(value, 0x7FFF) * _ONE


def _times(table: Box, count: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Decoding and composition times of `count` samples, and the sum of their durations."""
    # One more than there are samples is enough to see a lie, and a lie may be of billions.
    durations = list(islice(runs(table.need(b"stts").payload, "I"), count + 1))
    offsets = table.find(b"ctts")
    shifts = list(islice(runs(offsets.payload, "i"), count + 1)) if offsets else [0] * count
    if len(durations) != count or len(shifts) != count:
        raise ClipDamaged("The file's tables disagree on the number of pictures")
    decode = tuple(accumulate(durations[:-1], initial=0)) if durations else ()
    times = tuple(at + shift for at, shift in zip(decode, shifts, strict=True))
    return decode, times, sum(durations)


def _edits(elst: bytes) -> tuple[Edit, ...]:
    long = elst[0] == 1
    body = elst[8:]
    step = 20 if long else 12
    lines = (
        struct.unpack_from(">Qq" if long else ">Ii", body, step * line)
        for line in range(unsigned(elst, 4))
    )
    return tuple(Edit(duration, media_time) for duration, media_time in lines)


def _with_duration(header: bytes, short: int, long: int, duration: int) -> bytes:
    """An mvhd or tkhd with another duration, wherever its version keeps it."""
    at, code = (long, ">Q") if header[0] else (short, ">I")
    value = struct.pack(code, duration)
    return header[:at] + value + header[at + len(value) :]
