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
