"""GStreamer itself: import it from here only, so that versions and start-up are settled once."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Final, NoReturn

from smartrec.errors import DiskFull, MissingElement, PipelineError, SmartrecError

# libgstreamer brings libunwind along for all to see. It has functions of the same names as GCC's
# own unwinder; C++ that is loaded after it (ONNX Runtime) would mix the two, and its first
# exception, such as that for a broken model, would abort the process. Who is loaded first is taken.
with suppress(OSError):  # a system without GCC's has nothing to mix
    ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    gi.require_version("GstVideo", "1.0")
    from gi.repository import Gio, GLib, Gst, GstApp, GstVideo
except (ImportError, ValueError) as error:
    raise MissingElement(
        f"GStreamer for Python is not installed ({error})",
        hint="Run: sudo apt install python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0",
    ) from error

__all__ = [
    "LOADED",
    "GLib",
    "Gio",
    "Gst",
    "GstApp",
    "GstVideo",
    "elements_of",
    "error_of",
    "has_element",
    "has_interface",
    "has_property",
    "launch",
    "raise_first_error",
    "reaches_ready",
    "reaches_ready_now",
    "running",
]

Gst.init(None)

LOADED: Final = (
    Gst.Bin,
    Gst.Buffer,
    Gst.BufferCopyFlags,
    Gst.BufferFlags,
    Gst.Bus,
    Gst.Caps,
    Gst.CoreError,
    Gst.DebugLevel,
    Gst.Element,
    Gst.ElementFactory,
    Gst.Event,
    Gst.EventType,
    Gst.EventTypeFlags,
    Gst.FlowReturn,
    Gst.Format,
    Gst.GhostPad,
    Gst.IteratorResult,
    Gst.Message,
    Gst.MessageType,
    Gst.Object,
    Gst.Pad,
    Gst.PadLinkReturn,
    Gst.PadProbeInfo,
    Gst.PadProbeReturn,
    Gst.PadProbeType,
    Gst.ParseError,
    Gst.Pipeline,
    Gst.QueryTypeFlags,
    Gst.ResourceError,
    Gst.Sample,
    Gst.Segment,
    Gst.State,
    Gst.StateChangeReturn,
    Gst.StreamCollection,
    Gst.StreamError,
    Gst.StreamType,
    Gst.SystemClock,
)
"""All types of it that are used. PyGObject (3.42) makes each at its first use, for all threads to
see before it is whole: of cameras that are opened at once one found a StateChangeReturn that had no
FAILURE. So they are made here, in one thread."""


@cache
def has_element(factory: str) -> bool:
    """Whether an element factory of that name is installed."""
    return Gst.ElementFactory.find(factory) is not None


def has_interface(factory: str, interface: str) -> bool:
    """Whether elements of an installed factory have an interface, such as ``GstVideoOverlay``."""
    found = Gst.ElementFactory.find(factory)
    return found is not None and found.has_interface(interface)


def has_property(element: Gst.Element, name: str) -> bool:
    """Whether an element of this version has a property."""
    return any(spec.name == name for spec in element.list_properties())


@cache
def reaches_ready(fragment: str) -> bool:
    """Whether every element of a launch fragment exists and opens its device; asked once.

    An Orin Nano has the encoder's plug-in but no encoder: only READY tells.
    """
    return reaches_ready_now(fragment)


def reaches_ready_now(fragment: str) -> bool:
    """As `reaches_ready`, asked each time: a display comes and goes."""
    try:
        bin_ = Gst.parse_bin_from_description(fragment, False)
    except GLib.Error:
        return False
    ready = bin_.set_state(Gst.State.READY) == Gst.StateChangeReturn.SUCCESS
    bin_.set_state(Gst.State.NULL)
    return ready


def launch(text: str) -> Gst.Pipeline:
    """Make a pipeline on the one timeline: system clock, base time 0, so pts is CLOCK_MONOTONIC.

    Raises:
        MissingElement: An element of it is not installed.
        PipelineError: The text is no pipeline.
    """
    try:
        pipeline = Gst.parse_launch(text)
    except GLib.Error as error:
        if error.matches(Gst.ParseError.quark(), Gst.ParseError.NO_SUCH_ELEMENT):
            raise MissingElement(
                f"GStreamer: {error.message}", hint="Run: smartrec doctor"
            ) from error
        raise PipelineError("pipeline", error.message, debug=text) from error
    if not isinstance(pipeline, Gst.Pipeline):
        whole = Gst.Pipeline.new(None)
        whole.add(pipeline)
        pipeline = whole
    pipeline.use_clock(Gst.SystemClock.obtain())
    pipeline.set_start_time(Gst.CLOCK_TIME_NONE)
    pipeline.set_base_time(0)
    return pipeline


@contextmanager
def running(pipeline: Gst.Pipeline) -> Iterator[Gst.Bus]:
    """Play a pipeline for the length of a ``with``; it is NULL afterwards, whatever happens.

    Raises:
        SmartrecError: It does not start; see `error_of`.
    """
    bus = pipeline.get_bus()
    assert bus is not None
    try:
        if pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            raise_first_error(bus)
        yield bus
    finally:
        pipeline.set_state(Gst.State.NULL)


def elements_of(pipeline: Gst.Pipeline, factory: str) -> list[Gst.Element]:
    """Every element of a factory in a pipeline, at any depth."""
    found: list[Gst.Element] = []
    elements = pipeline.iterate_all_by_element_factory_name(factory)
    while elements is not None:
        result, element = elements.next()
        if result == Gst.IteratorResult.OK:
            found.append(element)
        elif result == Gst.IteratorResult.RESYNC:  # some came or went meanwhile
            elements.resync()
            found.clear()
        else:
            break
    return found


def raise_first_error(bus: Gst.Bus) -> NoReturn:
    """Raise what the bus says of a failed start."""
    message = bus.timed_pop_filtered(0, Gst.MessageType.ERROR)
    if message is None:
        raise PipelineError("pipeline", "did not start and did not say why")
    raise error_of(message)


def error_of(message: Gst.Message) -> SmartrecError:
    """Our error for GStreamer's ERROR message; its debug text goes along for the log."""
    error, debug = message.parse_error()
    what = error.message.rstrip(".")  # more is said behind it
    if error.matches(Gst.ResourceError.quark(), Gst.ResourceError.NO_SPACE_LEFT):
        return DiskFull(f"{message.src.get_name()}: {what}", hint="Make room: df -h")
    return PipelineError(message.src.get_name() or "pipeline", what, debug=debug or "")
