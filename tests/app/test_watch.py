"""What is told of a watch that ended, and when the next one comes."""

import signal
import threading
from queue import SimpleQueue
from typing import ClassVar

import pytest

from smartrec.app.watch import Ended, Loss, Watch
from smartrec.media.watch.messages import CameraView, DetectorSetup, Leave, Record, Setup
from smartrec.units import SECOND, Ns


def test_there_is_nothing_to_start_without_detector_and_screen() -> None:
    watch = Watch(Setup((("cam0", "cam0"),), None, None), print)
    watch.turn(Ns(SECOND))
    assert not watch.wanted
    assert watch.pid is None
    assert watch.ended(Ended(1, 0), Ns(SECOND)) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (-signal.SIGSEGV, "the watching process ended by SIGSEGV"),
        (-40, "the watching process ended by signal 40"),
        (1, "the watching process ended with status 1"),
        (5, "its engine has failed"),
    ],
)
def test_end_is_told_in_words(status: int, reason: str) -> None:
    reports: list[object] = []
    watch = Watch(Setup((), None, None), reports.append)
    watch._child = Gone()  # type: ignore[assignment]
    loss = watch.ended(Ended(0, status), Ns(0))
    assert isinstance(loss, Loss)
    assert loss.reason == reason
    assert 0 < loss.retry < SECOND


def test_watch_that_fails_at_its_start_is_started_ever_less_eagerly() -> None:
    watch = Watch(Setup((), None, None), print)
    waits = []
    for turn in range(10):
        watch._child = Gone()  # type: ignore[assignment]
        loss = watch.ended(Ended(0, 1), Ns(turn))
        assert loss is not None
        waits.append(loss.retry)
    assert waits[5] > 8 * waits[0]
    assert max(waits) <= 36 * SECOND


def test_watch_that_was_just_started_can_be_closed() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    watch = Watch(Setup((("cam0", "cam0"),), DetectorSetup(), None), reports.put)
    watch.turn(Ns(SECOND))
    assert watch.starts == 1
    watch.close()
    assert watch.pid is None
    assert any(isinstance(reports.get(timeout=30), Ended) for _ in range(100))


def test_other_settings_make_a_new_watch_when_the_old_has_ended_and_that_is_no_loss() -> None:
    reports: SimpleQueue[object] = SimpleQueue()
    cameras = (("cam0", "cam0"), ("cam1", "cam1"))
    watch = Watch(Setup(cameras, DetectorSetup(), None), reports.put)
    watch.tell(CameraView("cam0", "live"))
    watch.tell(CameraView("cam1", "live"))
    watch.turn(Ns(SECOND))
    old = watch._child
    assert not watch.apply(Setup(cameras, DetectorSetup(), None)), "it does so already"
    assert watch._child is old
    assert watch.apply(Setup(cameras[:1], DetectorSetup(fps=2.0), None))
    assert list(watch._views) == ["cam0"]
    for _ in range(50 * 100):
        watch.turn(Ns(2 * SECOND))
        threading.Event().wait(0.01)
        if watch.starts == 2:
            break
    assert watch.starts == 2
    ended = next(each for each in iter(reports.get, None) if isinstance(each, Ended))
    assert ended.generation == 1
    assert watch.ended(ended, Ns(2 * SECOND)) is None
    watch.close()


def test_a_watch_that_is_wanted_no_more_is_ended_and_one_that_never_was_is_no_change() -> None:
    watch = Watch(Setup((), None, None), print)
    assert not watch.apply(Setup((("cam0", "cam0"),), None, None))
    assert watch.apply(Setup((), DetectorSetup(), None))
    watch.turn(Ns(SECOND))
    assert watch.apply(Setup((), None, None))
    watch.turn(Ns(2 * SECOND))
    assert watch.pid is None


class Gone:
    """Stand-in for a process that has ended."""

    pid = 0

    def close(self, timeout: float) -> None:
        pass

    class feed:  # noqa: N801
        skipped: ClassVar[dict[str, int]] = {}

        @staticmethod
        def close() -> None:
            pass

        @staticmethod
        def show(screen: bool) -> None:
            pass

        @staticmethod
        def order(order: Record | Leave) -> None:
            pass

        @staticmethod
        def record(records: bool) -> None:
            pass

        @staticmethod
        def gone(camera: str) -> None:
            pass
