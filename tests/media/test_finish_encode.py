"""JPEG journals through the real finisher: what comes out is decoded, twice, and compared."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from smartrec.media.gst import has_element
from smartrec.media.mp4 import Movie
from smartrec.model import Codec
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media import clips, numbered
from tests.media.clips import Shop

PACES = {
    "steady": [int(clips.FRAME)] * 60,
    "varying": [random.Random(5).randint(8, 120) * int(MILLISECOND) + 12_345 for _ in range(60)],
    "with a gap": [int(clips.FRAME)] * 30 + [2 * int(SECOND)] + [int(clips.FRAME)] * 29,
}


@pytest.mark.parametrize("pace", PACES)
def test_every_picture_is_there_at_its_time(tmp_path: Path, pace: str) -> None:
    units = clips.jpeg_units(clips.jpegs(60), PACES[pace])
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    told = shop.finish().finished
    path = Path(told["path"])
    for frames in (clips.ffmpeg_frames(path), clips.gst_frames(path)):
        assert clips.numbers(frames) == list(range(60))
        drift = [
            abs(at - (unit.pts - units[0].pts)) for (at, _), unit in zip(frames, units, strict=True)
        ]
        assert max(drift) < MILLISECOND
    assert told["frames_written"] == 60
    assert (told["first_pts"], told["last_pts"]) == (units[0].pts, units[-1].pts)
    assert abs(told["duration"] - (units[-1].pts + clips.FRAME - units[0].pts)) < MILLISECOND
    track = Movie(path).track()
    last = track.duration - track.times[-1]
    assert abs(last / track.timescale - clips.FRAME / SECOND) < 0.001
    assert told["lost"] == {}
    assert shop.files() == {".open/journal.mkv", "cam0_key-R.mp4", "cam0_key-R.jpg"}


@pytest.mark.parametrize(
    ("encoder", "chroma"),
    [("x264", "I420"), ("x264", "Y42B"), ("x264", "GRAY8"), ("openh264", "I420")],
)
def test_luma_is_the_cameras(tmp_path: Path, encoder: str, chroma: str) -> None:
    if not has_element(f"{encoder}enc"):
        pytest.skip(f"{encoder}enc is not installed")
    pictures = clips.jpegs(12, 640, 480, chroma)
    units = clips.jpeg_units(pictures)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(width=640, height=480), units))
    shop.write(units)
    told = shop.finish(encoder=encoder).finished
    assert told["encoder"] == encoder
    caps = "image/jpeg,width=640,height=480,framerate=30/1"
    decoded = clips.through("jpegparse ! avdec_mjpeg", pictures, caps)
    path = Path(told["path"])
    for frames in (clips.ffmpeg_frames(path, (640, 480)), clips.gst_frames(path, size=(640, 480))):
        for sample, (_, luma) in zip(decoded, frames, strict=True):
            camera = np.frombuffer(clips.bits(sample), np.uint8, 640 * 480).reshape(480, 640)
            error = luma.astype(np.float64) - camera
            assert abs(error.mean()) < 1.0
            assert 10 * np.log10(255**2 / (error**2).mean()) >= 36


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@pytest.mark.skipif(not has_element("x264enc"), reason="x264enc is not installed")
def test_the_stream_says_all_of_its_colours(tmp_path: Path) -> None:
    """Chromium takes a stream for limited range that leaves its transfer or primaries open."""
    units = clips.jpeg_units(clips.jpegs(3))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    told = shop.finish(encoder="x264").finished
    entries = "stream=color_range,color_space,color_transfer,color_primaries"
    probe = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, told["path"]]
    said = json.loads(subprocess.run(probe, check=True, capture_output=True, timeout=60).stdout)
    assert said["streams"] == [
        {
            "color_range": "pc",
            "color_space": "smpte170m",
            "color_transfer": "iec61966-2-1",
            "color_primaries": "bt709",
        }
    ]


@pytest.mark.parametrize("encoder", ["x264", "openh264"])
def test_quality_is_constant_however_hard_the_picture(tmp_path: Path, encoder: str) -> None:
    if not has_element(f"{encoder}enc"):
        pytest.skip(f"{encoder}enc is not installed")
    noise = np.random.default_rng(1)
    raws = [noise.normal(128, 20, 640 * 480 * 3 // 2).astype(np.uint8).tobytes() for _ in range(15)]
    caps = clips.raw_caps(640, 480)
    pictures = [clips.bits(sample) for sample in clips.through("jpegenc", raws, caps)]
    units = clips.jpeg_units(pictures)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(width=640, height=480), units))
    shop.write(units)
    told = shop.finish(encoder=encoder, quality=12).finished
    camera = clips.through("jpegparse ! avdec_mjpeg", pictures, "image/jpeg,framerate=30/1")
    _, luma = clips.gst_frames(Path(told["path"]), size=(640, 480))[-1]
    reference = np.frombuffer(clips.bits(camera[14]), np.uint8, 640 * 480).reshape(480, 640)
    error = luma.astype(np.float64) - reference
    assert 10 * np.log10(255**2 / (error**2).mean()) >= 40


def test_pictures_that_do_not_decode_are_counted_and_the_others_kept(tmp_path: Path) -> None:
    pictures = list(clips.jpegs(40))
    for bad in (0, 7, 8, 9, 39):
        pictures[bad] = b"\xff\xd8" + bytes(400) + b"\xff\xd9"
    units = clips.jpeg_units(pictures)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    told = shop.finish().finished
    frames = clips.gst_frames(Path(told["path"]))
    assert clips.numbers(frames) == [n for n in range(40) if n not in (0, 7, 8, 9, 39)]
    assert frames[0][0] == 0
    assert told["lost"] == {"decoder": 5}
    assert told["frames_written"] == 35
    assert (told["first_pts"], told["last_pts"]) == (units[1].pts, units[38].pts)


def test_a_thousand_bad_pictures_in_a_row_stop_nothing(tmp_path: Path) -> None:
    bad = [b"\xff\xd8\xff\xdb" + bytes(60) + b"\xff\xd9"] * 1000
    units = clips.jpeg_units([*clips.jpegs(20), *bad, *clips.jpegs(20)])
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    told = shop.finish().finished
    assert clips.numbers(clips.gst_frames(Path(told["path"]))) == [*range(20), *range(20)]
    assert told["lost"] == {"decoder": 1000}


def test_nothing_but_bad_pictures_fails_and_says_so(tmp_path: Path) -> None:
    units = clips.jpeg_units([b"\xff\xd8" + bytes(100) + b"\xff\xd9"] * 30)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    assert shop.finish().failed["error"] == "ClipDamaged"
    assert shop.files() == {".open/journal.mkv"}


def test_a_camera_that_changes_its_picture_size_is_scaled(tmp_path: Path) -> None:
    big = clips.jpegs(40, 640, 480)[20:]
    units = clips.jpeg_units([*clips.jpegs(20), *big])
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    told = shop.finish().finished
    assert clips.numbers(clips.gst_frames(Path(told["path"]))) == list(range(40))
    assert told["lost"] == {}


def test_pictures_outside_the_interval_are_hidden(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(40))
    shop = Shop(
        tmp_path,
        clips.head(clips.jpeg_format(), units, start=Ns(units[5].pts - 1), end=units[30].pts),
    )
    shop.write(units)
    told = shop.finish().finished
    path = Path(told["path"])
    assert clips.numbers(clips.ffmpeg_frames(path)) == list(range(5, 30))
    assert clips.numbers(clips.gst_frames(path)) == list(range(5, 30))
    assert told["frames_written"] == 25


@pytest.mark.parametrize(("rotate", "flip"), [(90, False), (180, False), (270, True), (0, True)])
def test_the_thumbnail_is_upright_and_of_the_trigger(
    tmp_path: Path, rotate: int, flip: bool
) -> None:
    units = clips.jpeg_units(clips.jpegs(40))
    clip = clips.head(clips.jpeg_format(rotate=rotate, flip=flip), units)
    shop = Shop(tmp_path, clip)
    shop.write(units)
    told = shop.finish().finished
    upright = clips.thumbnail(Path(told["thumbnail"]))
    assert upright.shape == ((240, 320) if rotate % 180 == 0 else (426, 320))
    if flip:
        upright = upright[:, ::-1]
    assert numbered.read(clips.turned_back(upright, rotate)) == 20


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_players_turn_a_turned_camera_at_no_cost(tmp_path: Path, rotate: int) -> None:
    units = clips.jpeg_units(clips.jpegs(10))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(rotate=rotate), units))
    shop.write(units)
    path = Path(shop.finish().finished["path"])
    assert clips.numbers(clips.gst_frames(path)) == list(range(10))
    size = (320, 240) if rotate == 180 else (240, 320)
    frames = clips.ffmpeg_frames(path, size, turn=True)
    seen = [numbered.read(clips.turned_back(luma, rotate)) for _, luma in frames]
    assert seen == list(range(10))


def test_a_picture_that_is_mirrored_is_mirrored_in_the_clip(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(10))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(rotate=90, flip=True), units))
    shop.write(units)
    path = Path(shop.finish().finished["path"])
    frames = clips.gst_frames(path, size=(240, 320))
    seen = [numbered.read(clips.turned_back(luma[:, ::-1], 90)) for _, luma in frames]
    assert seen == list(range(10))


def test_copy_keeps_the_cameras_own_bits(tmp_path: Path) -> None:
    pictures = clips.jpegs(30)
    units = clips.jpeg_units(pictures, PACES["varying"])
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    told = shop.finish(format="copy").finished
    path = Path(told["path"])
    assert shop.files() == {"cam0_key-R.mkv", "cam0_key-R.jpg"}
    assert (told["encoder"], told["frames_written"]) == ("copy", 30)
    assert clips.numbers(clips.gst_frames(path, Codec.JPEG)) == list(range(30))
    file = path.read_bytes()
    assert all(picture in file for picture in pictures)


def test_copy_of_a_longer_journal_holds_the_interval_only(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    clip = clips.head(clips.jpeg_format(), units, end=units[20].pts)
    shop = Shop(tmp_path, clip)
    shop.write(units)
    told = shop.finish(format="copy").finished
    path = Path(told["path"])
    left = ".open/journal.mkv"  # until the catalogue knows the clip that was cut out of it
    assert shop.files() == {"cam0_key-R.mkv", "cam0_key-R.jpg", left}
    assert clips.numbers(clips.gst_frames(path, Codec.JPEG)) == list(range(20))
