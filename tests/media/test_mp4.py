"""The index of an MP4: what is read is what was written, and garbage is named as such."""

import os
import struct
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.errors import ClipDamaged
from smartrec.media.boxes import Box, tree
from smartrec.media.mp4 import Movie, identity
from smartrec.model import Codec
from tests.media import clips
from tests.media.clips import Shop


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished clip of 60 pictures, two of three reordered."""
    where = tmp_path_factory.mktemp("clip")
    format_, units = clips.stream_units(Codec.H264, 60, 30, 2)
    shop = Shop(where, clips.head(format_, units))
    shop.write(units)
    return Path(shop.finish().finished["path"])


def test_an_index_is_put_back_as_it_was(clip: Path) -> None:
    file = clip.read_bytes()
    at = file.rindex(b"moov") - 4
    moov = file[at : at + int.from_bytes(file[at : at + 4], "big")]
    assert tree(moov)[0].pack() == moov


def test_reordered_pictures_keep_their_times(clip: Path) -> None:
    track = Movie(clip).track()
    assert (track.timescale, track.width, track.height) == (90_000, 320, 240)
    assert [tick for tick, _ in track.presented()] == [3000 * n for n in range(60)]
    assert list(track.times) != sorted(track.times)
    assert all(decode <= time for decode, time in zip(track.decode, track.times, strict=True))


@given(first=st.integers(0, 59), gap=st.integers(0, 9000), length=st.integers(1, 60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_hidden_the_rest_keeps_its_times(
    clip: Path, tmp_path: Path, first: int, gap: int, length: int
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip.read_bytes())
    movie = Movie(path)
    shown = movie.track().presented()[first : first + length]
    duration = 3000 * len(shown)
    movie.show(movie.hasten(shown[0][1], gap), duration)
    os.truncate(path, movie.end)
    movie.write({"clip_id": "x"})
    again = Movie(path).track()
    assert again.presented() == [(3000 * n, sample) for n, (_, sample) in enumerate(shown)]
    assert sorted(again.decode) == list(again.decode)
    assert all(decode <= time for decode, time in zip(again.decode, again.times, strict=True))
    assert len(set(again.times)) == len(again.times)
    assert identity(path) == {"clip_id": "x"}


@given(at=st.floats(0, 1), garbage=st.binary(min_size=1, max_size=12))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_index_is_named_or_still_readable(
    clip: Path, tmp_path: Path, at: float, garbage: bytes
) -> None:
    path = tmp_path / "clip.mp4"
    file = clip.read_bytes()
    moov = file.rindex(b"moov")
    place = moov + int(at * (len(file) - moov))
    path.write_bytes(file[:place] + garbage + file[place + len(garbage) :])
    with suppress(ClipDamaged):
        Movie(path).track().presented()


def test_a_file_without_an_index_was_never_finished(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    file = clip.read_bytes()
    path.write_bytes(file[: file.rindex(b"moov") - 4])
    with pytest.raises(ClipDamaged, match="never finished"):
        Movie(path)
    assert identity(path) == {}


def test_media_of_more_than_four_gigabytes_is_skipped(clip: Path, tmp_path: Path) -> None:
    whole = clip.read_bytes()
    at = whole.rindex(b"moov") - 4
    path = tmp_path / "clip.mp4"
    big = 5 << 30
    with path.open("wb") as file:
        file.write(struct.pack(">I4sQ", 1, b"mdat", big))
        file.seek(big)
        file.write(whole[at:])
    assert len(Movie(path).track().sizes) == 60


def test_a_size_that_does_not_fit_is_damage() -> None:
    with pytest.raises(ClipDamaged):
        tree(Box(b"free", b"1234").pack()[:-1])


def test_boxes_in_boxes_without_end_are_damage() -> None:
    nested = Box(b"stbl")
    for _ in range(9):
        nested = Box(b"stbl", children=[nested])
    with pytest.raises(ClipDamaged, match="nested"):
        tree(nested.pack())
    assert tree(nested.children[0].children[0].pack())


def test_an_edit_list_that_shows_all_of_it_over_and_over_is_damage(clip: Path) -> None:
    track = Movie(clip).track()
    pictures = len(track.presented())
    whole = track.edits[-1]
    assert len(replace(track, edits=(whole,) * 5).presented()) == 5 * pictures
    with pytest.raises(ClipDamaged, match="over and over"):
        replace(track, edits=(whole,) * 1_000_000).presented()
