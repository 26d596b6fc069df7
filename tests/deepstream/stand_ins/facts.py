"""What is known of the real elements: the data that the contract's tests hold plans against."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_ELEMENTS: Final = Path(__file__).parents[1] / "elements"


@dataclass(frozen=True)
class Property:
    """One property of an element.

    Attributes:
        kind: ``"bool"``, ``"int"``, ``"uint"``, ``"int64"``, ``"uint64"``, ``"string"``,
            ``"enum"``, ``"flags"``, ``"boxed"`` or ``"pointer"``.
        default: Of an enum its number.
        low: Smallest of a number.
        high: Largest of a number.
        values: Of an enum: nick and number.
        early: It may be changed in NULL or READY only.
        writable: It can be set.
    """

    name: str
    kind: str
    default: Any
    low: float = 0
    high: float = 0
    values: tuple[tuple[str, int], ...] = ()
    early: bool = False
    writable: bool = True


@dataclass(frozen=True)
class Template:
    """A pad template."""

    name: str
    sink: bool
    request: bool
    caps: str


@dataclass(frozen=True)
class Facts:
    """An element."""

    name: str
    templates: tuple[Template, ...]
    properties: tuple[Property, ...]


def read(file: str) -> Facts:
    """One file of the data, named without its suffix."""
    told = tomllib.loads((_ELEMENTS / f"{file}.toml").read_text())
    return Facts(
        str(told["element"]),
        tuple(
            Template(
                each["name"],
                each["direction"] == "sink",
                each["presence"] == "on request",
                "; ".join(each["caps"]),
            )
            for each in told["pad"]
        ),
        tuple(_property(name, each) for name, each in told["properties"].items()),
    )


def _property(name: str, told: Mapping[str, Any]) -> Property:
    low, high = told.get("range", (0, 0))
    values = told.get("values", {})
    default, changeable = told.get("default"), told.get("changeable", "always")
    return Property(
        name,
        told["type"],
        values[default] if values and default else _start(default, told["type"], low, high),
        low,
        high,
        tuple(values.items()),
        early=changeable == "ready",
        writable=changeable != "never",
    )


def _start(default: Any, kind: str, low: float, high: float) -> Any:
    """Of a property whose default the data does not tell."""
    if default is None and kind in ("int", "uint", "int64", "uint64", "enum"):
        return 0 if low <= 0 <= high else low
    return default
