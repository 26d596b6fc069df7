"""Which USB camera each ``[[camera]]`` table follows, whatever becomes of node numbers.

``usb:/dev/video0`` means the camera that is video0 when it is first found, and that one is followed
from then on. A link names what it leads to: one of ``/dev/v4l/by-id`` a camera, any other whatever
is there. Plain ``usb`` takes the first camera that is nobody else's; once it is lost, that one is
waited for, or one that is plugged in after the loss; one that was there all along is left alone.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import CameraGone
from smartrec.media import devices
from smartrec.media.usb_identity import Identity, find_again, identity_of, present

_TRIES: Final = 4


@dataclass(slots=True)
class _Table:
    """What is known of one ``[[camera]]``.

    Attributes:
        selector: Path of a node or a link; None for plain ``usb``.
        followed: Who it is; None until it was found once.
        name: The maker's name of it.
        before: Who was there when it was lost; None while it is not.
    """

    selector: Path | None
    followed: Identity | None = None
    name: str = ""
    before: frozenset[Identity] | None = None


class Following:
    """All USB cameras of one station. Any thread: cameras are started at the same time.

    Nothing is opened while the lock is held, for a driver may hang.

    Args:
        sources: By camera id, the path that its settings name; None for plain ``usb``.
    """

    def __init__(self, sources: Mapping[str, Path | None]) -> None:
        self._tables = {camera: _Table(selector) for camera, selector in sources.items()}
        self._lock = threading.Lock()

    def find(self, camera_id: str) -> tuple[devices.Camera, str]:
        """The camera to capture from now, and what to tell of it, if anything.

        Raises:
            CameraError: It is gone, busy, forbidden or of no use.
        """
        with self._lock:
            table = self._tables[camera_id]
            node = self._node_of(table)
        if node is None and table.selector is None:
            return self._any_free(table)
        if node is None:
            raise self._gone(table)
        camera = devices.find(str(node))
        self._follow(table, camera)
        return camera, ""

    def lost(self, camera_id: str) -> None:
        """It sends no more: whoever is there now is no replacement for it."""
        with self._lock:
            table = self._tables.get(camera_id)
            if table is not None and table.before is None:
                table.before = frozenset(present().values())

    def port(self, camera_id: str) -> str | None:
        """The USB port that it is, or was, plugged into; None where there is none."""
        with self._lock:
            followed = self._tables[camera_id].followed
        return followed.port if followed is not None and followed.model else None

    def _node_of(self, table: _Table) -> Path | None:
        """Where it is now; None where it is nowhere, or where any will do."""
        selector, followed = table.selector, table.followed
        if followed is None or _names_a_place(selector):
            return selector
        before, taken = table.before or frozenset(), self._taken(table)
        again = find_again(followed, present(), before=before, taken=taken)
        if again is None and selector is not None and selector.parent == devices.BY_ID:
            leads_to = identity_of(selector)
            return None if leads_to is None or leads_to in before | taken else selector
        return again

    def _any_free(self, table: _Table) -> tuple[devices.Camera, str]:
        """Plain ``usb``: the first that is free, and was not there already at the loss."""
        for _ in range(_TRIES):
            with self._lock:
                before = table.before if table.followed is not None else None
                others = {_device(who) for who in self._taken(table) | (before or frozenset())}
                there = present().items()
            free = [node for node, who in there if _device(who) not in others]
            asked = (devices.camera_at(node) for node in free)
            cameras = tuple(camera for camera in asked if camera is not None)
            if table.followed is not None and not cameras:
                raise self._gone(table)
            found, lost = devices.first_usable(cameras), table.name
            if self._follow(table, found):
                note = f"{found.name} ({found.path}) is taken in place of {lost}"
                return found, note if lost else ""
        raise self._gone(table)

    def _follow(self, table: _Table, camera: devices.Camera) -> bool:
        """Follow a camera from now on, unless another table was faster."""
        identity = identity_of(camera.path)
        with self._lock:
            if table.selector is None and identity in self._taken(table):
                return False
            table.followed, table.name, table.before = identity, camera.name, None
            return True

    def _taken(self, own: _Table) -> frozenset[Identity]:
        """Whom the other tables follow, or will."""
        others = [table for table in self._tables.values() if table is not own]
        who = (t.followed or (identity_of(t.selector) if t.selector else None) for t in others)
        return frozenset(identity for identity in who if identity is not None)

    def _gone(self, table: _Table) -> CameraGone:
        what = table.name or str(table.selector or "the camera")
        others = [each for each in present().values() if each not in self._taken(table)]
        if table.followed is None or not others:
            hint = "Plug it in again; smartrec goes on by itself"
        else:
            hint = "Plug it in again; for the other camera that is there, start smartrec anew"
        return CameraGone(f"{what} is not there: unplugged?", hint=hint)


def _names_a_place(selector: Path | None) -> bool:
    """Whether a path is a link to whatever is there, and neither a number nor a camera's name."""
    if selector is None or selector.parent == devices.BY_ID:
        return False
    return selector.parent != Path("/dev") or re.fullmatch("video[0-9]+", selector.name) is None


def _device(identity: Identity) -> tuple[str, str]:
    """What its nodes have in common."""
    return identity.model, identity.port
