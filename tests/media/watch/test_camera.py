"""One camera of the watch, whose decoder gives what the test says."""

import pytest

from smartrec.media.watch.camera import LOOK_WITHIN, Camera, Desk
from smartrec.media.watch.looking import Asked
from smartrec.media.watch.messages import Note, Unit
from smartrec.model import AccessUnit, Codec, StreamFormat
from smartrec.units import SECOND, Ns

H264 = StreamFormat(Codec.H264, 640, 480, 30, "video/x-h264")


class Mute:
    """A decoder that takes everything and gives nothing."""

    skipped = undecodable = 0

    def __init__(self, cost: float | None = None) -> None:
        self.cost = cost

    def push(self, unit: AccessUnit) -> None:
        pass

    def stop(self) -> None:
        pass


def test_decoder_that_gives_nothing_is_waited_for_once_and_told_once() -> None:
    asked: list[Asked | None] = []
    notes: list[Note] = []
    camera = Camera("cam0", Desk(asked.append, notes.append, 5.0))
    camera.stream(H264)
    camera._decoder = Mute()  # type: ignore[assignment]

    def look(n: int) -> None:
        unit = AccessUnit(0, n, Ns(n), Ns(n), Ns(1), True, 0, b"unit")
        camera.take(Unit("cam0", unit, show=True, look=True), Ns(n * SECOND))

    look(0)
    camera.turn(Ns(SECOND))
    assert asked == []
    camera.turn(Ns(LOOK_WITHIN + SECOND))
    assert asked == [None]
    look(4)
    look(5)
    assert asked == [None] * 3
    assert [note.camera for note in notes] == ["cam0"]
    camera._frame(H264, None, Ns(6))  # type: ignore[arg-type]
    look(7)
    assert asked == [None] * 3, "it gives again, and is waited for"
    camera.close()
    assert asked == [None] * 4


@pytest.mark.parametrize(("cost", "told"), [(0.02, 0), (0.3, 1)])
def test_what_decoding_costs_is_told_once_where_it_is_much(cost: float, told: int) -> None:
    notes: list[Note] = []
    camera = Camera("cam0", Desk(lambda _: None, notes.append, 5.0))
    camera.stream(H264)
    camera._decoder = Mute(cost)  # type: ignore[assignment]
    camera.turn(Ns(SECOND))
    camera.turn(Ns(2 * SECOND))
    assert len(notes) == told
    assert all("30% of a core" in note.text for note in notes)
