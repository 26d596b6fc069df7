"""The watch gets the newest pictures; a watch that reads slowly, or not at all, delays nobody."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from smartrec.app.feed import MOST_CODED_WAITING, MOST_WAITING, Feed, Needs
from smartrec.media.watch.link import Hangup, Link
from smartrec.media.watch.messages import (
    CameraView,
    Format,
    Leave,
    Looked,
    Message,
    Record,
    StationView,
    Unit,
)
from smartrec.model import AccessUnit, Codec, Look, StreamFormat
from smartrec.units import SECOND, Ns

FIFTH = Ns(SECOND // 5)
FRAME = SECOND // 30
JPEG = StreamFormat(Codec.JPEG, 64, 48, 30, "image/jpeg")
H264 = StreamFormat(Codec.H264, 64, 48, 30, "video/x-h264")
HEADLESS = Needs(FIFTH, keyframes_only=False)
GOP = 30


def unit(n: int, *, coded: bool = False) -> AccessUnit:
    pts = Ns(n * FRAME)
    return AccessUnit(1, n, pts, pts, Ns(FRAME), not coded or n % GOP == 0, 0, b"%d" % n)


@dataclass
class Fed:
    """A feed before its thread runs: what is offered waits, as with a watch that does not read."""

    feed: Feed
    there: Link

    def offer(
        self,
        *numbers: int,
        camera: str = "a",
        stream: StreamFormat = JPEG,
        detect: bool = True,
    ) -> None:
        for n in numbers:
            coded = stream.codec is not Codec.JPEG
            one = unit(n, coded=coded)
            self.feed.offer(camera, one, stream, one.pts, detect=detect)

    def everything(self) -> list[Message]:
        """All that was sent until the feed was closed."""
        self.feed.start()
        self.feed.join(10)
        got: list[Message] = []
        self.feed._link.close()
        try:
            while True:
                got.append(self.there.receive())
        except Hangup:
            return got


@pytest.fixture
def ends() -> Iterator[tuple[Link, Link]]:
    here, there = (Link(end) for end in socket.socketpair())
    yield here, there
    here.close()
    there.close()


def fed(ends: tuple[Link, Link], needs: Needs = HEADLESS, *, screen: bool = False) -> Fed:
    one = Fed(Feed(ends[0], needs), ends[1])
    one.feed.show(screen)
    return one


def first(feed: Feed, count: int, ends: tuple[Link, Link]) -> list[Message]:
    """The next messages of a running feed."""
    return [ends[1].receive() for _ in range(count)]


def test_nothing_is_sent_that_nobody_asked_for(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.offer(*range(10))
    one.feed.close()
    assert one.everything() == []


def test_detector_that_is_ready_gets_the_newest_picture(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.offer(*range(10))
    one.feed.start()
    one.feed.ready(Ns(9 * FRAME))
    assert first(one.feed, 2, ends) == [Format("a", JPEG), Unit("a", unit(9), False, True)]
    one.offer(10, 11, 12)
    one.feed.ready(Ns(12 * FRAME))
    assert first(one.feed, 1, ends) == [Unit("a", unit(12), False, True)]
    one.feed.close()


def test_screen_gets_the_newest_pictures_and_each_once(ends: tuple[Link, Link]) -> None:
    one = fed(ends, screen=True)
    one.feed.ready(Ns(0))
    one.offer(*range(10))
    assert one.feed.skipped["a"] == 10 - MOST_WAITING
    one.feed.start()
    got = first(one.feed, 1 + MOST_WAITING, ends)
    units = [each for each in got if isinstance(each, Unit)]
    assert [each.unit.seq for each in units] == [8, 9]
    assert sum(each.look for each in units) <= 1
    one.feed.close()


def test_look_at_a_picture_that_was_dropped_is_given_to_another(ends: tuple[Link, Link]) -> None:
    one = fed(ends, screen=True)
    one.feed.ready(Ns(0))
    one.offer(*range(12))
    one.feed.start()
    got = [each for each in first(one.feed, 1 + MOST_WAITING, ends) if isinstance(each, Unit)]
    following = count(12)
    while not any(each.look for each in got):
        one.offer(next(following))
        got += [each for each in first(one.feed, 1, ends) if isinstance(each, Unit)]
    one.feed.close()


def test_units_that_others_are_coded_from_come_all_and_in_order(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.offer(*range(MOST_CODED_WAITING), stream=H264)
    one.feed.start()
    one.feed.ready(Ns(60 * FRAME))
    got = first(one.feed, 1 + MOST_CODED_WAITING, ends)
    assert [m.unit.seq for m in got if isinstance(m, Unit)] == list(range(MOST_CODED_WAITING))
    one.offer(60, stream=H264)
    (last,) = first(one.feed, 1, ends)
    assert isinstance(last, Unit)
    flagged = [m for m in [*got, last] if isinstance(m, Unit) and m.look]
    assert len(flagged) == 1
    assert all(m.show for m in [*got, last] if isinstance(m, Unit))
    one.feed.close()


def test_after_an_overrun_a_coded_stream_goes_on_with_a_keyframe(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.offer(*range(15, MOST_CODED_WAITING + 45), stream=H264)
    one.feed.start()
    got = [m.unit.seq for m in first(one.feed, 16, ends) if isinstance(m, Unit)]
    assert got == list(range(90, 105))
    assert one.feed.skipped["a"] == MOST_CODED_WAITING + 15
    one.feed.close()


def test_coded_stream_begins_with_a_keyframe(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.offer(*range(25, 33), stream=H264)
    one.feed.start()
    got = [m.unit.seq for m in first(one.feed, 4, ends) if isinstance(m, Unit)]
    assert got == [30, 31, 32]
    one.feed.close()


def test_of_keyframes_only_nothing_else_is_sent(ends: tuple[Link, Link]) -> None:
    one = fed(ends, Needs(FIFTH, keyframes_only=True))
    one.feed.start()
    one.feed.ready(Ns(0))
    one.offer(*range(25), stream=H264)
    _, got = first(one.feed, 2, ends)
    assert got == Unit("a", unit(0, coded=True), False, True)
    one.feed.ready(Ns(25 * FRAME))
    one.offer(*range(25, 59), stream=H264)
    assert first(one.feed, 1, ends) == [Unit("a", unit(30, coded=True), False, True)]
    one.feed.close()


def test_of_many_views_the_newest_is_told(ends: tuple[Link, Link]) -> None:
    one = fed(ends, screen=True)
    for phase in ("starting", "live", "lost"):
        one.feed.tell(CameraView("a", phase))
    one.feed.tell(StationView(5))
    one.feed.tell(StationView(6))
    one.feed.close()
    one.feed.start()
    assert first(one.feed, 2, ends) == [CameraView("a", "lost"), StationView(6)]


def test_camera_that_is_lost_does_not_keep_the_detector_from_others(
    ends: tuple[Link, Link],
) -> None:
    one = fed(ends)
    one.offer(0, stream=H264)
    one.feed.start()
    first(one.feed, 2, ends)
    one.feed.ready(Ns(0))  # waits for the next unit of a, for this one was sent
    one.feed.gone("a")
    one.offer(1, camera="b")
    assert first(one.feed, 2, ends)[1] == Unit("b", unit(1), False, True)
    one.feed.close()


def test_coded_camera_that_waits_for_its_keyframe_does_not_keep_the_detector_from_others(
    ends: tuple[Link, Link],
) -> None:
    one = fed(ends)
    one.feed.ready(Ns(0))
    one.offer(1, stream=H264)
    one.offer(2, camera="b")
    one.feed.start()
    assert first(one.feed, 2, ends)[1] == Unit("b", unit(2), False, True)
    one.feed.close()


def test_coded_camera_that_is_sent_too_slowly_gives_the_detector_to_others(
    ends: tuple[Link, Link],
) -> None:
    one = fed(ends)
    one.offer(*range(MOST_CODED_WAITING), stream=H264)
    one.feed._next()
    one.feed.ready(Ns(0))
    one.offer(MOST_CODED_WAITING, MOST_CODED_WAITING + 1, stream=H264)
    one.offer(70, camera="b")
    one.feed.start()
    assert first(one.feed, 2, ends)[1] == Unit("b", unit(70), False, True)
    one.feed.close()


def test_nothing_is_sent_of_a_coded_camera_that_is_not_looked_at(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.feed.ready(Ns(0))
    one.offer(*range(10), stream=H264, detect=False)
    one.feed.start()
    one.offer(10, camera="b")
    assert first(one.feed, 2, ends)[1] == Unit("b", unit(10), False, True)
    one.feed.close()


def test_feed_ends_when_the_watch_is_gone(ends: tuple[Link, Link]) -> None:
    one = fed(ends, screen=True)
    ends[1].close()
    one.offer(*range(5))
    one.feed.start()
    one.offer(*range(5, 10))
    one.feed.join(10)
    assert not one.feed.is_alive()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_feed_that_fails_lets_the_watch_end(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    one.feed.tell("no view")  # type: ignore[arg-type]
    one.feed.start()
    with pytest.raises(Hangup):
        ends[1].receive()
    one.feed.join(10)


def test_watch_that_records_gets_every_picture_and_every_order_in_turn(
    ends: tuple[Link, Link],
) -> None:
    one = fed(ends)
    one.feed.record(True)
    orders = [
        each
        for n in range(20)
        for each in (Record("a", str(n), Ns(n)), Leave("a", str(n), Ns(n + 1)))
    ]
    for order in orders:
        one.feed.order(order)
    one.offer(*range(MOST_CODED_WAITING), detect=False)
    one.feed.start()
    got = first(one.feed, len(orders) + 1 + MOST_CODED_WAITING, ends)
    assert got[: len(orders)] == orders
    units = [each for each in got if isinstance(each, Unit)]
    assert [each.unit.seq for each in units] == list(range(MOST_CODED_WAITING))
    assert all(each.show and not each.look for each in units)
    assert one.feed.skipped["a"] == 0
    one.feed.close()


def test_watch_that_records_and_does_not_read_holds_no_more_than_it_may(
    ends: tuple[Link, Link],
) -> None:
    one = fed(ends)
    one.feed.record(True)
    one.offer(*range(3 * MOST_CODED_WAITING))
    assert one.feed.skipped["a"] == 2 * MOST_CODED_WAITING
    one.feed.close()


def test_of_each_camera_the_newest_look_is_told(ends: tuple[Link, Link]) -> None:
    one = fed(ends)
    looks = [Looked(Look(camera, 1, Ns(n), ())) for n in range(3) for camera in "ab"]
    for look in looks:
        one.feed.tell(look)
    one.feed.close()
    assert one.everything() == looks[-2:]


def test_a_child_may_be_given_a_long_group_of_pictures_at_once(ends: tuple[Link, Link]) -> None:
    most = 2 * MOST_CODED_WAITING
    one = fed(ends, Needs(None, keyframes_only=False, most_coded=most), screen=True)
    for n in range(most + 1):
        pts = Ns(n * FRAME)
        each = AccessUnit(1, n, pts, pts, Ns(FRAME), n == 0, 0, b"")
        one.feed.offer("a", each, H264, pts, detect=False)
        assert sum(one.feed.skipped.values()) == (0 if n < most else most + 1)
