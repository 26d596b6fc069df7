"""Runs examples/longhand/usb_cam.py with a camera of the test's own and other settings.

    python -m tests.examples.longhand SETTINGS.json

The example itself is not changed: what it would make as v4l2src is a bin that plays JPEGs at the
camera's rate, and its settings are set from outside.
"""

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

CAPS = "image/jpeg,width=1280,height=720,framerate=30/1"
EXAMPLE = Path(__file__).parents[2] / "examples" / "longhand"


def main(settings: dict[str, Any]) -> None:
    sys.path.insert(0, str(EXAMPLE))
    from smartrec.media.gst import Gst

    made: Any = Gst.ElementFactory.make

    class Camera(Gst.Bin):
        """Plays the pictures of a directory, over and over."""

        __gtype_name__ = "TestCamera"
        __gproperties__: ClassVar = {"device": (str, "device", "directory", "", 3)}

        def __init__(self) -> None:
            Gst.Bin.__init__(self)
            self._pictures: list[bytes] = []
            self._next = 0
            self._source: Any = made("appsrc")
            self._source.set_property("format", Gst.Format.TIME)
            self._source.set_property("caps", Gst.Caps.from_string(CAPS))
            self._source.connect("need-data", self._give)
            pace: Any = made("clocksync")
            self.add(self._source)
            self.add(pace)
            assert self._source.link(pace)
            self.add_pad(Gst.GhostPad.new("src", pace.get_static_pad("src")))

        def do_set_property(self, _spec: Any, value: str) -> None:
            self._pictures = [each.read_bytes() for each in sorted(Path(value).glob("*.jpg"))]

        def _give(self, _source: Any, _size: int) -> None:
            buffer = Gst.Buffer.new_wrapped(self._pictures[self._next % len(self._pictures)])
            buffer.pts = buffer.dts = self._next * Gst.SECOND // 30
            buffer.duration = Gst.SECOND // 30
            self._next += 1
            self._source.emit("push-buffer", buffer)

    import usb_cam  # type: ignore[import-not-found, unused-ignore]
    import usb_smartrec  # type: ignore[import-not-found, unused-ignore]

    def make(factory: str, name: str | None = None) -> Any:
        return Camera() if factory == "v4l2src" else made(factory, name)

    setattr(Gst.ElementFactory, "make", make)  # noqa: B010 - of a library, which mypy guards
    usb_smartrec.LIBRARY = settings.pop("LIBRARY")
    for name, value in settings.items():
        assert hasattr(usb_cam, name)
        setattr(usb_cam, name, Path(value) if name == "DEEPSTREAM" else value)
    sys.exit(usb_cam.Program().run())


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
