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


class Here:
    """What is plugged into this machine. Any thread."""

    def present(self) -> dict[Path, Identity]:
        """See `smartrec.media.usb_identity.present`."""
        return present()

    def identity_of(self, node: Path) -> Identity | None:
        """See `smartrec.media.usb_identity.identity_of`."""
        return identity_of(node)

    def find(self, node: Path) -> devices.Camera:
        """See `smartrec.media.devices.find`."""
        return devices.find(str(node))

    def camera_at(self, node: Path) -> devices.Camera | None:
        """See `smartrec.media.devices.camera_at`."""
        return devices.camera_at(node)


@dataclass(slots=True)
class _Table:
    """What is known of one ``[[camera]]``.

    Attributes:
        selector: Path of a node or a link; None for plain ``usb``.
        followed: Who it is; None until it was found once.
        name: The maker's name of it.
        before: Who was there when it was lost; None while it is not, or was never found.
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
        here: The machine.
    """

    def __init__(self, sources: Mapping[str, Path | None], here: Here | None = None) -> None:
        self._here = here or Here()
        self._tables = {camera: _Table(selector) for camera, selector in sources.items()}
        self._lock = threading.Lock()

    def keep(self, sources: Mapping[str, Path | None]) -> None:
        """Follow these from now on; one whose path is the same is followed as before."""
        with self._lock:
            known = self._tables
            self._tables = {
                camera: known[camera]
                if camera in known and known[camera].selector == selector
                else _Table(selector)
                for camera, selector in sources.items()
            }

    def find(self, camera_id: str) -> tuple[devices.Camera, str]:
        """The camera to capture from now, and what to tell of it, if anything.

        Raises:
            CameraError: It is gone, busy, forbidden or of no use.
        """
        with self._lock:
            table = self._table(camera_id)
            self._note_others(table)
            node = self._node_of(table)
        if node is None and table.selector is None:
            return self._any_free(table)
        if node is None:
            raise self._gone(table)
        camera = self._here.find(node)
        self._follow(table, camera)
        return camera, ""

    def lost(self, camera_id: str) -> None:
        """It sends no more: whoever is there now is no replacement for it."""
        with self._lock:
            if (table := self._tables.get(camera_id)) is not None:
                self._note_others(table)

    def gone(self, camera_id: str) -> CameraGone:
        """What to tell of a camera that is not there any more."""
        with self._lock:
            return self._gone(self._table(camera_id))

    def port(self, camera_id: str) -> str | None:
        """The USB port that it is, or was, plugged into; None where there is none."""
        with self._lock:
            followed = self._table(camera_id).followed
        return followed.port if followed is not None and followed.model else None

    def _table(self, camera_id: str) -> _Table:
        """One that is in the settings no more may still be asked for, and follows nothing."""
        return self._tables.get(camera_id) or _Table(None)

    def _note_others(self, table: _Table) -> None:
        """Remember who is there when one that was found is looked for again."""
        if table.followed is not None and table.before is None:
            table.before = frozenset(self._here.present().values())

    def _node_of(self, table: _Table) -> Path | None:
        """Where it is now; None where it is nowhere, or where any will do."""
        selector, followed = table.selector, table.followed
        if followed is None or _names_a_place(selector):
            return selector
        before, taken = table.before or frozenset(), self._taken(table)
        again = find_again(followed, self._here.present(), before=before, taken=taken)
        if again is None and selector is not None and selector.parent == devices.BY_ID:
            leads_to = self._here.identity_of(selector)
            return None if leads_to is None or leads_to in before | taken else selector
        return again

    def _any_free(self, table: _Table) -> tuple[devices.Camera, str]:
        """Plain ``usb``: the first that is free, and was not there already at the loss."""
        for _ in range(_TRIES):
            with self._lock:
                before = table.before or frozenset()
                others = {_device(who) for who in self._taken(table) | before}
                there = self._here.present().items()
            free = [node for node, who in there if _device(who) not in others]
            asked = (self._here.camera_at(node) for node in free)
            cameras = tuple(camera for camera in asked if camera is not None)
            if table.followed is not None and not cameras:
                raise self._gone(table)
            found, lost = devices.first_usable(cameras), table.name
            if self._follow(table, found):
                note = f"{table.name} ({found.path}) is taken in place of {lost}"
                return found, note if lost else ""
        raise self._gone(table)

    def _follow(self, table: _Table, camera: devices.Camera) -> bool:
        """Follow a camera from now on, unless another table was faster."""
        identity = self._here.identity_of(camera.path)
        with self._lock:
            if table.selector is None and identity in self._taken(table):
                return False
            table.followed, table.before = identity, None
            table.name = camera.name.partition(":")[0]  # of uvcvideo, all the rest is a repetition
            return True

    def _taken(self, own: _Table) -> frozenset[Identity]:
        """Whom the other tables follow, or will."""
        others = [table for table in self._tables.values() if table is not own]
        who = [table.followed or self._named(table.selector) for table in others]
        return frozenset(identity for identity in who if identity is not None)

    def _named(self, selector: Path | None) -> Identity | None:
        return None if selector is None else self._here.identity_of(selector)

    def _gone(self, table: _Table) -> CameraGone:
        what = table.name or str(table.selector or "the camera")
        taken = self._taken(table)
        others = [each for each in self._here.present().values() if each not in taken]
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
