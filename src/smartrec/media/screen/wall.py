"""Pictures on a display that has no windows of ours: Wayland, or a bare monitor.

A lone camera's pipeline ends in the display's own sink. Of several, one more pipeline lays the
pictures side by side by the processor, which costs more than windows do: it is for machines
without an X server.
"""

import os
import select
import socket
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Final

from smartrec.errors import PipelineError, ScreenLost, SmartrecError
from smartrec.graph.screen import to_wall, wall
from smartrec.media.gst import Gst, error_of, launch
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.window import Event

_USUAL: Final = (1920, 1080)
"""Where the display does not say its size; it scales then."""
_CHEAP: Final = (1280, 720)
"""The same for a lone camera, whose picture need not be drawn larger than most cameras give it."""
_ANSWERS_S: Final = 5.0
_numbers = count(1)


class Lone:
    """One camera that has the display for itself; has the face of `Wall`.

    Args:
        sink: Launch fragment that ends in the sink.

    Attributes:
        cells: Just that.
        size: Width and height of what is drawn, pixels.

    Raises:
        MissingElement, PipelineError: It is no sink that can be built.
    """

    def __init__(self, sink: str) -> None:
        self.cells = (sink,)
        self.size = _asked(sink)
        self._compositor = _Compositor(sink)

    def place(self, cells: Mapping[int, Rect]) -> None:
        """Nothing: it always covers the display."""

    def fileno(self) -> int:
        """See `Wall.fileno`."""
        return self._compositor.fileno()

    def events(self) -> Iterator[Event]:
        """None ever comes.

        Raises:
            ScreenLost: The compositor is gone; of a monitor only the camera's pipeline knows.
        """
        self._compositor.check()
        return iter(())

    def close(self) -> None:
        """Idempotent."""
        self._compositor.close()


class Wall:
    """Several cameras side by side; has the face of `Window` but gives no keys. One thread.

    Args:
        sink: Launch fragment that ends in the sink.
        cells: Number of pictures; all begin hidden.

    Attributes:
        cells: For each picture the launch fragment of the sink that brings it here.
        size: Width and height of the whole, pixels.

    Raises:
        MissingElement, PipelineError: It cannot be built or started.
    """

    def __init__(self, sink: str, cells: int) -> None:
        own = next(_numbers)
        channels = tuple(f"smartrec-{own}-{at}" for at in range(cells))
        self.cells = tuple(to_wall(each) for each in channels)
        self._pipeline = launch(str(wall(sink, channels)))
        # intervideosrc counts from zero, so this one's time does too.
        self._pipeline.set_start_time(0)
        self._compositor = _Compositor(sink)
        display = self._pipeline.get_by_name("display")
        filter_ = self._pipeline.get_by_name("size")
        assert display is not None
        assert filter_ is not None
        self._start(Gst.State.READY)
        self.size = _size_of(display) or _USUAL
        shape = f"width={self.size[0]},height={self.size[1]}"
        filter_.set_property("caps", Gst.Caps.from_string(f"video/x-raw,format=BGRx,{shape}"))
        self._pads = tuple(self._pad(at) for at in range(cells))
        self.place({})
        self._start(Gst.State.PLAYING)

    def place(self, cells: Mapping[int, Rect]) -> None:
        """Show the pictures named by their index in the middle of their places, hide the others."""
        for index, pad in enumerate(self._pads):
            area = cells.get(index)
            pad.set_property("alpha", 0.0 if area is None else 1.0)
            if area is not None:
                pad.set_property("xpos", area.x)
                pad.set_property("ypos", area.y)
                pad.set_property("width", area.width)
                pad.set_property("height", area.height)

    def fileno(self) -> int:
        """Readable when a Wayland compositor has gone; other troubles need `events` to be asked."""
        return self._compositor.fileno()

    def events(self) -> Iterator[Event]:
        """None ever comes: the display gives no keys and keeps its size.

        Raises:
            ScreenLost: The compositor or the monitor is gone.
        """
        self._compositor.check()
        error = self._error()
        if error is not None:
            raise ScreenLost(f"The display is gone ({error})")
        return iter(())

    def close(self) -> None:
        """Take it away. Idempotent."""
        self._pipeline.set_state(Gst.State.NULL)
        self._compositor.close()

    def _start(self, state: Gst.State) -> None:
        if self._pipeline.set_state(state) != Gst.StateChangeReturn.FAILURE:
            return
        error = self._error()
        self.close()
        raise error or PipelineError("display", "did not start and did not say why")

    def _error(self) -> SmartrecError | None:
        bus = self._pipeline.get_bus()
        assert bus is not None
        message = bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
        return None if message is None else error_of(message)

    def _pad(self, index: int) -> Gst.Pad:
        compositor = self._pipeline.get_by_name("wall")
        pad = compositor.get_static_pad(f"sink_{index}") if compositor else None
        assert pad is not None
        Gst.util_set_object_arg(pad, "sizing-policy", "keep-aspect-ratio")
        return pad


class _Compositor:
    """A connection on which nothing is said: waylandsink (1.22) does not tell of a dead compositor.

    Args:
        sink: Launch fragment; for one that is not Wayland's there is nothing to be told.
    """

    def __init__(self, sink: str) -> None:
        self._gone = select.epoll()
        self._end = _connection() if "waylandsink" in sink else None
        if self._end is not None:
            self._gone.register(self._end, select.EPOLLIN)

    def fileno(self) -> int:
        return self._gone.fileno()

    def check(self) -> None:
        if self._end is not None and _is_closed(self._end):
            raise ScreenLost("The Wayland compositor is gone")

    def close(self) -> None:
        if self._end is not None:
            self._end.close()
        self._gone.close()


def _asked(sink: str) -> tuple[int, int]:
    """How large to draw for a sink that has the display for itself."""
    pipeline = launch(f"{sink.rpartition(' ! ')[2]} name=display")
    display = pipeline.get_by_name("display")
    assert display is not None
    pipeline.set_state(Gst.State.READY)  # where it fails, the camera's pipeline is told why
    size = _size_of(display)
    pipeline.set_state(Gst.State.NULL)
    return size or _CHEAP


def _size_of(display: Gst.Element) -> tuple[int, int] | None:
    """What a sink that is READY says of its display: kmssink does, waylandsink does not."""
    if not hasattr(display.props, "display_width"):
        return None
    size = display.get_property("display-width"), display.get_property("display-height")
    return size if all(size) else None


def _connection() -> socket.socket | None:
    name = os.environ.get("WAYLAND_DISPLAY", "wayland-0")
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(_ANSWERS_S)
    try:
        end.connect(str(Path(os.environ.get("XDG_RUNTIME_DIR", "/"), name)))
    except OSError:
        end.close()
        return None  # the sink will say why
    return end


def _is_closed(end: socket.socket) -> bool:
    readable, _, _ = select.select([end], [], [], 0)
    try:
        return bool(readable) and not end.recv(4096)
    except OSError:
        return True
