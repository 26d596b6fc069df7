"""The cameras of this machine: which there are, what they offer, and why one cannot be used."""

import errno
import grp
import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import (
    CameraBusy,
    CameraError,
    CameraForbidden,
    CameraGone,
    CameraUnusable,
    PipelineError,
)
from smartrec.graph.formats import Format, in_colour, usable
from smartrec.media.v4l2 import Node

BY_ID: Final = Path("/dev/v4l/by-id")
_NODES: Final = Path("/dev")
_SYSFS: Final = Path("/sys/class/video4linux")
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of this machine.

    Attributes:
        path: Its video node; the number changes with the order of plugging.
        by_id: A name of the node that stays the same, where udev makes one.
        name: The manufacturer's name of it.
        bus: Where it is plugged in, such as ``"usb-0000:00:14.0-1"``.
        serial: Its serial number, where it has one.
        formats: All that it offers; empty where it may not be opened.
        trouble: Why it cannot be used now; None when it can.
    """

    path: Path
    by_id: Path | None
    name: str
    bus: str
    serial: str | None
    formats: tuple[Format, ...]
    trouble: CameraError | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a device open.

    Attributes:
        pid: Its number.
        name: Its program's name.
        maps: Whether it has the device's buffers mapped, so that pictures flow.
    """

    pid: int
    name: str
    maps: bool


def cameras() -> tuple[Camera, ...]:
    """Every camera, in the order of its node's number, whether it can be used or not."""
    found = (camera_at(path) for path in video_nodes())
    return tuple(camera for camera in found if camera is not None)


def video_nodes(directory: Path = _NODES) -> list[Path]:
    """The video nodes in the order of their numbers: ``video2`` before ``video10``."""
    nodes = (path for path in directory.glob("video*") if path.name[5:].isdigit())
    return sorted(nodes, key=lambda path: int(path.name[5:]))


def find(selector: str | None = None) -> Camera:
    """The camera that a person means.

    Args:
        selector: A path, or a name in ``/dev/v4l/by-id``. None or ``"usb"`` takes the first camera
            that can be used now: those on USB before built-in ones, colour before infrared.

    Raises:
        CameraGone: There is no such camera, or none at all.
        CameraBusy: Another program holds it.
        CameraForbidden: This user may not open it.
        CameraUnusable: It offers nothing that can be recorded.
    """
    if selector in {None, "", "usb"}:
        return first_usable(cameras())
    path = Path(str(selector))
    if not path.is_absolute():
        path = BY_ID / path if (BY_ID / path).exists() else _NODES / path
    camera = camera_at(path)
    if camera is None:
        raise trouble_at(path) or CameraUnusable(
            f"{path} gives no pictures: it is not a camera, or the second node of one",
            hint="See which there are: smartrec cameras",
        )
    if camera.trouble is not None:
        raise camera.trouble
    return camera


def first_usable(found: tuple[Camera, ...]) -> Camera:
    """The one that a person without a wish means: on USB before built-in, colour before infrared.

    Raises:
        CameraError: There is none, or none that can be used now.
    """
    ranked = sorted(found, key=lambda c: (not c.bus.startswith("usb"), not in_colour(c.formats)))
    for camera in ranked:
        if camera.trouble is None:
            return camera
    for camera in ranked:
        if camera.trouble is not None:
            raise camera.trouble
    raise CameraGone(
        "no camera found on this machine",
        hint="Plug one in, then see: smartrec cameras (or try without one: smartrec demo)",
    )


def camera_at(path: Path) -> Camera | None:
    """The camera behind a node or a link to one; None where there is none that gives pictures."""
    node = path.resolve()
    try:
        with Node(node) as opened_node:
            if not opened_node.captures():
                return None
            capability = opened_node.capability()
            formats = tuple(opened_node.formats())
            taken = opened_node.streams_elsewhere()
    except OSError as error:
        return _unopened(node, error)
    trouble: CameraError | None = None
    if not usable(formats):
        trouble = _unusable(node, formats)
    elif taken:
        trouble = busy(node)
    name, bus = capability.card.decode("utf-8", "replace"), capability.bus_info.decode("latin-1")
    return Camera(node, _by_id(node), name, bus, _serial(node), formats, trouble)


def _unopened(node: Path, error: OSError) -> Camera | None:
    """What can be said of a camera that does not open: its second node is told by its index."""
    about = _SYSFS / node.name
    if error.errno == errno.ENOENT or _line(about / "index") not in {None, "0"}:
        return None
    if _line(about / "name") is None:
        return None
    trouble = _of_os_error(node, error)
    return Camera(node, _by_id(node), _line(about / "name") or "", "", _serial(node), (), trouble)


def trouble_at(path: Path) -> CameraError | None:
    """Why a node cannot be used now, asked of the device itself; None when it can.

    The caller's own pipeline on the node must be stopped, or it is the one that holds it.
    """
    try:
        camera = camera_at(path)
        if camera is not None:
            return camera.trouble
        with Node(path):
            return None
    except OSError as error:
        return _of_os_error(path, error)


def camera_error(path: Path, error: PipelineError) -> CameraError:
    """Our error for a capture that failed, decided by the device and not by the message's words.

    Args:
        path: The camera's node or link.
        error: What GStreamer posted; its pipeline must be stopped already.
    """
    trouble = trouble_at(path)
    if trouble is None:
        trouble = CameraError(
            f"{path} failed though it is there and free ({error})",
            hint="Plug it in again, into another port if it repeats; see also: sudo dmesg",
        )
    trouble.__cause__ = error
    return trouble


@contextmanager
def opened(path: Path) -> Iterator[Node]:
    """A node, open for the length of a ``with``.

    Raises:
        CameraError: It cannot be opened, or fails meanwhile: unplugged; see `trouble_at`.
    """
    try:
        with Node(path) as node:
            yield node
    except OSError as error:
        raise _of_os_error(path, error) from error


def holders(path: Path, proc: Path = _PROC) -> tuple[Holder, ...]:
    """The processes that have a device open and that this user may look into.

    Those through which pictures flow come first: sound servers keep cameras open and use none.
    """
    try:
        device = path.stat().st_rdev
    except OSError:
        return ()
    found = []
    for entry in proc.iterdir():
        if entry.name.isdigit() and _has_open(entry, device):
            name = _line(entry / "comm") or "?"
            found.append(Holder(int(entry.name), name, _maps(entry, path.resolve())))
    return tuple(sorted(found, key=lambda holder: (not holder.maps, holder.pid)))


def _has_open(process: Path, device: int) -> bool:
    try:
        return any(_leads_to(link, device) for link in (process / "fd").iterdir())
    except OSError:
        return False  # the process ended meanwhile, or is another user's


def _leads_to(link: Path, device: int) -> bool:
    # Looking at the link's text first keeps us from touching files on a dead network mount.
    try:
        return link.readlink().is_relative_to(_NODES) and link.stat().st_rdev == device
    except OSError:
        return False


def _maps(process: Path, path: Path) -> bool:
    try:
        return f" {path}\n" in (process / "maps").read_text()
    except OSError:
        return False


def _of_os_error(path: Path, error: OSError) -> CameraError:
    if error.errno in {errno.EACCES, errno.EPERM} and path.exists():
        return forbidden(path)
    if error.errno == errno.EBUSY:
        return busy(path)
    if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR}:
        return CameraGone(
            f"{path} is not there: unplugged, or never plugged in",
            hint="See which cameras there are: smartrec cameras",
        )
    why = os.strerror(error.errno or 0)
    if (_SYSFS / path.resolve().name).exists():  # what a failing one says is never the same
        return CameraError(
            f"{path} does not answer ({why})",
            hint="Plug it in again, into another port if it repeats; see also: sudo dmesg",
        )
    return CameraUnusable(
        f"{path} is no camera ({why})",
        hint="See which cameras there are: smartrec cameras",
    )


def busy(path: Path) -> CameraBusy:
    """The error for a device that another program holds; it names that program."""
    held = holders(path)
    others = [holder for holder in held if holder.pid != os.getpid()]
    # v4l2src may leave a mapping of its own behind, so others are asked first.
    flowing = [holder for holder in others if holder.maps] or others
    if not flowing and held:
        return CameraBusy(
            f"{path} is held by this recorder itself",
            hint="Give each [[camera]] a device of its own: smartrec cameras",
        )
    if not flowing:
        return CameraBusy(
            f"{path} is held by a program of another user",
            hint=f"See which: sudo fuser -v {path}",
        )
    names = ", ".join(f"{holder.name} (pid {holder.pid})" for holder in flowing)
    return CameraBusy(
        f"{path} is held by {names}", hint=f"Close it, or end it: kill {flowing[0].pid}"
    )


def forbidden(
    path: Path,
    *,
    groups: Collection[int] | None = None,
    listed: Callable[[str], bool] | None = None,
) -> CameraForbidden:
    """The error for a device that this user may not open; it says what would give the right.

    Args:
        path: The node, which exists.
        groups: The groups of the running session; None asks the kernel.
        listed: Whether the user is in a group by /etc/group, which the session may not know yet.
    """
    status = path.stat()
    group = _group_name(status.st_gid)
    own = {*os.getgroups(), os.getegid()} if groups is None else groups
    if not status.st_mode & stat.S_IRGRP or status.st_gid in own:
        return CameraForbidden(
            f"{path} may not be opened, and no group would help (a container or sandbox?)",
            hint=f"See its rights: ls -l {path}; hand it in: docker run --device {path}",
        )
    if (listed or _listed)(group):
        return CameraForbidden(
            f"{path} belongs to group {group}, which this session has not taken up yet",
            hint=f"Log out and in again, or for this shell only: newgrp {group}",
        )
    return CameraForbidden(
        f"{path} belongs to group {group}, and this user is not in it",
        hint=f"Run: sudo usermod -aG {group} $USER, then log out and in again",
    )


def _unusable(path: Path, formats: tuple[Format, ...]) -> CameraUnusable:
    names = sorted({offered.fourcc for offered in formats})
    what = f"only {', '.join(names)}" if names else "no format at all"
    return CameraUnusable(
        f"{path} offers {what}, and nothing that can be recorded (MJPEG, H.264, H.265, raw)",
        hint="See what it offers: smartrec cameras --formats",
    )


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _listed(group: str) -> bool:
    """Whether the user is a member by /etc/group; the running session may not know it yet."""
    try:
        return os.environ.get("USER", "") in grp.getgrnam(group).gr_mem
    except KeyError:
        return False


def _by_id(node: Path, directory: Path = BY_ID) -> Path | None:
    try:
        links = sorted(directory.iterdir())
    except OSError:
        return None
    return next((link for link in links if link.resolve() == node), None)


def _serial(node: Path) -> str | None:
    """Of a USB camera: its interface's parent is the device, which has the serial number."""
    try:
        interface = (_SYSFS / node.name / "device").resolve(strict=True)
    except OSError:
        return None
    return _line(interface.parent / "serial")


def _line(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return None
