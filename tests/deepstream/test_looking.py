"""What came out of the pipeline, and what did not."""

import time

from smartrec.media.engines.deepstream.looking import LOOK_WITHIN, SILENT, Found, Looking
from smartrec.media.watch.messages import Message, Note, Ready
from smartrec.units import SECOND, Ns


def looking(said: list[Message]) -> Looking:
    return Looking(said.append, 0.5, 1, 2)


def asked(of: Looking, camera: str, count: int, first: int = 0) -> Ns:
    """Let pictures be asked for; the moment by which they are late."""
    for n in range(first, first + count):
        of.pushed(camera, 1, Ns(n), look=True)
    return Ns(time.monotonic_ns() + LOOK_WITHIN + SECOND)


def test_pipeline_that_gives_nothing_any_more_is_silent() -> None:
    said: list[Message] = []
    watch = looking(said)
    watch.turn(asked(watch, "a", SILENT - 1))
    before = watch.silent
    watch.turn(asked(watch, "a", 1, SILENT))
    assert (before, watch.silent, watch.came) == (False, True, False)
    assert [type(each) for each in said].count(Ready) == SILENT, "others are asked for instead"
    assert [type(each) for each in said].count(Note) == 1


def test_pipeline_that_gives_pictures_of_another_camera_is_not_silent() -> None:
    watch = looking([])
    for n in range(2 * SILENT):
        late = asked(watch, "a", 1, n)
        watch.found(Found("b", Ns(n), False, ()))
        watch.turn(late)
    assert watch.came
    assert not watch.silent


def test_pipeline_that_connects_again_to_a_camera_is_given_time() -> None:
    said: list[Message] = []
    watch = Looking(said.append, 0.5, 1, 1, own=frozenset("a"))
    watch.turn(asked(watch, "a", 2 * SILENT))
    assert not watch.silent
    watch.turn(asked(watch, "a", SILENT, 2 * SILENT))
    assert watch.silent
