"""Threads that open and close cameras, and drivers that hang in them.

An event that a test sets stands in for the driver that answers at last.
"""

import threading
from pathlib import Path
from queue import SimpleQueue

from smartrec.app.attempts import HANGS_AFTER, MOST_HANGING, Attempts, Started
from smartrec.errors import CameraError, CameraGone
from smartrec.graph.plan import Graph
from smartrec.media.capture import Capture
from smartrec.media.gst import Gst
from smartrec.units import SECOND, Ns

LIVE = Graph((("videotestsrc is-live=true", "jpegenc", "appsink name=units sync=false"),))
LATER = Ns(HANGS_AFTER + SECOND)


class Driver:
    """A stand-in for one that hangs until it is told to answer."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.capture = Capture(LIVE, epoch=1)

    def open(self) -> Capture:
        assert self.answers.wait(50)
        return self.capture


def attempts() -> tuple[Attempts, "SimpleQueue[Started]"]:
    reports: SimpleQueue[Started] = SimpleQueue()
    return Attempts("cam0", reports.put), reports


def test_what_comes_of_an_attempt_is_reported_and_taken() -> None:
    tried, reports = attempts()
    driver = Driver()
    tried.begin(driver.open, Ns(0))
    assert tried.busy
    driver.answers.set()
    started = reports.get(timeout=50)
    assert tried.take(started)
    assert started.capture is driver.capture
    assert not tried.busy


def test_a_bug_is_reported_too_and_the_camera_is_tried_again() -> None:
    tried, reports = attempts()

    def fail() -> Capture:
        raise ValueError("a bug")

    tried.begin(fail, Ns(0))
    started = reports.get(timeout=50)
    assert tried.take(started)
    assert isinstance(started.error, CameraError)
    assert "a bug" in str(started.error)
    assert not tried.busy


def test_an_error_keeps_nothing_of_the_attempt_alive() -> None:
    tried, reports = attempts()

    def fail() -> Capture:
        try:
            Path("/dev/video4711").stat()
        except OSError as error:
            raise CameraGone("gone") from error
        raise AssertionError("it is there")

    tried.begin(fail, Ns(0))
    error = reports.get(timeout=50).error
    assert isinstance(error, CameraGone)
    assert error.__traceback__ is None
    assert error.__cause__ is not None
    assert error.__cause__.__traceback__ is None


def test_a_lack_of_descriptors_is_an_error_of_the_camera() -> None:
    tried, reports = attempts()

    def fail() -> Capture:
        raise OSError(24, "Too many open files")

    tried.begin(fail, Ns(0))
    error = reports.get(timeout=50).error
    assert isinstance(error, CameraError)
    assert "Too many open files" in str(error)


def test_a_driver_that_hangs_keeps_one_thread_and_is_given_up_for_a_new_camera() -> None:
    tried, reports = attempts()
    drivers = [Driver() for _ in range(MOST_HANGING)]
    now = Ns(0)
    for driver in drivers:
        tried.begin(driver.open, now)
        tried.give_up(now)
        assert tried.busy, "it has only begun"
        now = Ns(now + LATER)
        assert tried.hangs(now)
        tried.give_up(now)
    assert tried.busy, "no more threads than these"
    for driver in drivers:
        driver.answers.set()
    taken = [started for _ in drivers if tried.take(started := reports.get(timeout=50))]
    assert [started.capture for started in taken] == [drivers[-1].capture]
    assert not tried.busy


def test_what_comes_of_an_attempt_that_was_given_up_is_let_go() -> None:
    tried, reports = attempts()
    driver = Driver()
    driver.capture.start()
    tried.begin(driver.open, Ns(0))
    tried.give_up(LATER)
    assert not tried.busy
    driver.answers.set()
    assert not tried.take(reports.get(timeout=50))
    for thread in threading.enumerate():
        if thread.name == "stop-cam0":
            thread.join()
    assert driver.capture._pipeline.get_state(0)[1] is Gst.State.NULL


def test_one_that_is_forsaken_lets_its_device_go_before_the_next_may_take_it() -> None:
    tried, reports = attempts()
    driver, order = Driver(), list[str]()
    driver.capture.start()
    tried.begin(driver.open, Ns(0))
    holding = tried.forsake()
    assert not tried.busy
    state = driver.capture._pipeline.get_state

    def follow() -> Capture:
        order.append("null" if state(0)[1] is Gst.State.NULL else "held")
        raise CameraGone("gone")

    tried.begin(follow, Ns(0), holding)
    driver.answers.set()
    first, second = reports.get(timeout=50), reports.get(timeout=50)
    assert (tried.take(first), first.capture) == (False, None)
    assert tried.take(second)
    assert order == ["null"]


def test_what_may_hold_a_device_is_not_waited_for_for_ever() -> None:
    tried, reports = attempts()
    never = threading.Event()
    hangs = threading.Thread(target=never.wait, args=(50,), daemon=True)
    hangs.start()

    def follow() -> Capture:
        raise CameraGone("gone")

    tried.begin(follow, Ns(0), [hangs])
    assert tried.take(reports.get(timeout=50))
    assert hangs.is_alive()
    never.set()


def test_who_is_forsaken_again_and_again_has_few_threads_and_is_not_said_to_hang_at_once() -> None:
    tried, reports = attempts()
    drivers = [Driver() for _ in range(MOST_HANGING)]
    for driver in drivers:
        tried.begin(driver.open, Ns(0))
        tried.forsake()
    states = [tried.crowded, tried.clogged(Ns(0)), tried.clogged(LATER)]
    assert states == [True, False, True]
    drivers[0].answers.set()
    tried.take(reports.get(timeout=50))
    assert [tried.crowded, tried.clogged(LATER)] == [False, False]
    for driver in drivers:
        driver.answers.set()


def test_attempts_of_two_cameras_of_one_id_are_told_apart() -> None:
    (old, its), (new, _) = attempts(), attempts()
    driver = Driver()
    old.begin(driver.open, Ns(0))
    new.begin(driver.open, Ns(0))
    driver.answers.set()
    started = its.get(timeout=50)
    assert old.knows(started)
    assert not new.knows(started)
