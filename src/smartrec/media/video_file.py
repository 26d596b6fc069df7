"""What is in a video file, and why it cannot be played if it cannot."""

import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from shlex import quote
from typing import Final

from smartrec.errors import SourceError
from smartrec.media.gst import GLib, Gst, launch, running
from smartrec.model import Codec
from smartrec.units import SECOND, Ns

_SINK: Final = "appsink name=pictures sync=false max-buffers=8"


_RGB: Final = 'capsfilter caps="video/x-raw,format=GRAY8; video/x-raw,format=GBR_10LE"'
_FULL_RANGE: Final = (
    'capsfilter caps="video/x-raw,format=GRAY8;'
    ' video/x-raw,format=I420,colorimetry=(string)1:4:0:0"'
)


class Reading(Enum):
    """How the pictures come out of a file."""

    JPEG = f"parsebin ! image/jpeg ! {_SINK}"
    H264 = f"parsebin ! h264parse ! video/x-h264,stream-format=avc,alignment=au ! {_SINK}"
    H265 = f"parsebin ! h265parse ! video/x-h265,stream-format=hvc1,alignment=au ! {_SINK}"
    # Colorimetry 1:4:0:0 is JPEG's own: BT.601 in the full range. The way there is through RGB, for
    # from YUV to YUV videoconvert leaves the range as it is (1.22); 10 bits, for 8 lose two levels.
    # Gray stays gray: made coloured it comes out dark and flat (1.26).
    DECODED = (
        f"decodebin force-sw-decoders=true ! videoconvert ! {_RGB} ! videoconvert ! {_FULL_RANGE}"
        f" ! jpegenc quality=90 ! {_SINK}"
    )

    @property
    def codec(self) -> Codec:
        """Of the pictures that come out."""
        return _CODECS.get(self, Codec.JPEG)


_CODECS: Final = {Reading.H264: Codec.H264, Reading.H265: Codec.H265}
_READINGS: Final = {
    "image/jpeg": Reading.JPEG,
    "video/x-h264": Reading.H264,
    "video/x-h265": Reading.H265,
}

_PROBES: Final = (SECOND, SECOND, Ns(4 * SECOND), Ns(9 * SECOND))
"""How long a file may say nothing, each time that it is asked what is in it."""


def reading_pipeline(path: Path, rest: str) -> Gst.Pipeline:
    """A pipeline that reads a file into the launch text `rest`."""
    pipeline = launch(f"filesrc name=file ! {rest}")
    source = pipeline.get_by_name("file")
    assert source is not None
    source.set_property("location", os.fspath(path))
    return pipeline


def reading_for(path: Path) -> Reading:
    """Find out what is in a file, without decoding it.

    Raises:
        SourceError: No video.
    """
    # parsebin now and then loses the error of a demuxer that fails at once: so ask again.
    for patience in _PROBES:
        message = _probe(path, patience)
        if message is not None:
            break
    else:
        raise cannot_play(path, "nothing comes of it")
    if message.type == Gst.MessageType.ERROR:
        raise read_error(path, message)
    if message.type == Gst.MessageType.STREAM_COLLECTION:
        for kind in _video_kinds(message.parse_stream_collection()):
            return _READINGS.get(kind, Reading.DECODED)
    raise SourceError(
        f"{path} holds no video", hint=f"See what is in it with: ffprobe {quote(str(path))}"
    )


def _probe(path: Path, patience: Ns) -> Gst.Message | None:
    """What streams a file has, or why that cannot be known; None if nothing is heard."""
    wanted = Gst.MessageType.STREAM_COLLECTION | Gst.MessageType.ERROR | Gst.MessageType.EOS
    with running(reading_pipeline(path, "parsebin ! fakesink")) as bus:
        return bus.timed_pop_filtered(patience, wanted)


def _video_kinds(collection: Gst.StreamCollection) -> Iterator[str]:
    """Media types of a file's video streams, in its order."""
    for at in range(collection.get_size()):
        stream = collection.get_stream(at)
        caps = stream.get_caps() if stream else None
        if stream and caps and stream.get_stream_type() & Gst.StreamType.VIDEO:
            yield caps.get_structure(0).get_name()


def must_be_readable(path: Path) -> None:
    """Look at the file itself, for GStreamer says less.

    Raises:
        SourceError: It is missing, empty, a pipe, or may not be read; or GStreamer, which takes
            UTF-8 alone, could not be told its name.
    """
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError as error:
        raise SourceError(
            f"{path} has a name that is not UTF-8",
            hint="Rename it; ls -b shows how it is written",
        ) from error
    try:
        if path.is_fifo():  # whoever opens one waits until somebody writes, maybe for ever
            raise SourceError(
                f"{path} is a pipe, not a file", hint=f"See: ls -l {quote(str(path))}"
            )
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError as error:
        raise SourceError(
            f"{path} does not exist", hint=f"Look for it with: ls {quote(str(path.parent))}"
        ) from error
    except IsADirectoryError as error:
        raise SourceError(
            f"{path} is a directory", hint=f"Name one file of it; see: ls {quote(str(path))}"
        ) from error
    except PermissionError as error:
        raise SourceError(
            f"{path} may not be read by this user",
            hint=f"Allow it: sudo chmod a+r {quote(str(path))}",
        ) from error
    except OSError as error:
        raise cannot_play(path, f"it cannot be read ({error.strerror})") from error
    if empty:
        raise cannot_play(path, "it is empty")


def read_error(path: Path, message: Gst.Message) -> SourceError:
    """Our error for what GStreamer says while it reads a file."""
    error, _ = message.parse_error()
    if _is(error, Gst.StreamError.TYPE_NOT_FOUND) or _is(error, Gst.StreamError.WRONG_TYPE):
        return SourceError(
            f"{path} is no video", hint=f"See what it is with: file {quote(str(path))}"
        )
    if _is(error, Gst.StreamError.CODEC_NOT_FOUND) or error.matches(
        Gst.CoreError.quark(), Gst.CoreError.MISSING_PLUGIN
    ):
        return SourceError(
            f"{path} is encoded in a way that nothing installed can decode ({error.message})",
            hint="Run: sudo apt install gstreamer1.0-libav",
        )
    return cannot_play(path, error.message)


def _is(error: GLib.Error, code: Gst.StreamError) -> bool:
    return error.matches(Gst.StreamError.quark(), code)


def cannot_play(path: Path, why: str) -> SourceError:
    """The error for a file that looked like a video."""
    name = quote(str(path))
    return SourceError(
        f"{path} cannot be played: {why}",
        hint=f"Check it with: ffprobe {name}; a copy may mend it: ffmpeg -i {name} -c copy new.mkv",
    )
