"""Classes of elements out of what is known of the real ones."""

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

from tests.deepstream.facts import Facts, Pad, Property
from tests.deepstream.stand_ins.gst import GLib, GObject, Gst
from tests.deepstream.stand_ins.raw import float_again

_NUMBERS: Final = {
    "int": GObject.TYPE_INT,
    "uint": GObject.TYPE_UINT,
    "int64": GObject.TYPE_INT64,
    "uint64": GObject.TYPE_UINT64,
}
_DIRECTIONS: Final = {"sink": Gst.PadDirection.SINK, "src": Gst.PadDirection.SRC}
_PRESENCES: Final = {
    "always": Gst.PadPresence.ALWAYS,
    "on request": Gst.PadPresence.REQUEST,
    "sometimes": Gst.PadPresence.SOMETIMES,
}
_EARLY: Final = 1 << 10
"""GST_PARAM_MUTABLE_READY of gstparamspecs.h."""
_KEPT: Final[list[Any]] = []


class _EnumValue(ctypes.Structure):
    """GEnumValue."""

    _fields_ = (
        ("value", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("nick", ctypes.c_char_p),
    )


class Element:
    """What every stand-in has beside its GObject class: properties by what is known of them.

    A property that may be changed in NULL or READY only, and is changed later, is an error here.
    The real elements take no notice of it, or worse.
    """

    facts: Facts

    def prepare(self) -> None:
        """To be called at the end of the constructor."""
        self._values: dict[str, Any] = {}
        float_again(self)

    def value(self, name: str) -> Any:
        """Of a property; an enum's as number."""
        fact = self.facts.properties[name]
        value = self._values.get(name, _default(fact))
        return int(value) if fact.values else value

    def was_set(self, name: str) -> bool:
        """Whether somebody has set a property."""
        return name in self._values

    def do_get_property(self, spec: Any) -> Any:
        found = self._values.get(spec.name)
        return getattr(spec, "default_value", None) if found is None else found

    def do_set_property(self, spec: Any, value: Any) -> None:
        state = self.get_state(0)[1]  # type: ignore[attr-defined]
        if spec.flags & _EARLY and state > Gst.State.READY:
            fail(self, Gst.CoreError.FAILED, f"{spec.name} is changeable in NULL or READY only")
            return
        self._values[spec.name] = value
        self.changed(spec.name)

    def changed(self, name: str) -> None:
        """A property was set."""


def fail(element: Any, code: Any, message: str, debug: str = "") -> None:
    """Post an error as GST_ELEMENT_ERROR does."""
    domain = {
        Gst.CoreError: Gst.CoreError.quark(),
        Gst.LibraryError: Gst.LibraryError.quark(),
        Gst.ResourceError: Gst.ResourceError.quark(),
        Gst.StreamError: Gst.StreamError.quark(),
    }[type(code)]
    error: Any = GLib.Error.new_literal(domain, message, int(code))
    name = element.get_path_string()
    element.post_message(Gst.Message.new_error(element, error, f"{name}: stand-in\n{debug}"))


def register(base: type[Any], facts: Facts) -> None:
    """Make an element of `base` with the pads and properties of `facts`."""
    name, kind = facts.element, cast("Any", base)
    has = {each.name for each in GObject.list_properties(kind)}
    made: Any = type(
        f"StandIn_{name}",
        (base,),
        {
            "__gtype_name__": f"StandIn_{name}",
            "__gproperties__": {
                each: _spec(name, each, fact)
                for each, fact in facts.properties.items()
                if each not in has
            },
            "facts": facts,
        },
    )
    made.set_metadata(f"Stand-in for {name}", "Test", "No NVIDIA code is in it", "smartrec")
    for pad in facts.pads:
        made.add_pad_template(pad_template(pad))
    assert Gst.Element.register(None, name, Gst.Rank.PRIMARY, made), name


def pad_template(pad: Pad) -> Any:
    """GStreamer's of ours."""
    caps: Any = Gst.Caps.from_string(pad.caps)
    return Gst.PadTemplate.new(pad.name, _DIRECTIONS[pad.direction], _PRESENCES[pad.presence], caps)


def _spec(element: str, name: str, fact: Property) -> tuple[Any, ...]:
    flags = int(GObject.ParamFlags.READABLE)
    flags |= 0 if fact.changeable == "never" else int(GObject.ParamFlags.WRITABLE)
    flags |= _EARLY if fact.changeable == "ready" else 0
    last = GObject.ParamFlags(flags)
    default = _default(fact)
    if fact.range is not None:
        return (_NUMBERS[fact.type], name, name, *fact.range, default, last)
    if fact.values:
        return (_enum(f"{element}_{name}", tuple(fact.values.items())), name, name, default, last)
    if fact.type in ("bool", "string"):
        return (bool if fact.type == "bool" else str, name, name, default, last)
    if fact.type == "boxed":
        return (Gst.Structure, name, name, last)
    return (GObject.TYPE_POINTER, name, name, last)


def _default(fact: Property) -> Any:
    """Before anybody sets it; 0 or the like where the data does not tell."""
    if fact.values:
        return fact.values[str(fact.default)]
    if fact.default is None and fact.range is not None:
        return max(0, fact.range[0])
    return bool(fact.default) if fact.type == "bool" else fact.default


@cache
def _enum(name: str, values: Sequence[tuple[str, int]]) -> Any:
    library = ctypes.CDLL("libgobject-2.0.so.0")
    rows = [_EnumValue(number, nick.encode(), nick.encode()) for nick, number in values]
    table = (_EnumValue * (len(rows) + 1))(*rows, _EnumValue(0, None, None))
    _KEPT.append(table)  # GObject keeps the address
    typed = f"StandIn_{name.replace('-', '_')}"
    library.g_enum_register_static(typed.encode(), table)
    return GObject.type_from_name(typed)
