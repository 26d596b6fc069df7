"""What NVIDIA's machines differ in, as far as a plan asks: rows, no code.

`PLATFORMS` says what is known of each kind; of a real machine the same is found by asking its
elements, see `CONDITIONAL`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

CONDITIONAL: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        # The decoder of Jetson's own driver must be told that JPEGs are coming; the other one,
        # of CUDA (dGPU, and Thor since JetPack 7), has no such property.
        "nvv4l2decoder": frozenset({"mjpeg"}),
        # The new multiplexer (USE_NEW_NVSTREAMMUX=yes) does not scale.
        "nvstreammux": frozenset({"width", "height", "live-source"}),
        # A constant quantizer is asked for in two ways: as Jetson's driver has it, and as CUDA's.
        "nvv4l2h264enc": frozenset({"quant-i-frames", "constqp"}),
    }
)
"""Element -> the properties that plans set only where they exist; all others are everywhere."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One kind of machine with DeepStream.

    Attributes:
        name: As it is written on the command line.
        title: For people.
        integrated: Jetson, whose GPU shares the processor's memory; else a card.
        decodes_jpeg: Whether nvv4l2decoder takes JPEGs.
        encodes: Whether nvv4l2h264enc reaches READY. The element is there without its hardware,
            too.
        properties: Of `CONDITIONAL`, those that exist here.
        new_mux: Whether nvstreammux is the new one.
    """

    name: str
    title: str
    integrated: bool
    decodes_jpeg: bool
    encodes: bool
    properties: Mapping[str, frozenset[str]]
    new_mux: bool = False

    def has(self, element: str, prop: str) -> bool:
        """Whether an element has a property here."""
        if prop not in CONDITIONAL.get(element, ()):
            return True
        return prop in self.properties.get(element, ())

    @property
    def sink(self) -> str:
        """The element that shows pictures out of NVIDIA's own memory.

        nvegltransform, which older DeepStreams needed before nveglglessink on a Jetson, is not
        needed on any: nv3dsink takes that memory as it is.
        """
        return "nv3dsink" if self.integrated else "nveglglessink"

    @property
    def encoder(self) -> str:
        """Name of the recipe that encodes H.264 here, in `recipes.RECIPES` and `RECORDERS`."""
        if not self.encodes:
            return "x264"
        return "jetson" if self.has("nvv4l2h264enc", "quant-i-frames") else "nvidia"


_SCALING_MUX: Final = frozenset({"width", "height", "live-source"})
_TEGRA: Final = MappingProxyType(
    {
        "nvv4l2decoder": frozenset({"mjpeg"}),
        "nvstreammux": _SCALING_MUX,
        "nvv4l2h264enc": frozenset({"quant-i-frames"}),
    }
)
_CUDA: Final = MappingProxyType(
    {
        "nvv4l2decoder": frozenset[str](),
        "nvstreammux": _SCALING_MUX,
        "nvv4l2h264enc": frozenset({"constqp"}),
    }
)

PLATFORMS: Final[Mapping[str, Platform]] = MappingProxyType(
    {
        row.name: row
        for row in (
            Platform("jetson-orin", "Jetson Orin (JetPack 6, 7)", True, True, True, _TEGRA),
            Platform("jetson-orin-nano", "Jetson Orin Nano: no encoder", True, True, False, _TEGRA),
            Platform("jetson-thor", "Jetson Thor (JetPack 7)", True, False, True, _CUDA),
            Platform("dgpu", "graphics card (dGPU)", False, True, True, _CUDA),
        )
    }
)
"""The kinds of machines, each with the multiplexer that DeepStream takes unless told otherwise."""


def with_new_mux(platform: Platform) -> Platform:
    """The same machine where USE_NEW_NVSTREAMMUX=yes is set."""
    properties = {**platform.properties, "nvstreammux": frozenset[str]()}
    return replace(platform, properties=MappingProxyType(properties), new_mux=True)
