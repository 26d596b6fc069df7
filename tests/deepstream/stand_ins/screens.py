"""nveglglessink and nv3dsink: ximagesink shows what they would.

The picture fills the window that is given by GstVideoOverlay, its shape kept where
`force-aspect-ratio` says so; without one, a window of its own.
"""

import time
from typing import Any, Final

from Xlib.display import Display
from Xlib.error import DisplayConnectionError, DisplayNameError, XError

from tests.deepstream.stand_ins.converting import Bin, made
from tests.deepstream.stand_ins.gst import Gst, GstVideo
from tests.deepstream.stand_ins.memory import relabel

_OF_SINK: Final = (
    "sync",
    "async",
    "enable-last-sample",
    "max-lateness",
    "render-delay",
    "ts-offset",
)
_LOOKS_EVERY: Final = 0.5
"""Seconds between two looks at the window's size."""


class Screen(Bin, GstVideo.VideoOverlay):  # type: ignore[misc]
    """See the module."""

    __gtype_name__ = "StandIn_Screen"

    def __init__(self) -> None:
        super().__init__()
        self._xid = 0
        self._looked = 0.0
        self._size = made("capsfilter")
        self._scale = made("videoscale", n_threads=1, add_borders=False)
        self._ximage = made("ximagesink", force_aspect_ratio=False)
        self.chain(
            relabel("src", limited=True),
            self._scale,
            made("videoconvert", n_threads=1),
            self._size,
            self._ximage,
        )
        self.sink.add_probe(Gst.PadProbeType.BUFFER, self._before)

    def changed(self, name: str) -> None:
        if name in _OF_SINK:
            self._ximage.set_property(name, self.value(name))
        elif name == "force-aspect-ratio":
            self._scale.set_property("add-borders", bool(self.value(name)))

    def do_set_window_handle(self, handle: int) -> None:
        self._xid, self._looked = handle, 0.0
        self._ximage.set_window_handle(handle)

    def do_expose(self) -> None:
        self._ximage.expose()

    def do_handle_events(self, handle: bool) -> None:
        self._ximage.handle_events(handle)

    def do_set_render_rectangle(self, x: int, y: int, width: int, height: int) -> None:
        self._ximage.set_render_rectangle(x, y, width, height)

    def _before(self, _pad: Any, _info: Any) -> Any:
        now = time.monotonic()
        if self._xid and now - self._looked >= _LOOKS_EVERY:
            self._looked = now
            self._fit()
        return Gst.PadProbeReturn.OK

    def _fit(self) -> None:
        try:
            display = Display()
        except (DisplayConnectionError, DisplayNameError, OSError):
            return  # the sink says so itself
        try:
            place = display.create_resource_object("window", self._xid).get_geometry()
        except XError:
            return
        finally:
            display.close()
        caps = f"video/x-raw,width={place.width},height={place.height},pixel-aspect-ratio=1/1"
        self._size.set_property("caps", Gst.Caps.from_string(caps))
