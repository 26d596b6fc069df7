"""Who looks at what, and the newest of everything for whoever comes. The loop's thread only."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from smartrec.app.page_messages import Cameras, Setup, ShownCamera
from smartrec.clock import SystemClock
from smartrec.web import frames
from smartrec.web.coded import Gop, Part
from smartrec.web.history import History
from smartrec.web.ledger import Ledger

LINGER: Final = 2.0
"""Seconds that a camera is still wanted at which nobody looks any more: somebody may only have
loaded the page again."""

MOST_CAMERAS: Final = 256
"""That have a place: it is one byte of every picture's header."""

RECALLED: Final = 50
"""Facts, the newest, that a page hears of though they happened before it was opened."""


class Viewer(Protocol):
    """A page that is open somewhere; nothing that it does may hold up the others."""

    def tell(self, frame: bytes) -> None:
        """A text message, in order with all others; it waits where need be."""
        ...

    def offer(self, index: int, frame: bytes) -> None:
        """The newest picture of a camera; one that waits gives way to it."""
        ...

    def stream(self, index: int, part: Part) -> None:
        """The next message of a coded camera; where it cannot wait, all up to a keyframe do not."""
        ...

    def forget(self, index: int) -> None:
        """What waits of a camera is of no use any more."""
        ...

    def look(self, index: int, frame: bytes) -> None:
        """What was found last in a camera's pictures; what waits gives way to it."""
        ...


def placed(cameras: Sequence[ShownCamera], known: Mapping[str, int]) -> dict[str, int]:
    """Where each camera stands in what browsers are told; it is the same for a page's whole life.

    A camera that is gone keeps its place: pictures of it may be under way, and it may come again.

    Args:
        cameras: Those there are.
        known: Where each stands that was there before.
    """
    new = [camera.id for camera in cameras if camera.id not in known]
    return {**known, **dict(zip(new, range(len(known), MOST_CAMERAS), strict=False))}


class Hub:
    """See the module.

    Args:
        setup: The recorder's first message.
        want: Tells the recorder which cameras somebody looks at; returns at once.
        linger: See `LINGER`.
    """

    def __init__(
        self, setup: Setup, want: Callable[[tuple[str, ...]], None], linger: float = LINGER
    ) -> None:
        self.setup = setup
        self._want = want
        self._for = linger
        self._index = placed(setup.cameras, {})
        self._watched: dict[Viewer, frozenset[str]] = {}
        self._wanted: tuple[str, ...] = ()
        self._leaving: asyncio.TimerHandle | None = None
        self._formats: dict[str, bytes] = {}
        self._newest: dict[str, bytes] = {}
        self._gops = defaultdict[str, Gop](Gop)
        self._facts: deque[bytes] = deque(maxlen=RECALLED)
        self._states: dict[tuple[str, str], bytes] = {}
        self.ledger = Ledger()
        self.history = History(SystemClock())

    @property
    def viewers(self) -> int:
        """How many pages are open."""
        return len(self._watched)

    @property
    def indexes(self) -> dict[str, int]:
        """Each camera's place, by its id; see `placed`."""
        return self._index

    def shown(self) -> list[dict[str, object]]:
        """The cameras, as browsers are told of them."""
        return [
            {"index": self._index[each.id], "id": each.id, "name": each.name, "zones": each.zones}
            for each in self.setup.cameras
            if each.id in self._index
        ]

    def cameras(self, told: Cameras, indexes: dict[str, int]) -> None:
        """These are the cameras from now on, at these places."""
        gone = {each.id for each in self.setup.cameras} - {each.id for each in told.cameras}
        self.setup = replace(self.setup, cameras=told.cameras, trash=told.trash)
        self._index = indexes
        for viewer, watched in list(self._watched.items()):
            self.watch(viewer, watched - gone)
        self._states = {key: told for key, told in self._states.items() if key[1] not in gone}
        for camera in gone:
            self._newest.pop(camera, None)
            self._gops[camera].forget()
        self.ledger.forget(gone)
        self.history.forget(gone)
        self.tell(frames.text({"type": "cameras", "cameras": self.shown()}))

    def join(self, viewer: Viewer) -> None:
        """A page was opened: it hears what happened last, how things stand, then all news."""
        self._watched[viewer] = frozenset()
        for frame in (*self._facts, *self._states.values()):
            viewer.tell(frame)

    def leave(self, viewer: Viewer) -> None:
        """A page was closed. Idempotent."""
        if self._watched.pop(viewer, None):
            self._unwant()

    def watch(self, viewer: Viewer, cameras: frozenset[str]) -> None:
        """A page shows these cameras and no others; unknown ones are passed over."""
        if viewer not in self._watched:
            return
        before = self._watched[viewer]
        known = {each.id for each in self.setup.cameras} & self._index.keys()
        now = self._watched[viewer] = cameras & known
        for camera in (each.id for each in self.setup.cameras if each.id in now - before):
            self._begin(viewer, camera)
        for camera in before - now:
            viewer.forget(self._index[camera])
        if now - set(self._wanted):
            self._say_wanted(set(self._wanted) | now)
        if before - now:
            self._unwant()

    def _begin(self, viewer: Viewer, camera: str) -> None:
        if camera in self._formats:
            viewer.tell(self._formats[camera])
        if camera in self._newest:
            viewer.offer(self._index[camera], self._newest[camera])
        for part in self._gops[camera].joining():
            viewer.stream(self._index[camera], part)

    def format(self, camera: str, message: Mapping[str, Any]) -> None:
        """What a camera's next pictures are."""
        frame = self._formats[camera] = frames.text(message)
        self._newest.pop(camera, None)
        self._gops[camera] = Gop()
        for viewer in self._watching(camera):
            viewer.tell(frame)

    def picture(self, camera: str, frame: bytes) -> None:
        """A camera's newest picture."""
        if camera in self._wanted:
            self._newest[camera] = frame
        for viewer in self._watching(camera):
            viewer.offer(self._index[camera], frame)

    def coded(self, camera: str, parts: Sequence[Part]) -> None:
        """A coded camera's next picture."""
        for part in parts:
            self._gops[camera].take(part)
            for viewer in self._watching(camera):
                viewer.stream(self._index[camera], part)
        if camera not in self._wanted:
            self._gops[camera].forget()

    def look(self, camera: str, frame: bytes) -> None:
        """What was found in a picture of a camera."""
        for viewer in self._watching(camera):
            viewer.look(self._index[camera], frame)

    def event(self, event: Mapping[str, Any], frame: bytes) -> None:
        """Something happened, or how something stands."""
        kind = str(event["type"])
        if ".state." in kind:
            self._states[kind, str(event.get("subject", ""))] = frame
        else:
            self._facts.append(frame)
        self.tell(frame)
        self.ledger.take(event)
        self.history.take(event)

    def tell(self, frame: bytes) -> None:
        """A text message for every page."""
        for viewer in list(self._watched):
            viewer.tell(frame)

    def say_wanted(self) -> None:
        """Tell the recorder once more which cameras somebody looks at."""
        self._want(self._wanted)

    def _watching(self, camera: str) -> list[Viewer]:
        return [viewer for viewer, cameras in self._watched.items() if camera in cameras]

    def _unwant(self) -> None:
        if self._leaving is None:
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(self._for, self._forget)

    def _forget(self) -> None:
        self._leaving = None
        wanted = set[str]().union(*self._watched.values())
        for camera in set(self._wanted) - wanted:
            self._newest.pop(camera, None)
            self._gops[camera].forget()
        self._say_wanted(wanted)

    def _say_wanted(self, cameras: set[str] | frozenset[str]) -> None:
        wanted = tuple(each.id for each in self.setup.cameras if each.id in cameras)
        if wanted != self._wanted:
            self._wanted = wanted
            self._want(wanted)
