"""The trunk of this machine, and the screen that it ends in."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import MissingElement, NoScreen, PipelineError
from smartrec.graph.deepstream import TrackerFiles, Trunk, trunk
from smartrec.graph.platforms import Platform
from smartrec.media.engines.deepstream.here import Here
from smartrec.media.engines.deepstream.panel import Panel
from smartrec.media.gst import has_element, has_interface
from smartrec.media.screen import fonts
from smartrec.media.screen.displays import choose_display
from smartrec.media.watch.messages import ScreenSetup, Setup

_OVERLAY: Final = "GstVideoOverlay"
_TRACKER: Final = "libnvds_nvmultiobjecttracker.so"
_TRACKER_CONFIGS: Final = (
    "config_tracker_NvDCF_max_perf.yml",
    "config_tracker_NvDCF_perf.yml",
    "config_tracker_IOU.yml",
)
_NO_FONT: Final = (
    "no boxes and no texts: nvdsosd ends the process where no font is installed."
    " Run: sudo apt install fonts-dejavu-core"
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of looking for a screen.

    Attributes:
        panel: None where nothing is shown.
        note: For people: where pictures are shown, or why nowhere.
        missing: There ought to be a screen, and may be one later.
    """

    panel: Panel | None
    note: str = ""
    missing: bool = False


def open_panel(setup: Setup, on_key: Callable[[str, str | None], None]) -> Opened:
    """The screen of this process, if it is one of X11 (also XWayland).

    Args:
        setup: Which cameras, and how to show.
        on_key: See `Panel`.
    """
    screen = setup.screen
    if screen is None:
        return Opened(None)
    try:
        display = choose_display(screen.sink, os.environ)
        if display.kind != "x11":
            return Opened(
                None, f"DeepStream shows pictures on X11 only, and here is {display.note}"
            )
        panel = Panel(display, screen, setup.cameras, setup.size, on_key)
    except NoScreen as error:
        note = f"{error}. {error.hint}" if error.hint else str(error)
        return Opened(None, note, error.missing)
    except (MissingElement, PipelineError) as error:
        return Opened(None, f"pictures cannot be shown: {error}")
    note = panel.note if fonts.are_installed() else f"{panel.note}; {_NO_FONT}"
    return Opened(panel, note)


def screen_has_come(screen: ScreenSetup) -> bool:
    """Whether a screen that was missing is there now."""
    try:
        return choose_display(screen.sink, os.environ).kind == "x11"
    except NoScreen:
        return False


def tracker_of(root: Path) -> TrackerFiles | None:
    """What nvtracker loads: NVIDIA's own library, with the fastest of its trackers that sees.

    Args:
        root: Of DeepStream.
    """
    library = root / "lib" / _TRACKER
    configs = [root / "samples/configs/deepstream-app" / name for name in _TRACKER_CONFIGS]
    config = next((each for each in configs if each.is_file()), None)
    if config is None or not library.is_file() or not has_element("nvtracker"):
        return None
    return TrackerFiles(str(library), str(config))


def trunks(setup: Setup, here: Here, panel: Panel | None, config: str) -> Iterator[tuple[str, str]]:
    """Launch texts of the trunk in order of preference, each with the sink's name for people.

    With a screen every picture goes through. Where a tracker keeps boxes on those between, nvinfer
    leaves some out; else it looks at all, so that boxes do not flicker. Without a screen only
    pictures come that are to be looked at.

    Args:
        setup: Which cameras; with a detector.
        here: The machine.
        panel: Where pictures are shown; None for nowhere.
        config: Path of nvinfer's configuration.
    """
    assert setup.detector is not None
    tracker = None if panel is None else tracker_of(here.installed.root)
    interval = 0 if tracker is None else max(0, round(setup.fps / setup.detector.fps) - 1)
    for sink in _sinks(here.platform) if panel is not None else (None,):
        shared = Trunk(
            len(setup.cameras),
            setup.size,
            config,
            interval,
            tracker,
            display=None if panel is None else panel.size,
            sink=sink,
            marked=fonts.are_installed(),
        )
        name = "" if panel is None else (sink or here.platform.sink).rpartition(" ")[2]
        yield str(trunk(shared, here.platform)), name


def _sinks(platform: Platform) -> Iterator[str | None]:
    """NVIDIA's own, if it draws into a window of ours; then X's, by way of the processor."""
    if has_element(platform.sink) and has_interface(platform.sink, _OVERLAY):
        yield None
    yield "nvvideoconvert ! video/x-raw,format=BGRx ! ximagesink"
