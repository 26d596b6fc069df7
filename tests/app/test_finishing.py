"""Whatever becomes of a finisher, the station's thread goes on and touches nobody else's file."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from smartrec.app.finishing import RETRY_AFTER, TRIES, Finishers, Made, Order
from smartrec.units import SECOND, Ns

TIMEOUT = 50


class Desk:
    """The finishers of a clip directory, with one clip whose journal is gone."""

    def __init__(self, clips: Path) -> None:
        self.reports: SimpleQueue[Made] = SimpleQueue()
        self.finishers = Finishers(Order(clips, "mp4", "auto", 23), 1, self.reports.put)
        self.finishers.begin("clip", clips / "gone.mkv")

    def heard(self) -> Made:
        return self.reports.get(timeout=TIMEOUT)

    def waits(self) -> bool:
        return self.finishers.out_of_room

    def made(self) -> Made:
        made = self.heard()
        assert not self.finishers.take(made, Ns(0))
        return made


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Nothing can be opened, as in a process that has too much open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_finisher_that_ended_may_still_be_told_things(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.finishers.turn(Ns(0))
    made = desk.heard()
    desk.finishers.readable("clip", 100)
    desk.finishers.turn(SECOND)
    assert not desk.finishers.take(made, SECOND)
    assert desk.finishers.backlog == 1


def test_a_finisher_that_cannot_be_started_is_started_later(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with no_descriptors():
        desk.finishers.turn(Ns(0))
    assert desk.finishers.backlog == 1
    desk.finishers.turn(RETRY_AFTER)
    assert desk.made().error == "StoreError"


def test_files_where_the_user_stands_are_not_taken_for_pythons_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('this is no json')\n")
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.finishers.turn(Ns(0))
    assert desk.made().error == "StoreError"


@pytest.mark.parametrize("error", ["DiskFull", "DiskGone", "DiskReadOnly"])
def test_a_clip_is_never_given_up_for_its_disk(tmp_path: Path, error: str) -> None:
    desk = Desk(tmp_path)
    desk.finishers.closed("clip", 100)
    for now in range(5 * TRIES):
        assert not desk.finishers.take(Made("clip", None, error, ""), Ns(now))
    tries = [Made("clip", None, "FinisherDied", "") for _ in range(TRIES)]
    assert [desk.finishers.take(made, Ns(0)) for made in tries] == [False] * (TRIES - 1) + [True]


def test_what_waits_for_room_is_told_from_what_is_tried(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    finishers = desk.finishers
    finishers.closed("clip", 100)
    assert not desk.waits()
    assert not finishers.take(Made("clip", None, "DiskFull", "no room"), Ns(0))
    assert desk.waits()
    finishers.begin("other", tmp_path / "gone too.mkv")
    assert not desk.waits()
    finishers.closed("other", 100)
    assert not finishers.take(Made("other", None, "FinisherDied", "killed"), Ns(0))
    assert not desk.waits()
