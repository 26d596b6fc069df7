"""Sound in finished clips: in step with the pictures, as two players hear it, and told exactly.

A click with every tenth picture: where it is heard is held against that picture's time.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smartrec.errors import PipelineError
from smartrec.graph.recipes import RECIPES, Recipe, Role
from smartrec.media.gst import reaches_ready
from smartrec.media.journal import JournalWriter
from smartrec.media.mp4 import Movie
from smartrec.media.sound_encoder import SoundEncoder
from smartrec.media.sound_track import add_sound
from smartrec.model import SOUND, AccessUnit, ClipHead, Codec
from smartrec.recording.sound import RATE, SoundChunk
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media import clips
from tests.media.clips import Shop
from tests.sounds import clicking, ffmpeg_heard, gst_heard, worst

CLOSE = 5 * MILLISECOND
EVERY = 10
ENCODERS = [row for row in RECIPES if row.role is Role.ENCODE_SOUND and reaches_ready(row.sample())]


def shop_of(
    where: Path, head: ClipHead, units: Sequence[AccessUnit], sound: list[SoundChunk]
) -> Shop:
    """A journal as the recorder writes it: sound comes a moment later than its pictures."""
    shop = Shop(where, replace(head, sound=SOUND))
    writer = JournalWriter(shop.journal, shop.head)
    done = 0
    for at in range(0, len(units), 10):
        batch = units[at : at + 10]
        heard = [each for each in sound[done:] if each.end <= max(unit.pts for unit in batch)]
        done += len(heard)
        writer.write(batch, heard)
    writer.write((), sound[done:])
    writer.close(shop.head)
    return shop


def click_times(units: Sequence[AccessUnit]) -> list[Ns]:
    return sorted(unit.pts for unit in units)[EVERY // 2 :: EVERY]


def sound_of(units: Sequence[AccessUnit], drift: float = 0.0, early: int = 0) -> list[SoundChunk]:
    """All the time of the pictures; from before the first only on demand."""
    times = sorted(unit.pts for unit in units)
    begin = times[0] - early
    return clicking(begin, times[-1] + clips.FRAME - begin, click_times(units), drift)


def check(path: Path, wanted: list[int]) -> None:
    assert worst(ffmpeg_heard(path), wanted) < CLOSE
    assert worst(gst_heard(path), wanted) < CLOSE


def test_encoded_pictures_and_sound_are_in_step(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(90))
    begin, end = units[15].pts, units[80].pts
    head = clips.head(clips.jpeg_format(), units, start=begin, end=end)
    told = shop_of(tmp_path, head, units, sound_of(units)).finish().finished
    path = Path(told["path"])
    check(path, [t - begin for t in click_times(units) if begin <= t < end])
    assert told["silent"] == 0
    assert clips.numbers(clips.ffmpeg_frames(path)) == list(range(15, 80))
    assert clips.numbers(clips.gst_frames(path)) == list(range(15, 80))


@pytest.mark.parametrize(("bframes", "first", "end"), [(0, 17, 71), (2, 44, 89), (2, 1, 90)])
def test_sound_begins_with_the_first_picture_that_is_not_hidden(
    tmp_path: Path, bframes: int, first: int, end: int
) -> None:
    format_, units = clips.stream_units(Codec.H264, 90, 30, bframes)
    times = sorted(unit.pts for unit in units)
    stop = times[end] if end < 90 else Ns(times[-1] + clips.FRAME)
    head = clips.head(format_, units, start=times[first], end=stop)
    told = shop_of(tmp_path, head, units, sound_of(units)).finish().finished
    path = Path(told["path"])
    check(path, [t - times[first] for t in click_times(units) if times[first] <= t < stop])
    for frames in (clips.ffmpeg_frames(path), clips.gst_frames(path)):
        assert clips.numbers(frames) == list(range(first, end))


def test_a_copy_holds_every_sample_at_its_time(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(60))
    sound = sound_of(units)
    told = shop_of(tmp_path, clips.head(clips.jpeg_format(), units), units, sound)
    finished = told.finish(format="copy").finished
    wanted = [t - units[0].pts for t in click_times(units)]
    path = Path(finished["path"])
    assert worst(ffmpeg_heard(path), wanted) < CLOSE
    assert worst(gst_heard(path, "matroskademux"), wanted) < CLOSE
    assert all(chunk.data in path.read_bytes() for chunk in sound)
    assert finished["silent"] == 0


def test_a_copy_is_cut_to_its_interval_with_its_sound(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(60))
    begin, end = units[15].pts, units[52].pts
    head = clips.head(clips.jpeg_format(), units, start=begin, end=end)
    finished = shop_of(tmp_path, head, units, sound_of(units)).finish(format="copy").finished
    wanted = [t - begin for t in click_times(units) if begin <= t < end]
    assert worst(ffmpeg_heard(Path(finished["path"])), wanted) < CLOSE
    assert finished["silent"] < 2 * MILLISECOND


@pytest.mark.long
@pytest.mark.parametrize("drift", [-400e-6, 400e-6])
def test_a_card_that_counts_otherwise_than_the_system_stays_in_step(
    tmp_path: Path, drift: float
) -> None:
    """200 pictures of a second each, in which it goes wrong by 80 ms."""
    pictures = clips.jpegs(10) * 20
    units = clips.jpeg_units(pictures, [SECOND] * 200)
    head = clips.head(clips.jpeg_format(fps=1.0), units)
    told = shop_of(tmp_path, head, units, sound_of(units, drift)).finish().finished
    wanted = [t - units[0].pts for t in click_times(units)]
    assert worst(ffmpeg_heard(Path(told["path"])), wanted) < CLOSE


def test_where_the_microphone_was_lost_it_is_silent_and_goes_on_in_step(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(90))
    gone, back = units[33].pts, units[58].pts
    sound = [each for each in sound_of(units) if each.end <= gone or each.pts >= back]
    told = shop_of(tmp_path, clips.head(clips.jpeg_format(), units), units, sound).finish().finished
    path = Path(told["path"])
    clicks = [t for t in click_times(units) if not gone - 20 * MILLISECOND < t < back]
    check(path, [t - units[0].pts for t in clicks])
    assert abs(told["silent"] - (back - gone)) < 41 * MILLISECOND
    assert clips.numbers(clips.ffmpeg_frames(path)) == list(range(90))


def test_a_microphone_that_never_came_leaves_a_clip_without_sound(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    told = shop_of(tmp_path, clips.head(clips.jpeg_format(), units), units, []).finish().finished
    assert told["silent"] == told["duration"]
    assert b"soun" not in Path(told["path"]).read_bytes()


def test_a_clip_that_was_to_have_none_says_nothing_of_sound(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    assert shop.finish().finished["silent"] is None


@pytest.mark.parametrize("recipe", ENCODERS, ids=lambda recipe: recipe.name)
def test_every_encoder_puts_the_first_sample_where_its_recipe_says(
    tmp_path: Path, recipe: Recipe
) -> None:
    units = clips.jpeg_units(clips.jpegs(30))
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    path = Path(shop.finish().finished["path"])
    shown = Movie(path).track().presented()
    sound = np.zeros(RATE, np.int16)
    sound[24_000:24_012] = 24_000
    add_sound(path, SoundEncoder(recipe), iter([sound]), RATE)
    for heard in (ffmpeg_heard(path), gst_heard(path)):
        assert worst(heard, [SECOND // 2]) < MILLISECOND
    assert Movie(path).track().presented() == shown


def test_an_encoder_that_fails_is_told_and_never_waited_for() -> None:
    broken = Recipe(Role.ENCODE_SOUND, "x", "identity error-after=9 ! avenc_aac bitrate={bitrate}")
    second = np.zeros(RATE, np.int16)
    for seconds in (100, 9):  # amid, and at the very end
        with pytest.raises(PipelineError, match="identity"):
            list(SoundEncoder(broken).packets(second for _ in range(seconds)))


def test_encoders_of_sound_are_here() -> None:
    assert [row.name for row in ENCODERS] == ["libav", "vo"]
