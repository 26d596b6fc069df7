"""Which viewers get a coded camera's pictures, and from where on."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from smartrec.web.coded import Part
from smartrec.web.frames import Kind
from smartrec.web.hub import Hub
from tests.web.child import setup
from tests.web.test_coded import made, seqs, units

CAMERA = "cam0"
FORMAT = {"type": "format", "camera": CAMERA, "codec": "h264", "mime": "video/mp4"}


class StandInViewer:
    """Notes what it is given, in order."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.texts: list[bytes] = []
        self.forgotten: list[int] = []

    def tell(self, frame: bytes) -> None:
        self.texts.append(frame)

    def offer(self, index: int, frame: bytes) -> None:
        raise AssertionError("it sends no JPEGs")

    def stream(self, index: int, part: Part) -> None:
        self.parts.append(part)

    def forget(self, index: int) -> None:
        self.forgotten.append(index)

    def look(self, index: int, frame: bytes) -> None:
        raise AssertionError("nothing is found in these")

    @property
    def inits(self) -> int:
        return sum(part.kind is Kind.INIT for part in self.parts)

    @property
    def seqs(self) -> list[int]:
        return seqs([part.frame for part in self.parts])


def with_hub(place: Path, done: Callable[[Hub, list[tuple[str, ...]]], None]) -> None:
    async def run() -> None:
        wanted: list[tuple[str, ...]] = []
        done(Hub(setup(place), wanted.append), wanted)

    asyncio.run(run())


def viewer_of(hub: Hub) -> StandInViewer:
    viewer = StandInViewer()
    hub.join(viewer)
    hub.watch(viewer, frozenset({CAMERA}))
    return viewer


def test_who_comes_second_begins_with_the_newest_keyframe_and_both_go_on(tmp_path: Path) -> None:
    def done(hub: Hub, wanted: list[tuple[str, ...]]) -> None:
        first, parts = viewer_of(hub), made(units(40))
        hub.format(CAMERA, FORMAT)
        hub.coded(CAMERA, parts[:26])
        second = viewer_of(hub)
        hub.coded(CAMERA, parts[26:])
        assert wanted == [(CAMERA,)]
        assert (first.inits, first.seqs) == (1, list(range(40)))
        assert (second.inits, second.seqs) == (1, list(range(20, 40)))
        assert second.texts == first.texts

    with_hub(tmp_path, done)


def test_another_format_begins_anew_for_all(tmp_path: Path) -> None:
    def done(hub: Hub, wanted: list[tuple[str, ...]]) -> None:
        hub.format(CAMERA, FORMAT)
        viewer_of(hub)
        hub.coded(CAMERA, made(units(15)))
        hub.format(CAMERA, FORMAT)
        assert not viewer_of(hub).parts

    with_hub(tmp_path, done)


def test_what_waits_of_a_camera_that_is_looked_at_no_more_is_let_go(tmp_path: Path) -> None:
    def done(hub: Hub, wanted: list[tuple[str, ...]]) -> None:
        viewer, parts = viewer_of(hub), made(units(20))
        hub.coded(CAMERA, parts[:5])
        hub.watch(viewer, frozenset())
        hub.coded(CAMERA, parts[5:])
        assert (viewer.forgotten, viewer.seqs) == ([0], list(range(4)))

    with_hub(tmp_path, done)


def test_pictures_that_come_late_of_a_camera_that_nobody_wants_are_kept_for_nobody(
    tmp_path: Path,
) -> None:
    def done(hub: Hub, wanted: list[tuple[str, ...]]) -> None:
        hub.format(CAMERA, FORMAT)
        hub.coded(CAMERA, made(units(15)))
        assert viewer_of(hub).seqs == []

    with_hub(tmp_path, done)
