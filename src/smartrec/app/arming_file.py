"""What commands said of cameras being armed, kept so that it survives the recorder.

Written on a thread of its own: the station waits for no disk. The file is whole or the one before.
"""

import hashlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.store.files import read_small

_VERSION: Final = 1
_AGAIN_S: Final = 10.0
_END_OF_TIME: Final = 2**63

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """The last command about a camera.

    Attributes:
        armed: Whether it was to arm.
        wall_ns: When it was given, nanoseconds since 1970-01-01 UTC.
    """

    armed: bool
    wall_ns: int


def place_of(state: Path, clips: Path) -> Path:
    """Where the recorder that keeps its clips in `clips` keeps this; several share `state`."""
    mark = hashlib.sha256(os.fsencode(os.path.realpath(clips))).hexdigest()[:16]
    return state / "arming" / f"{mark}.json"


class ArmingFile:
    """Orders by camera id. `put` from one thread, `kept` from any.

    Args:
        path: See `place_of`; its directory is made when there is something to write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._wanted: bytes | None = None
        self._kept = True
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def kept(self) -> bool:
        """Whether the newest orders are on the disk."""
        return self._kept

    def read(self) -> dict[str, Order]:
        """What was written last; nothing, and a warning, where that cannot be read."""
        try:
            return _orders(json.loads(read_small(self._path)))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, RecursionError) as error:
            log.warning("cameras are armed as the settings say: %s: %s", self._path, error)
            return {}

    def put(self, orders: Mapping[str, Order]) -> None:
        """Have these written instead; does not wait."""
        cameras = {
            camera: {"armed": order.armed, "wall_ns": order.wall_ns}
            for camera, order in orders.items()
        }
        with self._changed:
            self._kept = False
            self._wanted = json.dumps({"v": _VERSION, "cameras": cameras}).encode() + b"\n"
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="arming", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, timeout: float) -> None:
        """Write what is not written yet, if that takes no longer than `timeout` seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        failed = False
        while (wanted := self._next(wait=failed)) is not None:
            try:
                _write(self._path, wanted)
            except OSError as error:
                if not failed:
                    what = "what is armed and disarmed by command is not kept: %s: %s"
                    log.warning(what, self._path, error.strerror)
                failed = True
            else:
                failed = False
            self._written(wanted, whole=not failed)

    def _next(self, *, wait: bool) -> bytes | None:
        """The newest; None at the end. A disk that just failed is given some time."""
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._closing, _AGAIN_S)
                return None if self._closing else self._wanted
            self._changed.wait_for(lambda: self._wanted is not None or self._closing)
            return self._wanted

    def _written(self, text: bytes, *, whole: bool) -> None:
        with self._changed:
            if whole and self._wanted is text:
                self._wanted = None
                self._kept = True


def _orders(value: object) -> dict[str, Order]:
    if not isinstance(value, dict) or value.get("v") != _VERSION:
        raise ValueError("it is of another version")
    cameras = value.get("cameras")
    if not isinstance(cameras, dict):
        raise TypeError("it names no cameras")
    return {str(camera): _order(each) for camera, each in cameras.items()}


def _order(value: object) -> Order:
    if not isinstance(value, dict):
        raise TypeError("no order")
    armed, wall_ns = value.get("armed"), value.get("wall_ns")
    if not isinstance(armed, bool) or type(wall_ns) is not int or not 0 <= wall_ns < _END_OF_TIME:
        raise ValueError("neither armed nor disarmed, or at no time")
    return Order(armed, wall_ns)


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")  # one recorder at a time has this clip directory
    new.unlink(missing_ok=True)  # whatever it is: a pipe would wait for ever
    with new.open("xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
