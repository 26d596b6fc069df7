"""How a camera stands, in words and numbers, for people and programs. Any thread."""

from typing import TYPE_CHECKING

from smartrec.config.cameras import Camera as CameraSettings
from smartrec.errors import CameraError, CameraSilent
from smartrec.media.rtsp_failure import STANDS_STILL
from smartrec.model import StreamFormat
from smartrec.units import Ns, seconds

if TYPE_CHECKING:
    from smartrec.app.camera import Camera


def in_words(stream: StreamFormat) -> str:
    """Such as ``"1280x720 at 30 pictures a second, JPEG"``."""
    rate = f" at {stream.fps:g} pictures a second" if stream.fps else ""
    return f"{stream.width}x{stream.height}{rate}, {stream.codec.value.upper()}"


def silent(settings: CameraSettings, quiet: Ns) -> CameraSilent:
    """Nothing came for so long that it is given up."""
    plugged = "Unplug it and plug it in again; smartrec goes on by itself"
    return CameraSilent(
        f"{settings.shown_source} has sent nothing for {seconds(quiet):.0f} s",
        hint=STANDS_STILL if settings.kind == "rtsp" else plugged,
    )


def clogged(settings: CameraSettings) -> CameraError:
    """So many captures hang at their end that no further one can be begun."""
    return CameraError(
        f"{settings.shown_source} cannot be let go of: what it sends has no end",
        hint="Start smartrec anew, and look for newer firmware of the camera",
    )


def status_of(camera: "Camera") -> dict[str, object]:
    """What `smartrec status` and the page show of it."""
    capture = camera.capture  # another thread may take it away
    behind = None if capture is None else capture.behind
    return {
        "id": camera.id,
        "name": camera.name,
        "source": camera.settings.shown_source,
        "phase": camera.phase.value,
        "silent": camera.silent,
        "error": str(camera.error) if camera.error else None,
        "ring_s": seconds(camera.clips.ring.span),
        "ring_bytes": camera.clips.ring.bytes,
        "pictures": camera.pictures,
        "damaged": camera.damaged,
        "lost": camera.lost,
        "clock_behind_s": None if behind is None else seconds(behind),
        "microphone": camera.microphone.phase.value,
        "recording": [clip.clip_id for clip in camera.clips.recording],
    }
