"""What is said of what is kept, of rows that stand for weeks of recording."""

import re
from pathlib import Path

from smartrec.app.doctor.finding import Status
from smartrec.app.doctor.kept import Kept, check_kept, judge_days, limits_in_words
from smartrec.clock import SystemClock
from smartrec.recording.retention import Limit, Limits
from smartrec.units import SECOND, Ns
from tests.store.large import fill

DAY = 86_400 * SECOND
NOW = 1_800_000_000 * SECOND
GB = 10**9


def days(count: int, *, pinned: bool = False) -> list[Kept]:
    """One clip of 10 GB a day, the newest just now."""
    begun = [NOW - n * DAY for n in range(count, -1, -1)]
    return [Kept(at, 10 * GB, pinned) for at in begun]


def test_days_are_told_by_what_came_lately() -> None:
    found = judge_days(days(4), NOW, Limits(min_free=GB), (51 * GB, 100 * GB))
    assert found is not None
    assert found.status is Status.OK
    assert found.what == "12.5 GB of clips a day lately: room for 8 days of them"


def test_a_limit_of_bytes_is_the_room() -> None:
    found = judge_days(days(4), NOW, Limits(Limit(25 * GB)), (999 * GB, 999 * GB))
    assert found is not None
    assert "room for 2 days" in found.what


def test_less_than_a_day_of_clips_says_nothing_about_days() -> None:
    assert judge_days([], NOW, Limits(), (GB, GB)) is None
    young = [Kept(NOW - DAY // 2, GB, pinned=False)]
    assert judge_days(young, NOW, Limits(), (GB, GB)) is None
    old = [Kept(NOW - 30 * DAY, GB, pinned=False)]
    assert judge_days(old, NOW, Limits(), (GB, GB)) is None


def test_pinned_clips_that_take_the_room_are_told() -> None:
    found = judge_days(days(4, pinned=True), NOW, Limits(), (GB, GB))
    assert found is not None
    assert found.status is Status.WARN
    assert "unpin" in found.mend


def test_limits_are_said_in_the_words_of_the_settings() -> None:
    assert limits_in_words(Limits(), GB) == "no clip is ever deleted by itself"
    limits = Limits(Limit(200 * GB, Ns(30 * DAY)), {"a": Limit(GB)}, GB)
    said = limits_in_words(limits, 100 * GB)
    assert all(piece in said for piece in ("200GB", "30d", "1.0 GB is free", "of 1 camera"))
    assert "less than 0.5 GB" in limits_in_words(limits, 5 * GB)
    assert "less than 4 MB" in limits_in_words(limits, 42_000_000)


def test_a_directory_without_clips_has_only_limits(tmp_path: Path) -> None:
    (finding,) = check_kept(tmp_path / "none", Limits(), SystemClock())
    assert finding.status is Status.OK


def test_days_are_told_of_all_clips_that_are_there(tmp_path: Path) -> None:
    fill(tmp_path, 700, newest_ns=SystemClock().now().wall_ns)
    _, finding = check_kept(tmp_path, Limits(), SystemClock())
    assert finding.status is Status.OK
    assert re.fullmatch(r"0\.[12] GB of clips a day lately: room for \d+ days .*", finding.what)


def test_a_catalogue_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (tmp_path / "catalog.sqlite3").write_bytes(b"no database at all" * 100)
    found = list(check_kept(tmp_path, Limits(), SystemClock()))
    assert found[-1].status is Status.WARN
    assert found[-1].mend
