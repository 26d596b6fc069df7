"""Whether the DeepStream that is installed works here, and what its elements can do."""

import ctypes
import os
from dataclasses import dataclass
from typing import Final

from smartrec.errors import EngineMissing
from smartrec.graph.platforms import CONDITIONAL, PLATFORMS, Platform
from smartrec.media.engines.deepstream.installed import Installed
from smartrec.media.gst import Gst, has_element, has_property, reaches_ready
from smartrec.media.trial import encodes

_WATCHES: Final = ("nvv4l2decoder", "nvvideoconvert", "nvstreammux", "nvinfer")
_SHOWS: Final = ("nvdsosd", "nvmultistreamtiler")
_ENCODER: Final = "nvv4l2h264enc"
FORGET: Final = "rm -rf ~/.cache/gstreamer-1.0"
"""Makes GStreamer look at its plug-ins anew."""
_CAPABILITY: Final = (75, 76)
"""CUdevice_attribute, the compute capability; CUDA's driver API."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """What TensorRT's engines depend on.

    Attributes:
        name: Such as ``"NVIDIA H200"``; empty where the driver does not say.
        capability: Such as ``"9.0"``; empty likewise.
    """

    name: str = ""
    capability: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """A DeepStream that works.

    Attributes:
        installed: Which.
        platform: What its elements can do.
        gpu: On what.
    """

    installed: Installed
    platform: Platform
    gpu: Gpu

    @property
    def words(self) -> str:
        """For people."""
        on = f" on {self.gpu.name}" if self.gpu.name else ""
        return f"{self.installed.words}{on}"


def look_here(installed: Installed, *, shows: bool) -> Here:
    """Ask the elements.

    Args:
        installed: What is there.
        shows: Whether pictures are to be shown as well.

    Raises:
        EngineMissing: An element is missing, or no GPU answers.
    """
    missing = missing_elements(shows=shows)
    if missing:
        raise EngineMissing(
            f"{installed.words} in {installed.root} is not whole: GStreamer finds no"
            f" {', '.join(missing)}",
            hint=f"Forget what GStreamer remembers of it: {FORGET}; then: gst-inspect-1.0"
            f" {missing[0]} says which library it lacks",
        )
    if not reaches_ready("nvvideoconvert"):
        raise EngineMissing(
            f"{installed.words} finds no GPU that it can use: the driver is missing, or is not"
            " the one that this DeepStream was made for",
            hint="Look at it: nvidia-smi; in a container: start it with --runtime nvidia",
        )
    return Here(installed, _platform(installed.board), gpu())


def missing_elements(*, shows: bool) -> list[str]:
    """Those of DeepStream's elements that are needed and that GStreamer does not find.

    Args:
        shows: Whether pictures are to be shown as well.
    """
    wanted = (*_WATCHES, *(_SHOWS if shows else ()))
    return [name for name in wanted if not has_element(name)]


def _platform(board: str) -> Platform:
    known = PLATFORMS[board]
    return Platform(
        name=known.name,
        title=known.title,
        integrated=known.integrated,
        decodes_jpeg=known.decodes_jpeg,
        encodes=has_element(_ENCODER) and encodes(_ENCODER),
        properties={element: _properties(element, asked) for element, asked in CONDITIONAL.items()},
        new_mux=os.environ.get("USE_NEW_NVSTREAMMUX") == "yes",
    )


def _properties(element: str, asked: frozenset[str]) -> frozenset[str]:
    """Those that an installed element has of the properties asked for."""
    factory = Gst.ElementFactory.find(element)
    made = None if factory is None else factory.create(None)
    if made is None:
        return frozenset()
    return frozenset(name for name in asked if has_property(made, name))


def gpu() -> Gpu:
    """The first GPU, by CUDA's driver API."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return Gpu()
    device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    asked = (
        cuda.cuInit(0),
        cuda.cuDeviceGet(ctypes.byref(device), 0),
        cuda.cuDeviceGetName(name, len(name), device),
        cuda.cuDeviceGetAttribute(ctypes.byref(major), _CAPABILITY[0], device),
        cuda.cuDeviceGetAttribute(ctypes.byref(minor), _CAPABILITY[1], device),
    )
    if any(asked):
        return Gpu()
    return Gpu(name.value.decode("utf-8", "replace"), f"{major.value}.{minor.value}")
