"""Classes of elements out of what is known of the real ones."""

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

from tests.deepstream.stand_ins.facts import Facts, Property
from tests.deepstream.stand_ins.gst import GLib, GObject, Gst
from tests.deepstream.stand_ins.raw import float_again

_NUMBERS: Final = {
    "int": GObject.TYPE_INT,
    "uint": GObject.TYPE_UINT,
    "int64": GObject.TYPE_INT64,
    "uint64": GObject.TYPE_UINT64,
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
        self._values: dict[str, Any] = {
            each.name: each.default for each in self.facts.properties if each.kind != "enum"
        }
        self._enums = {each.name for each in self.facts.properties if each.kind == "enum"}
        self._set: set[str] = set()
        float_again(self)

    def value(self, name: str) -> Any:
        """Of a property; an enum's as number."""
        value = self._values.get(name)
        if value is None:
            value = next(each.default for each in self.facts.properties if each.name == name)
        return int(value) if name in self._enums else value

    def was_set(self, name: str) -> bool:
        """Whether somebody has set a property."""
        return name in self._set

    def do_get_property(self, spec: Any) -> Any:
        found = self._values.get(spec.name)
        return getattr(spec, "default_value", None) if found is None else found

    def do_set_property(self, spec: Any, value: Any) -> None:
        state = self.get_state(0)[1]  # type: ignore[attr-defined]
        if spec.flags & _EARLY and state > Gst.State.READY:
            fail(self, Gst.CoreError.FAILED, f"{spec.name} is changeable in NULL or READY only")
            return
        self._values[spec.name] = value
        self._set.add(spec.name)
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
    name, kind = facts.name, cast("Any", base)
    has = {each.name for each in GObject.list_properties(kind)}
    made: Any = type(
        f"StandIn_{name}",
        (base,),
        {
            "__gtype_name__": f"StandIn_{name}",
            "__gproperties__": {
                each.name: _spec(name, each) for each in facts.properties if each.name not in has
            },
            "facts": facts,
        },
    )
    made.set_metadata(f"Stand-in for {name}", "Test", "No NVIDIA code is in it", "smartrec")
    for template in facts.templates:
        made.add_pad_template(pad_template(template))
    assert Gst.Element.register(None, name, Gst.Rank.PRIMARY, made), name


def pad_template(template: Any) -> Any:
    """GStreamer's of ours."""
    direction = Gst.PadDirection.SINK if template.sink else Gst.PadDirection.SRC
    presence = Gst.PadPresence.REQUEST if template.request else Gst.PadPresence.ALWAYS
    caps: Any = Gst.Caps.from_string(template.caps)
    return Gst.PadTemplate.new(template.name, direction, presence, caps)


def _spec(element: str, fact: Property) -> tuple[Any, ...]:
    flags = int(GObject.ParamFlags.READABLE)
    flags |= int(GObject.ParamFlags.WRITABLE) if fact.writable else 0
    flags |= _EARLY if fact.early else 0
    words = (fact.name, fact.name)
    last = GObject.ParamFlags(flags)
    if fact.kind in _NUMBERS:
        return (_NUMBERS[fact.kind], *words, fact.low, fact.high, fact.default, last)
    if fact.kind == "enum":
        return (_enum(f"{element}_{fact.name}", fact.values), *words, fact.default, last)
    if fact.kind == "bool":
        return (bool, *words, bool(fact.default), last)
    if fact.kind == "string":
        return (str, *words, fact.default, last)
    if fact.kind == "boxed":
        return (Gst.Structure, *words, last)
    return (GObject.TYPE_POINTER, *words, last)


@cache
def _enum(name: str, values: Sequence[tuple[str, int]]) -> Any:
    library = ctypes.CDLL("libgobject-2.0.so.0")
    rows = [_EnumValue(number, nick.encode(), nick.encode()) for nick, number in values]
    table = (_EnumValue * (len(rows) + 1))(*rows, _EnumValue(0, None, None))
    _KEPT.append(table)  # GObject keeps the address
    typed = f"StandIn_{name.replace('-', '_')}"
    library.g_enum_register_static(typed.encode(), table)
    return GObject.type_from_name(typed)
