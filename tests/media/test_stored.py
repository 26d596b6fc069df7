"""Every picture of a stored clip comes out once, at its time, upright; or it is said why not."""

import itertools
import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest

from smartrec.errors import SmartrecError
from smartrec.media.gst import has_element
from smartrec.media.mp4 import Movie, turned
from smartrec.media.stored import Stored, open_stored
from smartrec.model import Codec
from smartrec.units import MILLISECOND, Ns
from tests.media import clips, numbered
from tests.media.clips import FRAME, Shop


def same(width: int, height: int) -> tuple[int, int]:
    return width, height


def seen(stored: Stored) -> list[tuple[int, Ns]]:
    """Number and time of each picture, read off its pixels."""
    return [
        (numbered.read(shot.picture(same).rgb().mean(axis=2).astype(np.uint8)), shot.at)
        for shot in stored.shots()
    ]


def check(stored: Stored, first: int, end: int) -> None:
    shown = seen(stored)
    assert [number for number, _ in shown] == list(range(first, end))
    assert all(abs(at - (number - first) * FRAME) < 2 * MILLISECOND for number, at in shown), shown


def written(directory: Path, codec: Codec, first: int, end: int, **job: object) -> Path:
    """A finished clip of the pictures from `first` on, of a camera that sends inter-coded ones."""
    format_, units = clips.stream_units(codec, 60, 20, 2 if codec is Codec.H264 else 0)
    times = sorted(unit.pts for unit in units)
    stop = times[end] if end < 60 else Ns(times[-1] + FRAME)
    shop = Shop(directory, clips.head(format_, units, start=times[first], end=stop))
    shop.write(units)
    return Path(shop.finish(**job).finished["path"])


@pytest.mark.parametrize("format_", ["mp4", "copy", None])
def test_a_cameras_jpegs(tmp_path: Path, format_: str | None) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    end = Ns(units[-1].pts + FRAME)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units, end=end))
    shop.write(units)
    path = shop.journal
    if format_ is not None:
        path = Path(shop.finish(format=format_).finished["path"])
    stored = open_stored(path)
    check(stored, 0, 30)
    assert stored.duration is not None
    assert abs(stored.duration - 30 * FRAME) < 2 * MILLISECOND
    if format_ != "mp4":
        assert stored.head is not None
        assert stored.begin == units[0].pts


@pytest.mark.parametrize("format_", ["mp4", "copy"])
@pytest.mark.parametrize(
    ("first", "end"),
    [
        (17, 41),
        pytest.param(0, 60, marks=pytest.mark.long),
        pytest.param(20, 21, marks=pytest.mark.long),
    ],
)
def test_what_is_hidden_is_decoded_and_not_told(
    tmp_path: Path, format_: str, first: int, end: int
) -> None:
    check(open_stored(written(tmp_path, Codec.H264, first, end, format=format_)), first, end)


def test_h265(tmp_path: Path) -> None:
    if not has_element("x265enc") or not has_element("avdec_h265"):
        pytest.skip("x265enc or avdec_h265 is not installed")
    check(open_stored(written(tmp_path, Codec.H265, 7, 60)), 7, 60)


def test_keyframes_alone(tmp_path: Path) -> None:
    stored = open_stored(written(tmp_path, Codec.H264, 10, 60))
    marked = [shot.at for shot in stored.shots() if shot.keyframe]
    alone = [shot.at for shot in stored.shots(keyframes_only=True)]
    assert len(alone) == 2
    assert all(abs(one - other) < MILLISECOND for one, other in zip(marked, alone, strict=True))
    assert abs(alone[0] - 10 * FRAME) < MILLISECOND


@pytest.mark.parametrize(
    ("codec", "rotate", "flip"),
    [
        pytest.param(Codec.JPEG, 90, False, marks=pytest.mark.long),
        pytest.param(Codec.JPEG, 180, True, marks=pytest.mark.long),
        (Codec.JPEG, 270, True),
        (Codec.H264, 90, True),
        pytest.param(Codec.H264, 180, False, marks=pytest.mark.long),
        pytest.param(Codec.H264, 270, False, marks=pytest.mark.long),
    ],
)
def test_pictures_stand_upright(tmp_path: Path, codec: Codec, rotate: int, flip: bool) -> None:
    """A camera that hangs turned sees the world as any other does once its clip is read."""
    if codec is Codec.JPEG:
        format_, units = (
            clips.jpeg_format(rotate=rotate, flip=flip),
            clips.jpeg_units(clips.jpegs(8)),
        )
    else:
        plain, coded = clips.stream_units(Codec.H264, 60, 20, 2)
        format_ = clips.jpeg_format(codec=Codec.H264, caps=plain.caps, rotate=rotate, flip=flip)
        units = list(coded)
    shop = Shop(tmp_path, clips.head(format_, units))
    shop.write(units)
    live = next(open_stored(shop.journal).shots()).picture(same).rgb().mean(axis=2)
    path = Path(shop.finish().finished["path"])
    later = next(open_stored(path).shots()).picture(same).rgb().mean(axis=2)
    assert live.shape == later.shape == ((240, 320) if rotate % 180 == 0 else (320, 240))
    assert np.abs(live - later).mean() < 12
    assert np.abs(live[:, ::-1] - later).mean() > 24, "it would be seen if it were mirrored"


def test_the_turn_that_is_written_is_read(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(2))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    movie = Movie(Path(shop.finish().finished["path"]))
    for rotate, flip in itertools.product((0, 90, 180, 270), (False, True)):
        movie.turn(rotate, flip=flip)
        assert turned(movie.matrix()) == (rotate, flip)


def test_a_journal_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    whole = shop.journal.read_bytes()
    shop.journal.write_bytes(whole[: len(whole) * 2 // 3])
    shown = [number for number, _ in seen(open_stored(shop.journal))]
    assert 5 < len(shown) < 30
    assert shown == list(range(len(shown)))


def test_another_programs_video(tmp_path: Path) -> None:
    path = tmp_path / "other.webm"
    source = "-f lavfi -i testsrc=size=320x240:rate=10:duration=2 -c:v libvpx -b:v 1M"
    subprocess.run(["ffmpeg", "-v", "error", *source.split(), path], check=True, timeout=50)
    stored = open_stored(path)
    shots = [shot.at for shot in stored.shots()]
    assert shots == [Ns(n * 100 * MILLISECOND) for n in range(20)]
    assert stored.head is None


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, Codec.H264, 0, 60)
    content = path.read_bytes()
    media, half = content.index(b"mdat") + 8, len(content) // 2
    for name, broken in {
        "empty.mp4": b"",
        "text.mkv": b"no video" * 100,
        "cut.mp4": content[:half],
        "blank.mp4": content[:media]
        + bytes(len(content) // 2)
        + content[media + len(content) // 2 :],
    }.items():
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(SmartrecError):
            list(open_stored(tmp_path / name).shots())
    with pytest.raises(SmartrecError, match="does not exist"):
        open_stored(tmp_path / "missing.mp4")


def test_a_name_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4"))
    path.write_bytes(b"no matter what")
    with pytest.raises(SmartrecError, match="not UTF-8"):
        open_stored(path)


def hurt(content: bytes, chance: random.Random) -> bytes:
    """Cut off, blanked, or with bits that are others."""
    hurt, at = bytearray(content), chance.randrange(len(content))
    how = chance.choice(("cut", "blank", "bits", "head", "tail"))
    if how == "cut":
        del hurt[at:]
    elif how == "blank":
        hurt[at : at + chance.randrange(1, 5000)] = b""
    else:
        span = {"head": range(600), "tail": range(-3000, 0)}.get(how, range(len(content)))
        for _ in range(chance.choice((1, 5, 50))):
            hurt[chance.choice(span)] ^= 1 << chance.randrange(8)
    return bytes(hurt)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("times", [10, pytest.param(150, marks=pytest.mark.long)])
def test_a_damaged_file_gives_pictures_or_our_own_error(tmp_path: Path, times: int) -> None:
    units = clips.jpeg_units(clips.jpegs(20))
    shop = Shop(tmp_path / "jpegs", clips.head(clips.jpeg_format(), units))
    shop.write(units)
    whole = [
        shop.journal,
        written(tmp_path / "mp4", Codec.H264, 7, 41),
        written(tmp_path / "copy", Codec.H264, 7, 41, format="copy"),
    ]
    chance = random.Random(times)
    refused = 0
    for _ in range(times):
        path = chance.choice(whole)
        damaged = tmp_path / f"damaged{path.suffix}"
        damaged.write_bytes(hurt(path.read_bytes(), chance))
        try:
            list(open_stored(damaged).shots())
        except SmartrecError:
            refused += 1
    assert 0 < refused < times
