"""Fragmented MP4 of real H.264 and H.265, decoded by programs that did not write it."""

from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.media.capture import format_of
from smartrec.media.gst import Gst
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns
from smartrec.web.fmp4 import FragmentedMp4
from tests.media import clips

COUNT, GOP = 40, 10
STREAMS = [(Codec.H264, 0), (Codec.H264, 2), (Codec.H265, 0)]


def stream(codec: Codec, bframes: int) -> tuple[StreamFormat, list[AccessUnit]]:
    """As a capture has it, with the decoder's set-up; H.265 has reordered pictures as well."""
    if codec is Codec.H265:
        for element in ("x265enc", "h265parse"):
            if Gst.ElementFactory.find(element) is None:
                pytest.skip(f"no {element} here")
    made, units = clips.stream_units(codec, COUNT, GOP, bframes)
    caps = Gst.Caps.from_string(made.caps)
    assert caps is not None
    return format_of(caps), list(units)


def written(path: Path, format_: StreamFormat, units: list[AccessUnit]) -> FragmentedMp4:
    movie = FragmentedMp4(format_)
    fragments = [movie.fragment(unit) for unit in units]
    path.write_bytes(movie.opening + b"".join(fragments))
    return movie


def must_show(path: Path, movie: FragmentedMp4, wanted: list[tuple[int, Ns]]) -> None:
    """ffmpeg shows pictures of these numbers at these times and no others."""
    found = clips.ffmpeg_frames(path)
    assert clips.numbers(found) == [number for number, _ in wanted]
    for (at, _), (_, pts) in zip(found, wanted, strict=True):
        assert at == pytest.approx(pts - movie.zero, abs=2_000)


@pytest.mark.parametrize(("codec", "bframes"), STREAMS, ids=str)
def test_every_picture_is_shown_at_its_time(codec: Codec, bframes: int, tmp_path: Path) -> None:
    format_, units = stream(codec, bframes)
    movie = written(tmp_path / "live.mp4", format_, units)
    must_show(tmp_path / "live.mp4", movie, list(enumerate(sorted(unit.pts for unit in units))))


@pytest.mark.parametrize(("codec", "bframes"), STREAMS, ids=str)
def test_whoever_joins_at_a_keyframe_sees_every_picture_from_there_on(
    codec: Codec, bframes: int, tmp_path: Path
) -> None:
    format_, units = stream(codec, bframes)
    first = next(n for n, unit in enumerate(units) if n and unit.keyframe)
    movie = written(tmp_path / "live.mp4", format_, units[first:])
    numbered_times = list(enumerate(sorted(unit.pts for unit in units)))
    # Pictures that are shown before the keyframe and coded after it need what was not there.
    wanted = [(number, pts) for number, pts in numbered_times if pts >= units[first].pts]
    must_show(tmp_path / "live.mp4", movie, wanted)


@pytest.mark.parametrize(("codec", "bframes"), STREAMS, ids=str)
def test_gstreamer_shows_the_same(codec: Codec, bframes: int, tmp_path: Path) -> None:
    format_, units = stream(codec, bframes)
    written(tmp_path / "live.mp4", format_, units)
    found = clips.gst_frames(tmp_path / "live.mp4", codec)
    assert clips.numbers(found) == list(range(COUNT))


def test_a_camera_that_pauses_is_shown_at_the_times_that_it_says(tmp_path: Path) -> None:
    format_, units = stream(Codec.H264, 0)
    late = [
        replace(unit, pts=Ns(unit.pts + pause), dts=Ns(unit.dts + pause))
        for n, unit in enumerate(units)
        for pause in [7 * SECOND if n > 15 else 0]
    ]
    movie = written(tmp_path / "live.mp4", format_, late)
    must_show(tmp_path / "live.mp4", movie, [(n, unit.pts) for n, unit in enumerate(late)])
