"""Numbered pictures through real encoders into journals, the real finisher, real decoders back."""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from smartrec.media.gst import Gst, GstApp, launch
from smartrec.media.journal import JournalWriter
from smartrec.model import AccessUnit, ClipHead, ClipState, Codec, StreamFormat, Trigger
from smartrec.units import SECOND, Ns
from tests.media import numbered
from tests.streams import clip_head

WIDTH, HEIGHT = 320, 240
START = Ns(4_000 * SECOND + 7)
FRAME = Ns(33_333_333)
TIMEOUT = 50

Luma = npt.NDArray[np.uint8]


def _source(pipeline: Gst.Pipeline) -> GstApp.AppSrc:
    source = pipeline.get_by_name("source")
    assert isinstance(source, GstApp.AppSrc)
    return source


def _drain(pipeline: Gst.Pipeline) -> list[Gst.Sample]:
    """All samples of the appsink ``out``; the pipeline is NULL afterwards."""
    sink = pipeline.get_by_name("out")
    assert isinstance(sink, GstApp.AppSink)
    samples = []
    while (sample := sink.try_pull_sample(20 * SECOND)) is not None:
        samples.append(sample)
    assert sink.is_eos(), pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    return samples


def _buffer(sample: Gst.Sample) -> Gst.Buffer:
    buffer = sample.get_buffer()
    assert buffer is not None
    return buffer


def bits(sample: Gst.Sample) -> bytes:
    buffer = _buffer(sample)
    return buffer.extract_dup(0, buffer.get_size())


def through(launch_text: str, pictures: Iterable[bytes], caps: str) -> list[Gst.Sample]:
    """Raw or encoded pictures, one a frame time, through some elements."""
    pipeline = launch(
        f"appsrc name=source format=time max-bytes=0 ! {launch_text} ! appsink name=out sync=false"
    )
    source = _source(pipeline)
    source.set_caps(Gst.Caps.from_string(caps))
    pipeline.set_state(Gst.State.PLAYING)
    for n, picture in enumerate(pictures):
        buffer = Gst.Buffer.new_wrapped(picture)
        buffer.pts = n * FRAME
        buffer.duration = FRAME
        source.push_buffer(buffer)
    source.end_of_stream()
    return _drain(pipeline)


def raw_caps(width: int = WIDTH, height: int = HEIGHT) -> str:
    return (
        f"video/x-raw,format=I420,width={width},height={height},framerate=30/1,colorimetry=1:4:0:0"
    )


@cache
def jpegs(
    count: int, width: int = WIDTH, height: int = HEIGHT, chroma: str = "I420"
) -> tuple[bytes, ...]:
    """`chroma` is GStreamer's name of what the JPEGs hold: Y42B is what most cameras send."""
    pictures = (numbered.i420(n, width, height) for n in range(count))
    encoder = f"videoconvert ! video/x-raw,format={chroma} ! jpegenc quality=92"
    return tuple(bits(sample) for sample in through(encoder, pictures, raw_caps(width, height)))


def jpeg_format(**changes: Any) -> StreamFormat:
    wanted = {"codec": Codec.JPEG, "width": WIDTH, "height": HEIGHT, "fps": 30.0, "caps": ""}
    return StreamFormat(**{**wanted, **changes})


def jpeg_units(pictures: Sequence[bytes], gaps: Sequence[int] | None = None) -> list[AccessUnit]:
    """A camera's JPEGs; `gaps` are the nanoseconds from each to the next."""
    units, pts = [], START
    for n, data in enumerate(pictures):
        units.append(AccessUnit(1, n, pts, pts, FRAME, True, 0, data))
        pts = Ns(pts + (gaps[n] if gaps else FRAME))
    return units


@cache
def stream_units(
    codec: Codec, count: int, gop: int, bframes: int, packed: str = "avc"
) -> tuple[StreamFormat, tuple[AccessUnit, ...]]:
    """A camera that sends H.264 or H.265, with reordered pictures if it has B-frames."""
    if codec is Codec.H264:
        encoder = (
            f"x264enc speed-preset=veryfast pass=qual quantizer=18 key-int-max={gop}"
            f" bframes={bframes} b-adapt=false option-string=scenecut=0 ! h264parse"
            f" ! video/x-h264,stream-format={packed},alignment=au"
        )
    else:
        encoder = (
            f"x265enc speed-preset=ultrafast key-int-max={gop}"
            " option-string=log-level=none:scenecut=0 ! h265parse"
            " ! video/x-h265,stream-format=hvc1,alignment=au"
        )
    pictures = (numbered.i420(n) for n in range(count))
    samples = through(encoder, pictures, raw_caps())
    zero = min(_buffer(sample).pts for sample in samples)
    units = tuple(
        AccessUnit(
            epoch=1,
            seq=n,
            pts=Ns(START + _buffer(sample).pts - zero),
            dts=Ns(START + _buffer(sample).dts - zero),
            duration=FRAME,
            keyframe=not _buffer(sample).has_flags(Gst.BufferFlags.DELTA_UNIT),
            lost_before=0,
            data=bits(sample),
        )
        for n, sample in enumerate(samples)
    )
    caps = samples[-1].get_caps()
    assert caps is not None
    return StreamFormat(codec, WIDTH, HEIGHT, 30.0, caps.to_string()), units


def head(format_: StreamFormat, units: Sequence[AccessUnit], **changes: Any) -> ClipHead:
    """The head of a clip of all `units`, triggered in the middle."""
    times = sorted(unit.pts for unit in units)
    wanted = {
        "format": format_,
        "start": times[0],
        "end": Ns(times[-1] + 1),
        "state": ClipState.COMPLETE,
        "triggers": (Trigger("trigger-1", times[len(times) // 2], "key-R"),),
        "file_name": "cam0_key-R",
    }
    return clip_head(**{**wanted, **changes})


class Shop:
    """A clip directory with one journal in it, and the finisher at work on that."""

    def __init__(self, clips: Path, clip: ClipHead, name: str = "journal") -> None:
        self.clips = clips
        self.head = clip
        self.journal = clips / ".open" / f"{name}.mkv"
        self.journal.parent.mkdir(parents=True, exist_ok=True)

    def write(self, units: Sequence[AccessUnit]) -> int:
        writer = JournalWriter(self.journal, self.head)
        for at in range(0, len(units), 10):
            writer.write(units[at : at + 10])
        return writer.close(self.head)

    def start(self, **job: object) -> "Finisher":
        return Finisher({"journal": str(self.journal), "clips": str(self.clips), **job})

    def finish(self, **job: object) -> "Finisher":
        """As recovery does it: the journal is closed from the beginning."""
        finisher = self.start(**job)
        finisher.say(closed=self.journal.stat().st_size)
        finisher.wait()
        return finisher

    def files(self) -> set[str]:
        return {
            str(path.relative_to(self.clips)) for path in self.clips.rglob("*") if path.is_file()
        }


class Finisher:
    """The real child process."""

    def __init__(self, job: dict[str, object]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smartrec.media.finish"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.status = -1
        self.lines: list[dict[str, Any]] = []
        self.noise = ""
        self.say(**job)

    def say(self, **line: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def heard(self) -> dict[str, Any]:
        """The next line it says."""
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def wait(self) -> None:
        """To its end; stdin is closed."""
        out, noise = self.process.communicate(timeout=TIMEOUT)
        self.noise = noise.decode()
        self.lines = [json.loads(line) for line in out.splitlines()]
        self.status = self.process.returncode

    @property
    def finished(self) -> dict[str, Any]:
        assert self.status == 0, (self.lines, self.noise)
        finished: dict[str, Any] = self.lines[-1]["finished"]
        return finished

    @property
    def failed(self) -> dict[str, Any]:
        assert self.status == 1, (self.lines, self.noise)
        failed: dict[str, Any] = self.lines[-1]["failed"]
        return failed


def thumbnail(path: Path) -> Luma:
    """A JPEG's luma."""
    (sample,) = through("jpegdec", [path.read_bytes()], "image/jpeg")
    caps = sample.get_caps()
    assert caps is not None
    ok, width = caps.get_structure(0).get_int("width")
    ok_too, height = caps.get_structure(0).get_int("height")
    assert ok
    assert ok_too
    stride = (width + 3) // 4 * 4
    padded = np.frombuffer(bits(sample), np.uint8, stride * height).reshape(height, stride)
    return padded[:, :width]


def turned_back(upright: Luma, rotate: int) -> Luma:
    """The camera's picture of one that was turned `rotate` degrees clockwise."""
    return np.rot90(upright, rotate // 90)


def gst_frames(
    path: Path, codec: Codec = Codec.H264, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> list[tuple[int, Luma]]:
    """(running time in ns, full-range luma) of each picture that GStreamer shows."""
    decoder = {
        Codec.JPEG: "matroskademux ! jpegdec",
        Codec.H264: "qtdemux ! h264parse ! avdec_h264 max-threads=1",
        Codec.H265: "qtdemux ! h265parse ! avdec_h265 max-threads=1",
    }[codec]
    width, height = size
    pipeline = launch(
        f"filesrc name=file ! {decoder} ! videoconvert ! video/x-raw,format=I420"
        " ! appsink name=out sync=false"
    )
    file = pipeline.get_by_name("file")
    assert file is not None
    file.set_property("location", str(path))
    pipeline.set_state(Gst.State.PLAYING)
    frames = []
    for sample in _drain(pipeline):
        segment = sample.get_segment()
        assert segment is not None
        luma = np.frombuffer(bits(sample), np.uint8, width * height).reshape(height, width)
        luma = luma if _full_range(sample) else _widened(luma)
        frames.append((segment.to_running_time(Gst.Format.TIME, _buffer(sample).pts), luma))
    return frames


def _full_range(sample: Gst.Sample) -> bool:
    caps = sample.get_caps()
    assert caps is not None
    return (caps.get_structure(0).get_string("colorimetry") or "").startswith("1:")


def _widened(luma: Luma) -> Luma:
    """Limited range to full range; videoconvert (1.22) does not, where the matrix is the same."""
    wide = (luma.astype(np.float64) - 16) * 255 / 219
    return np.clip(np.rint(wide), 0, 255).astype(np.uint8)


def ffmpeg_frames(
    path: Path, size: tuple[int, int] = (WIDTH, HEIGHT), *, turn: bool = False
) -> list[tuple[int, Luma]]:
    """(time in ns, full-range luma) of each picture that ffmpeg shows, edit list applied.

    With `turn`, as the file's matrix says; `size` is that of the turned picture then.
    """
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        pytest.skip("ffmpeg and ffprobe are not installed")
    rotate = "" if turn else "-noautorotate"
    decode = f"ffmpeg -v error {rotate} -i {shlex.quote(str(path))} -vsync passthrough -copyts"
    shown = subprocess.run(
        shlex.split(f"{decode} -pix_fmt yuvj420p -f rawvideo -"),
        capture_output=True,
        check=True,
        timeout=TIMEOUT,
    ).stdout
    width, height = size
    frame = width * height * 3 // 2
    lumas = [
        np.frombuffer(shown, np.uint8, width * height, at).reshape(height, width)
        for at in range(0, len(shown), frame)
    ]
    probe = "ffprobe -v error -select_streams v -of json -show_entries"
    probed = subprocess.run(
        [*probe.split(), "frame=best_effort_timestamp_time", str(path)],
        capture_output=True,
        check=True,
        timeout=TIMEOUT,
    ).stdout
    times = [
        round(float(frame["best_effort_timestamp_time"]) * 1e9)
        for frame in json.loads(probed)["frames"]
    ]
    assert len(times) == len(lumas)
    return list(zip(times, lumas, strict=True))


def numbers(frames: Iterable[tuple[int, Luma]]) -> list[int]:
    return [numbered.read(luma) for _, luma in frames]
