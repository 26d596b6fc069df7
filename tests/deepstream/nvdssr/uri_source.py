"""A stand-in for nvurisrcbin: its smart-record properties, actions and signal, around NvDsSR.

A test feeds it through its pad ``sink`` instead of a camera's RTSP stream.
"""

import ctypes
from typing import Any, ClassVar

from gi.repository import GObject

from smartrec.media.gst import Gst
from smartrec.media.nvdssr_abi import (
    RecordingInfo,
    SmartRecordLibrary,
    address_in,
    capsule_of,
)

READABLE = GObject.ParamFlags.READWRITE


class UriSource(Gst.Bin):
    """As nvurisrcbin, it makes its record bin when it gets READY, and returns no status."""

    __gtype_name__ = "SmartrecUriSource"
    __gproperties__: ClassVar[dict[str, Any]] = {
        "smart-record": (int, "", "", 0, 2, 0, READABLE),
        "smart-rec-dir-path": (str, "", "", None, READABLE),
        "smart-rec-file-prefix": (str, "", "", "Smart_Record", READABLE),
        "smart-rec-cache": (GObject.TYPE_UINT, "", "", 0, 2**32 - 1, 20, READABLE),
        "smart-rec-container": (int, "", "", 0, 1, 0, READABLE),
        "smart-rec-default-duration": (GObject.TYPE_UINT, "", "", 0, 2**32 - 1, 20, READABLE),
    }
    __gsignals__: ClassVar[dict[str, Any]] = {
        "start-sr": (
            GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.ACTION,
            None,
            (GObject.TYPE_POINTER, GObject.TYPE_UINT, GObject.TYPE_UINT, GObject.TYPE_POINTER),
        ),
        "stop-sr": (
            GObject.SignalFlags.RUN_LAST | GObject.SignalFlags.ACTION,
            None,
            (GObject.TYPE_UINT,),
        ),
        "sr-done": (
            GObject.SignalFlags.RUN_LAST,
            None,
            (GObject.TYPE_POINTER, GObject.TYPE_POINTER),
        ),
    }
    library: ClassVar[SmartRecordLibrary]

    def __init__(self) -> None:
        super().__init__()
        self.set: dict[str, Any] = {}
        self.asked: list[tuple[int, int]] = []
        self._entry = Gst.ElementFactory.make("identity", None)
        assert self._entry is not None
        self.add(self._entry)
        sink = self._entry.get_static_pad("sink")
        assert sink is not None
        self.add_pad(Gst.GhostPad.new("sink", sink))

    def do_get_property(self, spec: Any) -> Any:
        return self.set.get(spec.name, spec.default_value)

    def do_set_property(self, spec: Any, value: Any) -> None:
        self.set[spec.name] = value

    def ready(self) -> None:
        """Make the record bin, as on the way to READY."""

        class Emits(SmartRecordLibrary):
            """Its callback emits the signal, on the library's thread, with the library's struct."""

            @staticmethod
            def _copy(info: int) -> Any:
                said = RecordingInfo.from_address(info)
                assert said.filename
                self.emit("sr-done", capsule_of(info), None)

        self._library = Emits(type(self).library.path)
        self._context = self._library.create(
            self,
            (
                self.set["smart-rec-dir-path"],
                self.set["smart-rec-file-prefix"],
                "mkv" if self.set["smart-rec-container"] else "mp4",
            ),
            self.set["smart-rec-cache"],
            self.set["smart-rec-default-duration"],
            lambda: None,
        )
        assert self._entry is not None
        assert self._entry.link(self._context.bin)

    def do_start_sr(self, session: object, back: int, after: int, _user_data: object) -> None:
        self.asked.append((back, after))
        ctypes.c_uint32.from_address(address_in(session)).value = 0
        self._library.start(self._context, back, after)

    def do_stop_sr(self, session: int) -> None:
        assert session == 0
        self._library.stop(self._context)

    def destroy(self) -> None:
        """Behind NULL: as its finalizer."""
        self._library.destroy(self._context)
