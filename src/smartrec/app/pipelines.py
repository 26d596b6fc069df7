"""The pipelines that the settings come to, on this machine or on one of NVIDIA's, as text."""

import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from smartrec.app import smart_setup
from smartrec.app.sources import usb_plan
from smartrec.config.cameras import Camera
from smartrec.config.schema import Config
from smartrec.errors import NoScreen
from smartrec.graph.capture import fed_capture, rtsp_capture, usb_capture
from smartrec.graph.decode import DECODES, decode
from smartrec.graph.deepstream import USUAL_TRACKER, Recorder, SmartRecord, Trunk, whole
from smartrec.graph.plan import Graph, direction, finish_encode, finish_remux, upright
from smartrec.graph.platforms import Platform
from smartrec.graph.recipes import RECORDERS, Role, choose
from smartrec.graph.screen import show, to_wall, wall
from smartrec.graph.sound import encode_sound, microphone
from smartrec.media.gst import reaches_ready
from smartrec.media.player import open_file
from smartrec.media.screen.displays import Display, choose_display
from smartrec.model import Codec, StreamFormat
from smartrec.units import SECOND

_SCREEN: Final = (1920, 1080)
"""Of a machine that is not this one."""
_CONFIGURATIONS: Final = (".txt", ".yml", ".yaml")
_WRITTEN_CONFIGURATION: Final = "nvinfer.txt"
"""Stands for what is written, into the cache, where the settings name no configuration."""


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
        yield f"{camera.id}: capture of {camera.shown_source}", graph
    yield from _sound(config)
    yield from _watch(config, streams)
    yield from _finishers(config, None)


def pipelines_on(config: Config, platform: Platform) -> Iterator[tuple[str, Graph]]:
    """What `pipelines` gives, on a machine of NVIDIA's that need not be this one.

    No camera is asked: a USB camera is taken for one that gives JPEGs as the settings want them.

    Raises:
        SourceError: A file cannot be played.
        MissingElement: There is no encoder of the name in the settings.
    """
    streams = {}
    for camera in config.camera:
        graph, streams[camera.id] = _assumed_capture(camera)
        yield f"{camera.id}: capture of {camera.shown_source}", graph
    yield f"watch, {platform.title}", _deepstream(config, list(streams.values()), platform)
    yield from _finishers(config, platform)


def _finishers(config: Config, platform: Platform | None) -> Iterator[tuple[str, Graph]]:
    if config.recording.format == "copy":
        yield "finishing JPEG cameras: none, the journal becomes the clip (copy)", Graph(())
    else:
        yield "finishing JPEG and raw cameras", _encode(config, platform)
    yield "finishing H.264 cameras", finish_remux(Codec.H264)
    yield "finishing H.265 cameras", finish_remux(Codec.H265)


def _sound(config: Config) -> Iterator[tuple[str, Graph]]:
    """Of each camera whose microphone is wanted, and what finishes it."""
    wanted = [camera for camera in config.camera if camera.audio]
    for camera in wanted:
        if isinstance(camera.audio, str):
            kind, _, name = camera.audio.partition(":")
            yield f"{camera.id}: sound", microphone(kind, name)
        elif camera.kind == "usb":  # which card is its own turns out when it is opened
            yield f"{camera.id}: sound", microphone("alsa", "hw:…")
    if wanted and config.recording.format != "copy":
        yield "finishing sound", encode_sound(choose(Role.ENCODE_SOUND, usable=reaches_ready))


def _assumed_capture(camera: Camera) -> tuple[Graph, StreamFormat]:
    kind, _, rest = camera.source.partition(":")
    if kind != "usb":
        return _capture(camera)
    rate = Fraction(camera.fps).limit_denominator(1001)
    caps = f"image/jpeg,width={camera.size[0]},height={camera.size[1]}"
    caps += f",framerate={rate.numerator}/{rate.denominator}"
    return usb_capture(rest or "/dev/video0", caps), _stream(camera, Codec.JPEG)


def _deepstream(config: Config, streams: list[StreamFormat], on: Platform) -> Graph:
    detector, recording = config.detector, config.recording
    model = detector.model if detector.model.endswith(_CONFIGURATIONS) else _WRITTEN_CONFIGURATION
    detected = detector.enabled and any(camera.detect for camera in config.camera)
    shown = config.screen.show != "off"
    between = round(max(stream.fps for stream in streams) / detector.fps) - 1
    shared = Trunk(
        cameras=len(streams),
        size=max(map(upright, streams)),
        config=model if detected else None,
        # Without a screen only pictures come that are to be looked at.
        interval=max(0, between) if shown else 0,
        tracker=USUAL_TRACKER if shown else None,
        display=_SCREEN if shown else None,
    )
    if recording.recorder != "nvdssr":
        return whole(shared, streams, on)
    encoder = choose(
        Role.ENCODE_H264,
        usable=lambda _: True,
        pinned=on.encoder if recording.encoder == "auto" else recording.encoder,
        recipes=RECORDERS,
    )
    network = {
        number: (camera.shown_source, _smart_record(config, camera))
        for number, camera in enumerate(config.camera)
        if camera.kind == "rtsp"
    }
    record = Recorder(encoder, recording.quality)
    return whole(shared, streams, on, recorder=record, network=network)


def _smart_record(config: Config, camera: Camera) -> SmartRecord:
    """How nvurisrcbin records a camera on the network."""
    setup = smart_setup.setup_of(config, config.recording.directory)
    directory, cache = (setup.directory, setup.cache) if setup else ("", SECOND)
    return SmartRecord(directory, camera.id, cache // SECOND)


def _capture(camera: Camera) -> tuple[Graph, StreamFormat]:
    """The capture, and what comes out of it."""
    kind, _, rest = camera.source.partition(":")
    if kind == "demo":
        return fed_capture(), _stream(camera, Codec.JPEG)
    if kind == "file":
        feed = open_file(Path(rest), loop=camera.loop)
        feed.close()
        return fed_capture(), replace(feed.format, rotate=camera.rotate, flip=camera.flip)
    if camera.kind == "rtsp":  # H.264 or H.265 is known when it answers
        return rtsp_capture(camera.shown_source, camera.transport), _stream(camera, Codec.H264)
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


def _encode(config: Config, platform: Platform | None) -> Graph:
    shape = _stream(config.camera[0], Codec.JPEG)
    usable = (lambda _: True) if platform else reaches_ready
    pinned = None if config.recording.encoder == "auto" else config.recording.encoder
    if platform and pinned is None:
        pinned = platform.encoder
    decoder = choose(Role.DECODE_JPEG, usable=usable)
    encoder = choose(Role.ENCODE_H264, usable=usable, pinned=pinned)
    return finish_encode(shape, decoder, encoder, config.recording.quality)
