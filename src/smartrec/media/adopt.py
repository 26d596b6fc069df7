"""Makes a clip of a file that NVIDIA's Smart Record wrote, if it is as good as the journal.

The journal says what the camera gave; the file is looked at against it and taken only if it holds
all of that but, at most, a keyframe interval.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from smartrec.errors import ClipDamaged, SmartrecError
from smartrec.media.gst import Gst, GstApp, error_of, launch, running
from smartrec.media.mp4 import Movie, Track
from smartrec.media.orders import Recording
from smartrec.media.proof import Fed, Proof, check_shown
from smartrec.model import ClipHead, Codec, Loss
from smartrec.units import MILLISECOND, SECOND, Ns

ENCODER: Final = "nvdssr"
"""What a clip's `Finished.encoder` says of who recorded it."""
LACKING_MOST: Final = Ns(SECOND)
"""How much of a clip may be missing: NvDsSR begins at a keyframe, there is one every half second,
and behind another clip it begins with the next."""
_LACKING_SHARE: Final = 5
"""And no more than one in so many of its pictures."""
_CLOCKS_DIFFER: Final = Ns(100 * MILLISECOND)
_PATIENCE: Final = Ns(20 * SECOND)
_KINDS: Final = ("video/x-h264", "video/x-h265")
_LENGTH_BYTES: Final = 4
"""What GStreamer's muxer and parsers write."""


def adopt(recording: Recording, head: ClipHead, given: Sequence[Fed]) -> Proof:
    """Make the file show the clip's interval, and count what it then shows.

    Args:
        recording: The file; its index is rewritten.
        head: The clip's last.
        given: All pictures of its journal.

    Raises:
        ClipDamaged: It is no file to make this clip of; why is said.
        OSError: It cannot be read or written.
    """
    path = recording.path
    movie = Movie(path)
    track = movie.track()
    order = sorted((time, sample) for sample, time in enumerate(track.times))
    _check_whole(recording, track, read_through(path))
    zero = order[0][0] if order else 0
    times = [recording.began + (time - zero) * SECOND // track.timescale for time, _ in order]
    wanted = sorted(
        (picture for picture in given if head.start <= picture.pts < head.end),
        key=lambda picture: picture.pts,
    )
    shown = _shown(times, wanted)
    _check_complete([times[n] for n in shown], wanted, head)
    start = order[shown[0]][0]
    stop = _stop(track, order, shown[-1])
    gap = 2 * max(picture.duration for picture in wanted) * track.timescale // SECOND
    movie.show(movie.hasten(order[shown[0]][1], gap), stop - start)
    movie.leave_full_range_to_stream()
    if head.format.codec is not Codec.JPEG:  # those were turned before they were encoded
        movie.turn(head.format.rotate, flip=head.format.flip)
    movie.write({"clip_id": head.clip_id, "event_id": head.event_id})
    check_shown(path, len(shown))
    missing = len(wanted) - len(shown)
    return Proof(
        frames=len(shown),
        first=_nearest(times[shown[0]], wanted),
        last=_nearest(times[shown[-1]], wanted),
        duration=Ns((stop - start) * SECOND // track.timescale),
        lost={Loss.SMART_RECORD.value: missing} if missing else {},
    )


def read_through(path: Path) -> int:
    """How many whole pictures of H.264 or H.265 are read from an MP4.

    Not decoded: that would cost what the file is to spare, and decoders differ in what they let go.

    Raises:
        ClipDamaged: It cannot be read to its end, or holds something else.
    """
    pipeline = launch("filesrc name=file ! qtdemux ! appsink name=out sync=false max-buffers=64")
    file, sink = pipeline.get_by_name("file"), pipeline.get_by_name("out")
    assert file is not None
    assert isinstance(sink, GstApp.AppSink)
    file.set_property("location", str(path))
    count = 0
    try:
        with running(pipeline) as bus:
            while (sample := sink.try_pull_sample(_PATIENCE)) is not None:
                _check_picture(sample, count)
                count += 1
            failed = bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
            if failed is not None:
                raise error_of(failed)
            if not sink.is_eos():
                raise ClipDamaged("nothing comes of it")
    except SmartrecError as error:
        raise ClipDamaged(f"{path.name} cannot be read ({error})") from error
    return count


def _check_picture(sample: Gst.Sample, number: int) -> None:
    caps, buffer = sample.get_caps(), sample.get_buffer()
    assert caps is not None
    assert buffer is not None
    kind = caps.get_structure(0).get_name()
    if kind not in _KINDS:
        raise ClipDamaged(f"it holds {kind}")
    if not _is_whole(buffer.extract_dup(0, buffer.get_size())):
        raise ClipDamaged(f"its picture {number} is broken")


def _is_whole(unit: bytes) -> bool:
    """Whether an access unit is NAL units, each behind its length (ISO/IEC 14496-15, 5.3)."""
    at = 0
    while at + _LENGTH_BYTES < len(unit):
        length = int.from_bytes(unit[at : at + _LENGTH_BYTES], "big")
        at += _LENGTH_BYTES
        if length == 0 or unit[at] & 0x80:  # forbidden_zero_bit
            return False
        at += length
    return at == len(unit) > 0


def _check_whole(recording: Recording, track: Track, read: int) -> None:
    name, frames = recording.path.name, len(track.times)
    if not frames:
        raise ClipDamaged(f"{name} holds no picture")
    if not frames == read == recording.frames:
        raise ClipDamaged(
            f"{name} was given {recording.frames} pictures; its index has {frames}, {read} are read"
        )
    length = (max(track.times) - min(track.times)) * SECOND // track.timescale
    told = recording.ended - recording.began
    # The moment of its end, where that is told, is a picture later.
    if not -_CLOCKS_DIFFER < told - length < _CLOCKS_DIFFER + length // frames:
        raise ClipDamaged(
            f"{name} is {length / SECOND:.2f} s long and was said to be {told / SECOND:.2f} s"
        )


def _shown(times: Sequence[int], wanted: Sequence[Fed]) -> list[int]:
    """Which of the file's pictures are of the interval: an encoder may round their times."""
    if not wanted:
        raise ClipDamaged("the journal holds no picture of the interval")
    half = wanted[0].duration // 2
    first, last = wanted[0].pts - half, wanted[-1].pts + half
    return [n for n, time in enumerate(times) if first <= time <= last]


def _nearest(time: int, wanted: Sequence[Fed]) -> Ns:
    """A picture's own time, which the file has rounded to its ticks."""
    return min((picture.pts for picture in wanted), key=lambda pts: abs(pts - time))


def _check_complete(shown: Sequence[int], wanted: Sequence[Fed], head: ClipHead) -> None:
    """Whether the file is as good as the journal, which is deleted for it."""
    missing = len(wanted) - len(shown)
    if missing < 0:
        raise ClipDamaged(f"it holds {-missing} pictures that the camera did not give")
    if not shown:
        raise ClipDamaged("it holds no picture of the interval")
    half = wanted[0].duration // 2
    moments = [each.pts for each in head.triggers if head.start <= each.pts < head.end]
    if moments and shown[0] > max(min(moments), wanted[0].pts) + half:
        late = (shown[0] - min(moments)) / SECOND
        raise ClipDamaged(f"it begins {late:.2f} s after what triggered it")
    inside = sum(picture.pts >= shown[0] - half for picture in wanted)
    if inside != len(shown):  # what it lacks at its beginning is how NvDsSR works; this is not
        raise ClipDamaged(f"{inside - len(shown)} pictures are missing within it")
    length = wanted[-1].pts + wanted[-1].duration - wanted[0].pts
    if missing * length > min(LACKING_MOST, length // _LACKING_SHARE) * len(wanted):
        raise ClipDamaged(f"{missing} of {len(wanted)} pictures are not in it")


def _stop(track: Track, order: Sequence[tuple[int, int]], last: int) -> int:
    """The tick where picture `last` of `order` ends."""
    if last + 1 < len(order):
        return order[last + 1][0]
    latest = max(track.decode)
    return order[last][0] + max(1, track.duration - latest)
