"""Which screen this machine has, and which recipe shows pictures there."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import MissingElement, NoScreen
from smartrec.graph.recipes import RECIPES, Recipe, Role, candidates, none_usable
from smartrec.media.gst import has_element, reaches_ready_now
from smartrec.media.screen.xserver import draws_directly, kept_up

_AUTO: Final = "auto"
_DRM: Final = Path("sys/class/drm")
_LOCAL: Final = re.compile(r"(unix)?:\d+(\.\d+)?")
_NOT_SEEN: Final = re.compile(r"card\d+-(Virtual|Writeback)-")
"""Connectors that nobody looks at: of virtual machines, of pictures back into memory."""
_NO_GPU: Final = frozenset(
    {
        "ast",
        "bochs",
        "bochs-drm",
        "cirrus",
        "hyperv_drm",
        "mgag200",
        "qxl",
        "simple-framebuffer",
        "simpledrm",
        "vboxvideo",
        "vgem",
        "virtio_gpu",
        "vkms",
        "vmwgfx",
    }
)
"""Kernel drivers of virtual and management cards; their 3D, if any, is the processor's work."""


@dataclass(frozen=True, slots=True)
class Display:
    """A screen and a way to show pictures there.

    Attributes:
        kind: ``"x11"`` (a `Window` can be opened), ``"wayland"`` or ``"kms"`` (the sink makes its
            own, full screen, and gives no keys).
        recipe: Its `Recipe.launch` ends in the sink.
        note: Which screen, for people.
    """

    kind: str
    recipe: Recipe
    note: str


def choose_display(
    pinned: str,
    environ: Mapping[str, str],
    *,
    root: Path = Path("/"),
    usable: Callable[[str], bool] = reaches_ready_now,
) -> Display:
    """The screen of this process: X11 (also XWayland), else Wayland, else a bare monitor.

    Args:
        pinned: Name of the only recipe to consider, or ``"auto"``.
        environ: The process's own; GStreamer reads DISPLAY and WAYLAND_DISPLAY there itself.
        root: Of the file system that describes the machine.
        usable: Says whether every element of a launch fragment exists and reaches READY.

    Raises:
        NoScreen: There is none, or it cannot be used; `NoScreen.missing` says whether it may come.
    """
    rows = [row for row in RECIPES if row.role is Role.DISPLAY and pinned in (_AUTO, row.name)]
    if not rows:
        raise _as_no_screen(none_usable(Role.DISPLAY, pinned))
    kinds = {row.needs[0] for row in rows}
    if "x11" in kinds and environ.get("DISPLAY"):
        try:
            return _on_x11(environ["DISPLAY"], rows, pinned, root, usable)
        except NoScreen:
            if not ("wayland" in kinds and environ.get("WAYLAND_DISPLAY")):
                raise
    if "wayland" in kinds and environ.get("WAYLAND_DISPLAY"):
        return _on_wayland(environ["WAYLAND_DISPLAY"], rows, usable)
    if "kms" in kinds and not environ.get("DISPLAY") and (monitors := connected_monitors(root)):
        return _on_monitor(monitors, rows, usable)
    raise _none(kinds, pinned)


def connected_monitors(root: Path = Path("/")) -> tuple[str, ...]:
    """Names of the connectors with a monitor, such as ``"HDMI-A-1"``."""
    found = []
    for status in sorted((root / _DRM).glob("card*-*/status")):
        name = status.parent.name
        if not _NOT_SEEN.match(name) and _line(status) == "connected":
            found.append(name.partition("-")[2])
    return tuple(found)


def has_gpu(root: Path = Path("/")) -> bool:
    """Whether some card can draw by itself."""
    if (root / "dev/nvidiactl").exists():
        return True
    for node in (root / "dev/dri").glob("renderD*"):
        driver = root / _DRM / node.name / "device/driver"
        if driver.exists() and driver.resolve().name not in _NO_GPU:
            return True
    return False


def is_local(display: str) -> bool:
    """Whether an X11 display is this machine's own, not one at the other end of ssh."""
    return _LOCAL.fullmatch(display) is not None


def _on_x11(
    name: str, rows: list[Recipe], pinned: str, root: Path, usable: Callable[[str], bool]
) -> Display:
    with kept_up(name) as server:
        direct = draws_directly(server)
        gpu = pinned != _AUTO or (direct and is_local(name) and has_gpu(root))
        able = [row for row in rows if gpu or "gpu" not in row.needs]
        try:
            recipe = _first("x11", able, usable)
        except NoScreen as error:
            if not any(has_element(row.launch.split()[-1]) for row in able):
                raise
            what = f"The screen {name!r} takes no pictures just now"
            raise NoScreen(what, missing=True, hint="Why: smartrec doctor") from error
    where = "" if is_local(name) else ", over the network"
    return Display("x11", recipe, f"window on screen {name} by {recipe.name}{where}")


def _on_wayland(name: str, rows: list[Recipe], usable: Callable[[str], bool]) -> Display:
    try:
        recipe = _first("wayland", rows, usable)
    except NoScreen as error:
        # A compositor that has ended, or not begun, looks like an element that does not open.
        hint = None if has_element("waylandsink") else error.hint
        what = f"The Wayland display {name} cannot be opened"
        raise NoScreen(what, missing=True, hint=hint) from error
    return Display("wayland", recipe, f"full screen on Wayland display {name}")


def _on_monitor(
    monitors: tuple[str, ...], rows: list[Recipe], usable: Callable[[str], bool]
) -> Display:
    try:
        recipe = _first("kms", rows, usable)
    except NoScreen as error:
        raise NoScreen(
            f"The monitor at {monitors[0]} cannot be used: another program shows there, or this"
            " user may not",
            missing=False,
            hint="On a desktop run it there, or set DISPLAY; without one join the groups video and"
            " render",
        ) from error
    return Display("kms", recipe, f"full screen on the monitor at {monitors[0]}")


def _first(kind: str, rows: list[Recipe], usable: Callable[[str], bool]) -> Recipe:
    fitting = [row for row in rows if kind in row.needs]
    for recipe in candidates(Role.DISPLAY, usable=usable, recipes=fitting):
        return recipe
    raise _as_no_screen(none_usable(Role.DISPLAY, None, fitting))


def _as_no_screen(error: MissingElement) -> NoScreen:
    return NoScreen(str(error), missing=False, hint=error.hint)


def _none(kinds: set[str], pinned: str) -> NoScreen:
    if pinned != _AUTO:
        needs = " or ".join(_WANTED[kind] for kind in sorted(kinds))
        return NoScreen(f"The recipe {pinned!r} needs {needs}", missing=False)
    return NoScreen(
        "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set and no monitor is"
        " connected",
        missing=False,
    )


_WANTED: Final[Mapping[str, str]] = {
    "x11": "an X11 screen, and DISPLAY is not set",
    "wayland": "a Wayland compositor, and WAYLAND_DISPLAY is not set",
    "kms": "a monitor of its own, with no display server",
}


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # unplugged while we looked
