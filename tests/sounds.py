"""Sound to test with: clicks at known moments, and where they are heard in a finished clip."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from smartrec.media.gst import Gst, GstApp, launch, running
from smartrec.recording.sound import RATE, SoundChunk, samples_before, time_of
from smartrec.units import MILLISECOND, SECOND, Ns

CHUNK = 960
LOUD = 6000
APART = 50 * MILLISECOND
"""Clicks are further apart; what rings after one is no other."""
Heard = list[tuple[int, npt.NDArray[np.int16]]]


def clicking(
    start: int, length: int, clicks: Iterable[int], drift: float = 0.0
) -> list[SoundChunk]:
    """Sound of a card whose second is longer by `drift`, with a short click at each moment (ns)."""
    count = samples_before(round(length / (1 + drift))) // CHUNK * CHUNK
    data = np.zeros(count + 64, "<i2")
    data[:count] = np.random.default_rng(5).integers(-60, 60, count)  # no room is quite silent
    for click in clicks:
        at = round((click - start) / (1 + drift) * RATE / SECOND)
        if 0 <= at < count:
            data[at : at + 12] = 24_000 * np.cos(np.arange(12) / 2)
    return [
        SoundChunk(Ns(round(start + time_of(n) * (1 + drift))), data[n : n + CHUNK].tobytes())
        for n in range(0, count, CHUNK)
    ]


def ffmpeg_heard(path: Path) -> list[int]:
    """When a clip clicks (ns on its own timeline) as ffmpeg plays it, edit list applied."""
    done = subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "info", "-i", str(path)),
            *("-map", "0:a:0", "-copyts", "-af", "ashowinfo", "-ac", "1", "-ar", str(RATE)),
            *("-f", "s16le", "-"),
        ],
        capture_output=True,
        check=False,
        timeout=60,
    )
    told = done.stderr.decode(errors="replace")
    assert done.returncode == 0, told
    frames = re.findall(r"ashowinfo.* pts_time:\s*(-?[\d.]+).* nb_samples:\s*(\d+)", told)
    sound = np.frombuffer(done.stdout, np.int16)
    pieces: Heard = []
    at = 0
    for time, count in frames:
        pieces.append((round(float(time) * SECOND), sound[at : at + int(count)]))
        at += int(count)
    assert at == len(sound), told
    return moments(pieces)


def gst_heard(path: Path, demuxer: str = "qtdemux ! aacparse ! avdec_aac") -> list[int]:
    """The same as GStreamer plays it: what lies outside a segment is not heard."""
    pipeline = launch(
        f"filesrc name=file ! {demuxer} ! audioconvert ! audio/x-raw,format=S16LE,channels=1"
        " ! appsink name=out sync=false"
    )
    file, sink = pipeline.get_by_name("file"), pipeline.get_by_name("out")
    assert file is not None
    assert isinstance(sink, GstApp.AppSink)
    file.set_property("location", str(path))
    pieces: Heard = []
    with running(pipeline):
        while (sample := sink.try_pull_sample(20 * SECOND)) is not None:
            pieces += _in_segment(sample)
        assert sink.is_eos()
    return moments(pieces)


def _in_segment(sample: Gst.Sample) -> Heard:
    segment, buffer = sample.get_segment(), sample.get_buffer()
    assert segment is not None
    assert buffer is not None
    sound = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.int16)
    first = max(0, segment.start - buffer.pts) * RATE // SECOND
    last = len(sound)
    if segment.stop != Gst.CLOCK_TIME_NONE:
        last = min(last, max(0, segment.stop - buffer.pts) * RATE // SECOND)
    begin = buffer.pts + time_of(first)
    time = segment.to_running_time(Gst.Format.TIME, begin)
    return [(int(time), sound[first:last])] if first < last else []


def moments(pieces: Heard) -> list[int]:
    """Where it is loudest in each click."""
    found: list[tuple[int, int]] = []
    for time, sound in pieces:
        for at in np.flatnonzero(np.abs(sound.astype(np.int32)) > LOUD):
            moment, level = time + time_of(int(at)), abs(int(sound[at]))
            if found and moment - found[-1][0] < APART:
                found[-1] = max(found[-1], (moment, level), key=lambda each: each[1])
            else:
                found.append((moment, level))
    return [moment for moment, _ in found]


def worst(heard: Sequence[int], wanted: Sequence[int]) -> int:
    """How far any click is from its moment; each must be heard once."""
    assert len(heard) == len(wanted), (heard, wanted)
    return max(abs(one - other) for one, other in zip(heard, wanted, strict=True))
