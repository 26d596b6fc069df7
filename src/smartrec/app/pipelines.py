"""The pipelines that the settings come to on this machine, as text."""

from collections.abc import Iterator

from smartrec.app.sources import usb_plan
from smartrec.config.schema import Camera, Config
from smartrec.graph.capture import fed_capture
from smartrec.graph.plan import Graph, finish_encode, finish_remux
from smartrec.graph.recipes import Role, choose
from smartrec.media.gst import reaches_ready
from smartrec.model import Codec, StreamFormat


def pipelines(config: Config) -> Iterator[tuple[str, Graph]]:
    """Each camera's capture and the finishers of its clips, with a title each.

    Raises:
        CameraError: A camera cannot be asked what it gives.
        MissingElement: Nothing here does one of the jobs.
    """
    for camera in config.camera:
        yield f"{camera.id}: capture of {camera.source}", _capture(camera)
    if config.recording.format == "copy":
        yield "finishing JPEG cameras: none, the journal becomes the clip (copy)", Graph(())
    else:
        yield "finishing JPEG and raw cameras", _encode(config)
    yield "finishing H.264 cameras", finish_remux(Codec.H264)
    yield "finishing H.265 cameras", finish_remux(Codec.H265)


def _capture(camera: Camera) -> Graph:
    fed = camera.source == "demo" or camera.source.startswith("file:")
    return fed_capture() if fed else usb_plan(camera).graph


def _encode(config: Config) -> Graph:
    camera = config.camera[0]
    shape = StreamFormat(
        Codec.JPEG, *camera.size, camera.fps, "image/jpeg", b"", camera.rotate, camera.flip
    )
    pinned = None if config.recording.encoder == "auto" else config.recording.encoder
    decoder = choose(Role.DECODE_JPEG, usable=reaches_ready)
    encoder = choose(Role.ENCODE_H264, usable=reaches_ready, pinned=pinned)
    return finish_encode(shape, decoder, encoder, config.recording.quality)
