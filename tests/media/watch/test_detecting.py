"""What is told of pictures, with an engine whose findings are known and pictures of one grey."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from smartrec.errors import DetectionFailed, ModelUnusable
from smartrec.media.watch.detecting import FAILURES, HANGS_AFTER, Detecting, Teller
from smartrec.media.watch.eye import Fit, Undecodable
from smartrec.media.watch.looking import Asked, Engine
from smartrec.media.watch.messages import DetectorSetup, Looked, Message, Note, Ready, Refused
from smartrec.model import Box, Detection, Look
from smartrec.units import SECOND, Ns

TIMEOUT = 30
FIFTH = Ns(SECOND // 5)
BROKEN = 255
"""A picture of this grey is one that the engine fails on."""


class KnownEngine:
    """Finds one person in a bright picture, nobody in a dark one."""

    name = "Known"
    digest = "d16e57"
    min_confidence = 0.5
    notes: tuple[str, ...] = ("a note of the engine",)

    def __init__(self) -> None:
        self.asked = 0

    def fit(self, width: int, height: int) -> tuple[int, int]:
        return width, height

    def detect(self, picture: npt.NDArray[np.uint8]) -> Sequence[Detection]:
        self.asked += 1
        grey = int(picture[0, 0, 0])
        if grey == BROKEN:
            raise DetectionFailed("does not like this one", hint="Another model")
        return [Detection(Box(0.4, 0.2, 0.6, 0.9), 0.8)] if grey > 100 else []


class Plain:
    """A picture of one grey; no picture at all where that is None."""

    def __init__(self, grey: int | None) -> None:
        self._grey = grey

    def _pixels(self, *shape: int) -> npt.NDArray[np.uint8]:
        if self._grey is None:
            raise Undecodable("nothing there")
        return np.full(shape, self._grey, np.uint8)

    def luma(self) -> npt.NDArray[np.uint8]:
        luma = self._pixels(54, 96)
        luma[20:40, 40:60] //= 2  # something sharp, so that another grey is no mere exposure
        return luma

    def rgb(self) -> npt.NDArray[np.uint8]:
        return self._pixels(234, 416, 3)


class Bench:
    """A detecting thread that gets a picture each time it is ready for one."""

    def __init__(
        self,
        setup: DetectorSetup | None = None,
        open_engine: Callable[[DetectorSetup], Engine] | None = None,
    ) -> None:
        self.engine = KnownEngine()
        self.said: list[Message] = []
        self.looks: list[Look] = []
        self.opened: list[Engine | None] = []
        self.undecodable: list[str] = []
        self._waiting: list[Asked | None] = []
        self._through = threading.Event()
        teller = Teller(self._say, self.opened.append, self.looks.append, self.undecodable.append)
        self._detecting = Detecting(
            setup or DetectorSetup(), open_engine or (lambda _: self.engine), teller
        )

    def _say(self, message: Message) -> None:
        self.said.append(message)
        if isinstance(message, Ready):
            if self._waiting:
                self._detecting.ask(self._waiting.pop(0))
            else:
                self._through.set()
        if isinstance(message, Refused) and not self.opened:
            self._through.set()

    def run(self, pictures: Iterable[Asked | None] = ()) -> list[Looked]:
        """To the first `Ready` after the last picture; what was told of them."""
        self._waiting = list(pictures)
        self._detecting.start()
        assert self._through.wait(TIMEOUT)
        return [each for each in self.said if isinstance(each, Looked)]

    def notes(self) -> list[str]:
        return [each.text for each in self.said if isinstance(each, Note)]


def asked(n: int, grey: int | None, camera: str = "cam0", epoch: int = 0) -> Asked:
    def picture(_: Fit) -> Plain:
        return Plain(grey)

    return Asked(camera, epoch, Ns(n * FIFTH), picture)


def test_each_look_is_told_in_order_and_is_followed_by_ready() -> None:
    bench = Bench()
    looked = bench.run([asked(0, 50), asked(1, 150), None, asked(2, 50)])
    assert [len(each.look.tracks) for each in looked] == [0, 1, 0]
    assert [each.look.pts for each in looked] == [0, FIFTH, 2 * FIFTH]
    assert [each.look for each in looked] == bench.looks
    kinds = [each.kind for each in bench.said]
    assert kinds == ["note", "ready", *["looked", "ready"] * 2, "ready", "looked", "ready"]
    assert bench.opened == [bench.engine]


def test_the_model_is_not_asked_while_nothing_moves_but_now_and_then() -> None:
    bench = Bench(DetectorSetup(at_least_every=Ns(SECOND)))
    looked = bench.run([asked(n, 50) for n in range(11)])
    assert [each.look.inferred for each in looked] == [n % 5 == 0 for n in range(11)]
    assert all((each.infer_ms > 0) == each.look.inferred for each in looked)
    assert bench.engine.asked == 3


def test_who_has_just_come_is_looked_at_until_it_is_certain_and_then_held() -> None:
    bench = Bench(DetectorSetup(at_least_every=Ns(10 * SECOND)))
    looked = bench.run([asked(n, 50 if n < 3 else 150) for n in range(20)])
    assert [each.look.inferred for each in looked] == [n == 0 or 3 <= n < 9 for n in range(20)]
    assert [len(each.look.tracks) for each in looked] == [0] * 3 + [1] * 17
    assert {track.track_id for each in looked for track in each.look.tracks} == {1}


def test_a_picture_like_one_long_before_is_not_taken_for_still() -> None:
    """Someone comes and goes between two comparisons."""
    bench = Bench(DetectorSetup(at_least_every=Ns(10 * SECOND)))
    greys = [50, 50, 150, 150, *[50] * 12]
    looked = bench.run([asked(n, grey) for n, grey in enumerate(greys)])
    seen = [len(each.look.tracks) for each in looked]
    assert seen == [grey == 150 for grey in greys]


def test_without_the_gate_the_model_is_always_asked() -> None:
    bench = Bench(DetectorSetup(motion_gate=False))
    looked = bench.run([asked(n, 150) for n in range(5)])
    assert all(each.look.inferred for each in looked)


def test_no_two_tracks_of_any_cameras_have_the_same_number() -> None:
    bench = Bench(DetectorSetup(first_track=7))
    pictures = [asked(n, 150, camera) for n in range(3) for camera in ("cam0", "cam1", "cam2")]
    looked = bench.run(pictures)
    by_camera = {
        each.look.camera: {track.track_id for track in each.look.tracks} for each in looked
    }
    assert by_camera == {"cam0": {7}, "cam1": {8}, "cam2": {9}}


def test_a_camera_that_was_started_anew_has_new_tracks_and_is_looked_at() -> None:
    bench = Bench()
    looked = bench.run([asked(5, 150), asked(6, 150), asked(7, 150, epoch=1)])
    assert [each.look.tracks[0].track_id for each in looked] == [1, 1, 2]
    again = Bench().run([asked(5, 50), asked(6, 50), asked(7, 50, epoch=1)])
    assert [each.look.inferred for each in again] == [True, False, True]


def test_what_is_no_picture_is_counted_and_the_next_is_asked_for() -> None:
    bench = Bench()
    looked = bench.run([asked(0, None), asked(1, 150)])
    assert bench.undecodable == ["cam0"]
    assert len(looked) == 1


def test_a_picture_that_the_model_fails_on_is_left_out_and_told_once() -> None:
    bench = Bench()
    greys = [BROKEN, 150, BROKEN, 50, BROKEN]
    looked = bench.run([asked(n, grey) for n, grey in enumerate(greys)])
    assert [len(each.look.tracks) for each in looked] == [1, 0]
    (told,) = bench.notes()[1:]
    assert "does not like this one" in told
    assert not any(isinstance(each, Refused) for each in bench.said)


def test_a_model_that_fails_on_everything_is_told_once() -> None:
    bench = Bench()
    bench.run([asked(n, BROKEN) for n in range(FAILURES + 5)])
    (refused,) = (each for each in bench.said if isinstance(each, Refused))
    assert refused.error == "DetectionFailed"
    assert refused.hint == "Another model"


def test_a_model_that_works_again_is_told_and_looks_on() -> None:
    bench = Bench()
    looked = bench.run([*(asked(n, BROKEN) for n in range(FAILURES)), asked(FAILURES, 150)])
    assert len(looked) == 1
    assert bench.opened == [bench.engine] * 2


def test_a_model_that_cannot_be_used_is_refused_and_nothing_is_asked_for() -> None:
    def fails(_: DetectorSetup) -> Engine:
        raise ModelUnusable("that is a cake recipe", hint="Give it a model")

    bench = Bench(open_engine=fails)
    bench.run()
    assert bench.said == [Refused("ModelUnusable", "that is a cake recipe", "Give it a model")]


@pytest.mark.parametrize("count", [1, 5])
def test_pictures_that_do_not_come_are_asked_for_again(count: int) -> None:
    bench = Bench()
    assert bench.run([None] * count) == []
    assert sum(isinstance(each, Ready) for each in bench.said) == count + 1


def test_a_model_that_does_not_come_back_is_seen_to_hang() -> None:
    inside, go_on = threading.Event(), threading.Event()

    class Hanging(KnownEngine):
        def detect(self, picture: npt.NDArray[np.uint8]) -> Sequence[Detection]:
            inside.set()
            go_on.wait(TIMEOUT)
            return ()

    detecting = Detecting(DetectorSetup(), lambda _: Hanging(), Teller(print, print, print, print))
    assert not detecting.hangs(Ns(10**18))
    detecting.ask(asked(0, 150))
    detecting.start()
    assert inside.wait(TIMEOUT)
    now = Ns(time.monotonic_ns())
    assert not detecting.hangs(Ns(now - SECOND))
    assert detecting.hangs(Ns(now + HANGS_AFTER + SECOND))
    go_on.set()


def test_camera_whose_pictures_cannot_be_read_is_told_once() -> None:
    bench = Bench()
    pictures = [asked(n, None) for n in range(2 * FAILURES)]
    bench.run([asked(0, None, "cam1"), *pictures])
    assert bench.undecodable.count("cam0") == 2 * FAILURES
    (told,) = (each for each in bench.said if isinstance(each, Note) and each.camera)
    assert told.camera == "cam0"
    assert "cannot be read: nothing there" in told.text


def test_pictures_that_cannot_be_read_now_and_then_are_not_told() -> None:
    bench = Bench()
    bench.run([asked(n, 50 if n % 5 == 0 else None) for n in range(3 * FAILURES)])
    assert bench.notes() == ["a note of the engine"]
