"""Cameras that are plugged and unplugged, told to the station as it happens.

udev tells when its rules ran. Where it does not (containers, systems without it) the list of nodes
tells, looked at twice a second: a node counts as new when it is there at two looks, so that udev,
where it runs, is first and its permissions are in place.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyudev

from smartrec.media.devices import video_nodes

_LOOK_EVERY: Final = 0.5

log = logging.getLogger(__name__)

Signature = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Plugged:
    """A video node came or went.

    Attributes:
        node: Such as ``/dev/video0``; its number may have been another camera's before.
        there: Whether it can be opened from now on; else it is gone.
    """

    node: Path
    there: bool


class Nodes:
    """Finds news by comparing what is there with what was. Pure."""

    def __init__(self, there: dict[Path, Signature]) -> None:
        self._known = there
        self._seen: dict[Path, Signature] = {}

    def told(self, node: Path, signature: Signature | None) -> None:
        """Somebody else has told of a node already: it came (with its signature) or went (None)."""
        self._known.pop(node, None)
        if signature is not None:
            self._known[node] = signature

    def look(self, there: dict[Path, Signature]) -> list[Plugged]:
        """What came and went, gone ones first; a node that is another now has done both."""
        gone = [node for node, known in self._known.items() if there.get(node) != known]
        for node in gone:
            del self._known[node]
        came = [
            node
            for node, signature in there.items()
            if node not in self._known and self._seen.get(node) == signature
        ]
        self._known.update((node, there[node]) for node in came)
        self._seen = there
        return [Plugged(node, False) for node in gone] + [Plugged(node, True) for node in came]


class Hotplug(threading.Thread):
    """Tells of video nodes that come and go, for as long as the program runs.

    Args:
        tell: Takes each `Plugged`; any thread.
    """

    def __init__(self, tell: Callable[[Plugged], object]) -> None:
        super().__init__(name="hotplug", daemon=True)
        self._tell = tell
        self._stopping = threading.Event()

    def run(self) -> None:
        """See the class; called by `start`."""
        try:
            monitor = pyudev.Monitor.from_netlink(pyudev.Context())
            monitor.filter_by("video4linux")
            monitor.start()
        except (ImportError, OSError) as error:  # no libudev, or no sockets of that kind
            log.info("cameras that are plugged in are looked for: %s", error)
            self._look_only()
        else:
            self._listen(monitor)

    def stop(self) -> None:
        """End soon; does not wait for it."""
        self._stopping.set()

    def _listen(self, monitor: pyudev.Monitor) -> None:
        nodes = Nodes(_there())
        while not self._stopping.is_set():
            device = monitor.poll(_LOOK_EVERY)
            if device is None:
                self._look(nodes)
            elif device.device_node is not None:
                self._heard(device.action, Path(device.device_node), nodes)

    def _heard(self, action: str, node: Path, nodes: Nodes) -> None:
        signature = _signature(node)
        if action == "remove" and signature is None:
            nodes.told(node, None)
            self._tell(Plugged(node, False))
        elif action in ("add", "change") and signature is not None:
            nodes.told(node, signature)
            self._tell(Plugged(node, True))

    def _look_only(self) -> None:
        nodes = Nodes(_there())
        while not self._stopping.wait(_LOOK_EVERY):
            self._look(nodes)

    def _look(self, nodes: Nodes) -> None:
        for plugged in nodes.look(_there()):
            self._tell(plugged)


def _there() -> dict[Path, Signature]:
    found = ((node, _signature(node)) for node in video_nodes())
    return {node: signature for node, signature in found if signature is not None}


def _signature(node: Path) -> Signature | None:
    """Changes when a node of the same name is another: the kernel's inode is new."""
    try:
        status = node.stat()
    except OSError:
        return None
    return status.st_rdev, status.st_ino
