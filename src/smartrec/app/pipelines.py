"""The pipelines that the settings come to on this machine, as text."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from smartrec.app.sources import usb_plan
from smartrec.config.schema import Camera, Config
from smartrec.errors import NoScreen
from smartrec.graph.capture import fed_capture
from smartrec.graph.decode import DECODES, decode
from smartrec.graph.plan import Graph, direction, finish_encode, finish_remux
from smartrec.graph.recipes import Role, choose
from smartrec.graph.screen import show, to_wall, wall
from smartrec.media.gst import reaches_ready
from smartrec.media.player import open_file
from smartrec.media.screen.displays import Display, choose_display
from smartrec.model import Codec, StreamFormat


def pipelines(config: Config) -> Iterator[tuple[str, Graph]]:
    """Each camera's capture, what the watch runs for it, and the finishers, with a title each.

    Raises:
        CameraError: A camera cannot be asked what it gives.
        SourceError: A file cannot be played.
        MissingElement: Nothing here does one of the jobs.
    """
    streams = {}
    for camera in config.camera:
        graph, streams[camera.id] = _capture(camera)
        yield f"{camera.id}: capture of {camera.source}", graph
    yield from _watch(config, streams)
    if config.recording.format == "copy":
        yield "finishing JPEG cameras: none, the journal becomes the clip (copy)", Graph(())
    else:
        yield "finishing JPEG and raw cameras", _encode(config)
    yield "finishing H.264 cameras", finish_remux(Codec.H264)
    yield "finishing H.265 cameras", finish_remux(Codec.H265)


def _capture(camera: Camera) -> tuple[Graph, StreamFormat]:
    """The capture, and what comes out of it."""
    kind, _, rest = camera.source.partition(":")
    if kind == "demo":
        return fed_capture(), _stream(camera, Codec.JPEG)
    if kind == "file":
        feed = open_file(Path(rest), loop=camera.loop)
        feed.close()
        return fed_capture(), replace(feed.format, rotate=camera.rotate, flip=camera.flip)
    graph = usb_plan(camera).graph
    text = str(graph)
    coded = (codec for codec in (Codec.H264, Codec.H265) if f"{codec.value}parse" in text)
    return graph, _stream(camera, next(coded, Codec.JPEG))


def _stream(camera: Camera, codec: Codec) -> StreamFormat:
    return StreamFormat(codec, *camera.size, camera.fps, "", b"", camera.rotate, camera.flip)


def _watch(config: Config, streams: dict[str, StreamFormat]) -> Iterator[tuple[str, Graph]]:
    display, note = _display(config)
    detected = {camera.id for camera in config.camera if camera.detect and config.detector.enabled}
    for camera, stream in streams.items():
        # The detector scales JPEGs itself while it decodes them.
        if display is not None or (camera in detected and stream.codec is not Codec.JPEG):
            decoder = choose(DECODES[stream.codec], usable=reaches_ready)
            yield f"{camera}: decoding", decode(stream, decoder)
    if display is None:
        yield f"screen: none. {note}", Graph(())
        return
    yield from _screen(display, streams)


def _screen(display: Display, streams: dict[str, StreamFormat]) -> Iterator[tuple[str, Graph]]:
    sink = display.recipe.fragment()
    sinks = dict.fromkeys(streams, sink)
    if display.kind != "x11" and len(streams) > 1:
        sinks = {camera: to_wall(camera) for camera in streams}
        yield f"screen: {display.note}", wall(sink, tuple(streams))
    for camera, stream in streams.items():
        yield f"{camera}: shown, {display.note}", show(sinks[camera], direction(stream))


def _display(config: Config) -> tuple[Display | None, str]:
    """Where pictures are shown; if nowhere, why not."""
    if config.screen.show == "off":
        return None, "The settings switch it off"
    try:
        return choose_display(config.screen.sink, os.environ), ""
    except NoScreen as error:
        return None, str(error)


def _encode(config: Config) -> Graph:
    shape = _stream(config.camera[0], Codec.JPEG)
    pinned = None if config.recording.encoder == "auto" else config.recording.encoder
    decoder = choose(Role.DECODE_JPEG, usable=reaches_ready)
    encoder = choose(Role.ENCODE_H264, usable=reaches_ready, pinned=pinned)
    return finish_encode(shape, decoder, encoder, config.recording.quality)
