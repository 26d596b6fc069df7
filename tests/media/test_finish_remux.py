"""A camera's own H.264 and H.265: nothing is encoded, and the clip begins at exactly its start."""

from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.media.gst import has_element
from smartrec.media.mp4 import Movie
from smartrec.model import Codec
from smartrec.units import MILLISECOND, Ns
from tests.media import clips, numbered
from tests.media.clips import Shop


@pytest.mark.parametrize("bframes", [0, 2])
@pytest.mark.parametrize(("first", "end"), [(0, 90), (1, 90), (17, 71), (30, 61), (44, 45)])
def test_players_show_exactly_the_interval(
    tmp_path: Path, bframes: int, first: int, end: int
) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, bframes)
    times = sorted(unit.pts for unit in units)
    stop = times[end] if end < 90 else Ns(times[-1] + clips.FRAME)
    shop = Shop(tmp_path, clips.head(format_, units, start=times[first], end=stop))
    shop.write(units)
    told = shop.finish().finished
    path = Path(told["path"])
    for frames in (clips.ffmpeg_frames(path), clips.gst_frames(path)):
        assert clips.numbers(frames) == list(range(first, end))
        wanted = [pts - times[first] for pts in times[first:end]]
        assert all(abs(at - due) < MILLISECOND for (at, _), due in zip(frames, wanted, strict=True))
    assert (told["encoder"], told["frames_written"]) == ("remux", end - first)
    assert (told["first_pts"], told["last_pts"]) == (times[first], times[end - 1])
    assert abs(told["duration"] - (end - first) * clips.FRAME) < MILLISECOND
    assert told["lost"] == {}
    assert shop.files() == {".open/journal.mkv", "cam0_key-R.mp4", "cam0_key-R.jpg"}


def test_a_journal_that_begins_in_a_later_gop_is_exact_too(tmp_path: Path) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, 2)
    later = units[30:]
    assert later[0].keyframe
    times = sorted(unit.pts for unit in later)
    shop = Shop(tmp_path, clips.head(format_, later, start=times[11], end=times[50]))
    shop.write(later)
    path = Path(shop.finish().finished["path"])
    assert clips.numbers(clips.gst_frames(path)) == clips.numbers(clips.ffmpeg_frames(path))
    shown = clips.numbers(clips.gst_frames(path))
    assert len(shown) == 39
    assert shown == list(range(shown[0], shown[0] + 39))


def test_the_cameras_bits_are_not_touched(tmp_path: Path) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, 2)
    shop = Shop(tmp_path, clips.head(format_, units))
    shop.write(units)
    path = Path(shop.finish().finished["path"])
    file = path.read_bytes()
    assert all(unit.data in file for unit in units)


def test_a_camera_with_start_codes_is_exact_too(tmp_path: Path) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, 2, "byte-stream")
    assert units[0].data.startswith(b"\0\0\0\1")
    times = sorted(unit.pts for unit in units)
    shop = Shop(tmp_path, clips.head(format_, units, start=times[17], end=times[71]))
    shop.write(units)
    path = Path(shop.finish().finished["path"])
    for frames in (clips.ffmpeg_frames(path), clips.gst_frames(path)):
        assert clips.numbers(frames) == list(range(17, 71))


def test_a_unit_that_is_lost_in_the_middle_leaves_a_gap_in_time(tmp_path: Path) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, 0)
    kept = [unit for unit in units if unit.seq not in (58, 59)]
    shop = Shop(tmp_path, clips.head(format_, kept))
    shop.write(kept)
    told = shop.finish().finished
    frames = clips.gst_frames(Path(told["path"]))
    assert clips.numbers(frames) == [n for n in range(90) if n not in (58, 59)]
    assert abs(frames[58][0] - 60 * clips.FRAME) < MILLISECOND
    assert (told["frames_written"], told["lost"]) == (88, {})


def test_copy_of_h264_is_an_mp4_too(tmp_path: Path) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, 2)
    shop = Shop(tmp_path, clips.head(format_, units))
    shop.write(units)
    told = shop.finish(format="copy").finished
    assert (Path(told["path"]).name, told["encoder"]) == ("cam0_key-R.mp4", "remux")


def test_h265_is_shown_exactly_too(tmp_path: Path) -> None:
    for element in ("x265enc", "h265parse", "avdec_h265"):
        if not has_element(element):
            pytest.skip(f"{element} is not installed")
    format_, units = clips.stream_units(Codec.H265, 60, 30, 0)
    times = sorted(unit.pts for unit in units)
    shop = Shop(tmp_path, clips.head(format_, units, start=times[13], end=times[50]))
    shop.write(units)
    path = Path(shop.finish().finished["path"])
    for frames in (clips.ffmpeg_frames(path), clips.gst_frames(path, Codec.H265)):
        assert clips.numbers(frames) == list(range(13, 50))


@pytest.mark.parametrize(
    ("rotate", "flip", "matrix"),
    [
        (0, False, (1, 0, 0, 1)),
        (90, False, (0, 1, -1, 0)),
        (180, False, (-1, 0, 0, -1)),
        (270, False, (0, -1, 1, 0)),
        (0, True, (-1, 0, 0, 1)),
        (90, True, (0, 1, 1, 0)),
    ],
)
def test_a_turned_camera_is_turned_by_the_player(
    tmp_path: Path, rotate: int, flip: bool, matrix: tuple[int, int, int, int]
) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, 0)
    turned = replace(format_, rotate=rotate, flip=flip)
    shop = Shop(tmp_path, clips.head(turned, units))
    shop.write(units)
    told = shop.finish().finished
    assert Movie(Path(told["path"])).matrix() == matrix
    upright = clips.thumbnail(Path(told["thumbnail"]))
    if flip:
        upright = upright[:, ::-1]
    assert numbered.read(clips.turned_back(upright, rotate)) == 45
