"""The data of elements/, read: what is known of NVIDIA's elements."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from smartrec.graph.platforms import Platform

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA: Final = Path(__file__).parent / "elements"


@dataclass(frozen=True)
class Property:
    """One property.

    Attributes:
        type: bool, int, uint, int64, uint64, string, enum, flags, object, boxed or pointer.
        range: Smallest and largest of a number; None where it has none.
        values: Of an enum: nick and number.
        default: Of an enum its nick; None where it has none or it is not known.
        changeable: "any" state, "ready" (NULL or READY), or "never".
    """

    type: str
    range: tuple[int, int] | None
    values: Mapping[str, int]
    default: bool | int | str | None
    changeable: str


@dataclass(frozen=True)
class Pad:
    """One pad template; `caps` as `Gst.Caps.from_string` reads them."""

    name: str
    direction: str
    presence: str
    caps: str


@dataclass(frozen=True)
class Facts:
    """One element on one kind of machine."""

    element: str
    source: str
    pads: tuple[Pad, ...]
    properties: Mapping[str, Property]
    signals: tuple[str, ...]
    actions: tuple[str, ...]


FILES: Final = tuple(sorted(path.stem for path in DATA.glob("*.toml")))
_JETSON_ONLY: Final = ("nvvidconv", "nv3dsink")


@cache
def read(file: str) -> Facts:
    """One file of elements/, by its name without ``.toml``."""
    data = tomllib.loads((DATA / f"{file}.toml").read_text())
    return Facts(
        data["element"],
        data["source"],
        tuple(
            Pad(pad["name"], pad["direction"], pad["presence"], "; ".join(pad["caps"]))
            for pad in data["pad"]
        ),
        {name: _property(entry) for name, entry in data["properties"].items()},
        tuple(data["signals"]),
        tuple(data["actions"]),
    )


def facts(element: str, on: Platform) -> Facts | None:
    """What is known of an element on a machine; None of others, or where it is not."""
    if element in _JETSON_ONLY and not on.integrated:
        return None
    driver = "tegra" if on.has("nvv4l2decoder", "mjpeg") else "cuda"
    variants = {
        "nvstreammux": "nvstreammux-new" if on.new_mux else "nvstreammux",
        "nvvideoconvert": "nvvideoconvert-jetson" if on.integrated else "nvvideoconvert-dgpu",
        "nvv4l2decoder": f"nvv4l2decoder-{driver}",
        "nvv4l2h264enc": f"nvv4l2h264enc-{driver}",
    }
    file = variants.get(element, element)
    return read(file) if file in FILES else None


def _property(entry: dict[str, Any]) -> Property:
    low_high = entry.get("range")
    return Property(
        entry["type"],
        (low_high[0], low_high[1]) if low_high else None,
        entry.get("values", {}),
        entry.get("default"),
        entry.get("changeable", "any"),
    )
