"""Access units and clip heads to test with: plain values, no camera."""

from collections.abc import Iterator
from dataclasses import replace

from smartrec.clock import ClockQuality, Instant
from smartrec.model import AccessUnit, ClipHead, ClipState, Codec, StreamFormat, Trigger
from smartrec.units import SECOND, Ns

FRAME = Ns(SECOND // 30 + 1)  # rounded up: picture 30 is at a second or just after
JPEG_FORMAT = StreamFormat(Codec.JPEG, 64, 48, 30.0, "image/jpeg,width=64,height=48,framerate=30/1")
INSTANT = Instant(1_700_000_000_000_000_000, Ns(0), "boot", ClockQuality("adjtimex", True, 500))


def stream(
    frames: int,
    *,
    gop: int = 1,
    size: int = 10,
    start: int = 0,
    lost: frozenset[int] = frozenset(),
    damaged: frozenset[int] = frozenset(),
) -> Iterator[AccessUnit]:
    """`frames` numbered pictures at 30 a second; those in `lost` never arrive."""
    missing = 0
    for n in range(frames):
        if n in lost:
            missing += 1
            continue
        pts = Ns(start + n * FRAME)
        data = b"" if n in damaged else n.to_bytes(4, "big") * (size // 4 + 1)
        yield AccessUnit(0, n, pts, pts, FRAME, n % gop == 0, missing, data, n in damaged)
        missing = 0


def clip_head(**changes: object) -> ClipHead:
    """A head with every field filled in."""
    head = ClipHead(
        clip_id="clip-1",
        event_id="event-1",
        part=1,
        station_id="station-1",
        camera_id="cam0",
        camera_name="Door",
        format=JPEG_FORMAT,
        epoch=0,
        instant=INSTANT,
        triggers=(Trigger("trigger-1", Ns(SECOND), "key-R", {"key": "R"}),),
        asked_pre=Ns(SECOND),
        asked_post=Ns(SECOND),
        start=Ns(0),
        end=Ns(2 * SECOND),
        state=ClipState.RECORDING,
        file_name="cam0_20231114T221320.000Z_key-R",
    )
    return replace(head, **changes)  # type: ignore[arg-type]
