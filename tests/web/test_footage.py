"""When pictures are shown and where they lie, of files that grow, were cut, or are no clips."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.errors import ClipDamaged, StoreError
from smartrec.media.journal import JournalWriter
from smartrec.media.journal_index import finalise
from smartrec.units import SECOND, Ns
from smartrec.web.footage import Footage, Limits, Times
from tests.streams import clip_head
from tests.web.kept import FRAME, H264, JPEG, coded_units, movie, units

HEAD = clip_head(start=Ns(5 * SECOND), end=Ns(100 * SECOND))
EXPECTED = [round(n * FRAME / 1e6, 3) for n in range(90)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clip.mkv"


@pytest.fixture
def writer(path: Path) -> Iterator[JournalWriter]:
    made = JournalWriter(path, HEAD)
    yield made
    made.abandon()


def test_a_journal_is_known_as_far_as_it_is_written(path: Path, writer: JournalWriter) -> None:
    shown = Footage()
    assert shown.times(path).at_ms == []
    for count in (0, 30, 60):
        writer.write(units(HEAD.start, 30, first=count))
        assert shown.times(path).at_ms == EXPECTED[: count + 30]
        assert shown.times(path, since=count).at_ms == EXPECTED[count : count + 30]
        assert shown.picture(path, count + 29) == JPEG % (count + 29)
        assert shown.picture(path, count + 30) is None
    writer.close(HEAD)
    finalise(path)
    assert shown.times(path) == Footage().times(path) == Times(0, EXPECTED, complete=True)


def test_only_pictures_of_the_clip_are_shown(path: Path, writer: JournalWriter) -> None:
    writer.write(units(HEAD.start - 10 * FRAME, 60))
    shown = Footage()
    assert len(shown.times(path).at_ms) == 50
    assert shown.picture(path, 0) == JPEG % 10
    writer.update(clip_head(start=HEAD.start, end=Ns(HEAD.start + 20 * FRAME)))
    assert shown.times(path).at_ms == EXPECTED[:20]
    assert shown.picture(path, 20) is None


def test_coded_pictures_come_in_the_order_in_which_they_are_shown(tmp_path: Path) -> None:
    head = clip_head(start=HEAD.start, end=HEAD.end, format=H264)
    given_ = coded_units(head.start, before=10, count=40)
    given_[20], given_[21] = given_[21], given_[20]
    writer = JournalWriter(tmp_path / "clip.mkv", head)
    writer.write(given_)
    writer.abandon()
    assert Footage().times(tmp_path / "clip.mkv").at_ms == EXPECTED[:30]


def test_a_file_too_long_for_one_answer_is_told_in_several(
    path: Path, writer: JournalWriter
) -> None:
    writer.write(units(HEAD.start, 90))
    told: list[float] = []
    shown = Footage(Limits(listed=40))
    while not (times := shown.times(path, since=len(told))).complete:
        told += times.at_ms
    assert [*told, *times.at_ms] == EXPECTED


def test_an_index_that_takes_long_is_made_bit_by_bit(path: Path, writer: JournalWriter) -> None:
    writer.write(units(HEAD.start, 90))
    shown = Footage(Limits(within=0.0))
    lengths = []
    while not (times := shown.times(path)).complete:
        lengths.append(len(times.at_ms))
    assert times.at_ms == EXPECTED
    assert lengths == sorted(lengths)
    assert len(lengths) > 5


def test_many_may_ask_at_once(path: Path, writer: JournalWriter) -> None:
    shown = Footage(Limits(within=0.0))

    def ask(n: int) -> list[float]:
        while (found := shown.picture(path, n)) is None:
            at_ms = shown.times(path).at_ms
            assert at_ms == EXPECTED[: len(at_ms)]
        assert found == JPEG % n
        return shown.times(path).at_ms

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(ask, [89, 3, 60, 88, 0, 31, 59, 30] * 3)
        for begin in (0, 30, 60):
            writer.write(units(HEAD.start, 30, first=begin))
        for at_ms in answers:
            assert at_ms == EXPECTED[: len(at_ms)]
    assert shown.times(path).at_ms == EXPECTED


@pytest.mark.parametrize("same", [True, False])
def test_a_file_that_was_cut_or_replaced_is_read_anew(
    path: Path, writer: JournalWriter, same: bool
) -> None:
    size = writer.size
    writer.write(units(HEAD.start, 60))
    shown = Footage()
    assert len(shown.times(path).at_ms) == 60
    if same:
        os.truncate(path, size)
    else:
        path.unlink()
        JournalWriter(path, HEAD).abandon()
    assert shown.picture(path, 0) is None
    assert shown.times(path).at_ms == []


def test_bytes_that_are_others_by_now_are_no_picture(path: Path, writer: JournalWriter) -> None:
    size = writer.size
    writer.write(units(HEAD.start, 30))
    shown = Footage()
    assert shown.picture(path, 0) == JPEG % 0
    writer.abandon()
    whole = path.read_bytes()
    with path.open("r+b") as file:  # as long as before, by the same name, in the same place
        file.seek(size)
        file.write(bytes(len(whole) - size))
    assert [shown.picture(path, n) for n in range(30)] == [None] * 30


def test_of_a_movie_only_what_is_shown_counts(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(movie([3000] * 20 + [1500, 6000, 3000], hidden=20))
    shown = Footage()
    assert shown.times(path) == Times(0, [0.0, 16.667, 83.333], complete=True)
    assert shown.times(path, since=2).at_ms == [83.333]
    assert shown.times(path, since=7).at_ms == []
    assert shown.movie(path).size == (720, 1280)  # it stands on its side in the file
    path.write_bytes(movie([3000] * 2))
    assert shown.times(path).at_ms == [0.0, 33.333]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
@pytest.mark.parametrize("content", [b"", b"nothing", bytes(5000)])
def test_what_is_no_clip_is_an_error_with_its_name(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises((ClipDamaged, StoreError), match=name):
        Footage().times(path)


@given(at=st.floats(0, 1), garbage=st.binary(min_size=1, max_size=12))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_movie_is_an_error_or_readable_still(
    tmp_path: Path, at: float, garbage: bytes
) -> None:
    path = tmp_path / "clip.mp4"
    file = movie([3000] * 30, hidden=5)
    place = int(at * len(file))
    path.write_bytes(file[:place] + garbage + file[place + len(garbage) :])
    try:
        times = Footage().times(path)
    except (ClipDamaged, StoreError):
        return
    assert len(times.at_ms) <= 30


def test_a_movie_with_too_long_an_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(movie([3000 + n for n in range(1000)]))
    with pytest.raises(StoreError, match="too long"):
        Footage(Limits(index=1000)).times(path)


def test_a_clip_with_very_many_pictures_is_listed_so_far(path: Path, writer: JournalWriter) -> None:
    writer.write(units(HEAD.start, 90))
    shown = Footage(Limits(pictures=40))
    first = len(shown.times(path).at_ms)
    assert 40 <= first < 60
    assert shown.times(path) == Times(0, EXPECTED[:first], complete=True)


def test_a_movie_with_very_many_pictures_is_listed_so_far(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(movie([3000] * 90))
    told = Footage(Limits(pictures=40)).times(path)
    assert (len(told.at_ms), told.complete) == (40, True)


def test_no_more_is_kept_than_may_be(tmp_path: Path) -> None:
    shown = Footage(Limits(pictures=1500))
    for n in range(20):
        path = tmp_path / f"{n}.mp4"
        path.write_bytes(movie([3000] * 10))
        assert len(shown.times(path).at_ms) == 10
    assert len(shown._kept) == 3
