"""Checks a plan's text against what is known of NVIDIA's elements, and of all others by GStreamer.

What is found is sentences. An element passes what its pads say, and a caps filter between two
must leave something that both take: with memory features, that is where most mistakes show.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from smartrec.graph.platforms import Platform
from smartrec.media.gst import GLib, Gst
from tests.deepstream.facts import Facts, Pad, Property, facts

_LINK: Final = re.compile(r'\s+!\s+(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)')
_CAPS: Final = re.compile(r"(?:video|image|audio)/")
_REFERENCE: Final = re.compile(r"(?P<element>[\w-]+)\.(?P<pad>[\w-]*)")
_VENDOR: Final = re.compile(r"nv(?!codec)")
_PASS_CAPS_ON: Final = ("queue", "tee", "capsfilter", "identity")
_NUMBERS: Final = ("int", "uint", "int64", "uint64")
_ANY: Final = "ANY"


@dataclass
class Checked:
    """What was found, and what was looked at.

    Attributes:
        findings: One sentence for each thing wrong.
        elements: Factories that were met.
    """

    findings: list[str] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)


def check(text: str, on: Platform) -> Checked:
    """Everything wrong with a plan on a machine."""
    checker = _Checker(on)
    for chain in text.split("\n\n"):
        checker.chain(chain)
    checker.references()
    return checker.checked


class _Checker:
    def __init__(self, on: Platform) -> None:
        self._on = on
        self.checked = Checked()
        self._named: dict[str, str] = {}
        self._flows: dict[str, Gst.Caps] = {}
        self._ends: list[tuple[str, str, Gst.Caps]] = []

    def chain(self, text: str) -> None:
        flow: Gst.Caps | None = None
        before = ""
        for token in _LINK.split(text.strip()):
            if reference := _REFERENCE.fullmatch(token):
                if flow is None:
                    flow = self._flows.get(reference["element"], Gst.Caps.new_any())
                else:
                    self._ends.append((reference["element"], reference["pad"], flow))
                before = reference["element"]
            elif _CAPS.match(token):
                flow = self._filtered(before, token, flow)
            else:
                before, flow = self._element(token, before, flow)

    def references(self) -> None:
        """What ends in another chain's pad; the element may come later in the text."""
        for name, pad, flow in self._ends:
            element = self._named.get(name)
            if element is None:
                self._find(f"nothing is called {name}")
                continue
            template = next((t for t in self._pads(element) if _is_of(pad, t.name)), None)
            if template is None:
                self._find(f"{element} has no pad {pad}")
            elif not _caps(template.caps).can_intersect(flow):
                self._find(f"{element}.{pad} takes {template.caps}, not {flow.to_string()}")

    def _element(
        self, token: str, before: str, flow: Gst.Caps | None
    ) -> tuple[str, Gst.Caps | None]:
        words = shlex.split(token)
        element = words[0]
        self.checked.elements.add(element)
        known = facts(element, self._on)
        settings = dict(word.split("=", 1) for word in words[1:])
        if known is not None:
            for finding in _properties(known, settings):
                self._find(finding)
        elif _VENDOR.match(element):
            self._find(f"{self._on.name} has no {element}")
            return element, None
        elif trouble := _refused(token):
            self._find(f"{element}: {trouble}")
            return element, None
        self._linked(element, before, flow)
        after = flow if element in _PASS_CAPS_ON else self._source(element, settings)
        if name := settings.get("name"):
            self._named[name] = element
            if after is not None:
                self._flows[name] = after
        return element, after

    def _linked(self, element: str, before: str, flow: Gst.Caps | None) -> None:
        sinks = [pad for pad in self._pads(element) if pad.direction == "sink"]
        if flow is None or not sinks:
            return
        if not any(_caps(pad.caps).can_intersect(flow) for pad in sinks):
            self._find(f"{element} takes {sinks[0].caps}, not {flow.to_string()} of {before}")

    def _source(self, element: str, settings: dict[str, str]) -> Gst.Caps | None:
        if element == "appsrc" and "caps" in settings:
            return Gst.Caps.from_string(settings["caps"])
        sources = [pad for pad in self._pads(element) if pad.direction == "src"]
        if not sources:
            return None
        whole = Gst.Caps.new_empty()
        for pad in sources:
            whole.append(_caps(pad.caps))
        return whole

    def _filtered(self, before: str, token: str, flow: Gst.Caps | None) -> Gst.Caps | None:
        caps = Gst.Caps.from_string(token)
        if caps is None:
            self._find(f"these are no caps: {token}")
            return None
        if flow is None:
            return caps
        left = flow.intersect(caps)
        if left.is_empty():
            self._find(f"{before} gives {flow.to_string()}, never {token}")
            return None
        return left

    def _pads(self, element: str) -> tuple[Pad, ...]:
        known = facts(element, self._on)
        return known.pads if known else _installed_pads(element)

    def _find(self, finding: str) -> None:
        self.checked.findings.append(finding)


def _caps(text: str) -> Gst.Caps:
    caps = Gst.Caps.from_string(text)
    assert caps is not None, text
    return caps


def _is_of(pad: str, template: str) -> bool:
    return re.fullmatch(template.replace("%u", r"\d+"), pad) is not None


def _properties(known: Facts, settings: dict[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        if name == "name":
            continue
        prop = known.properties.get(name)
        if prop is None:
            yield f"{known.element} has no property {name}"
        elif why := _unfit(prop, value):
            yield f"{known.element} {name}={value}: {why}"


def _unfit(prop: Property, value: str) -> str:
    """Why a value is none for a property; empty where it is one."""
    if prop.changeable == "never":
        return "cannot be set"
    if prop.type == "bool":
        return "" if value in ("true", "false") else "is neither true nor false"
    if prop.type == "enum":
        return "" if value in prop.values else f"is none of {', '.join(prop.values)}"
    if prop.type in _NUMBERS:
        if not re.fullmatch(r"-?\d+", value):
            return "is no whole number"
        low, high = prop.range or (-(2**63), 2**64)
        return "" if low <= int(value) <= high else f"is not within {low} to {high}"
    return "" if prop.type == "string" else f"cannot be written for type {prop.type}"


@cache
def _refused(token: str) -> str:
    """What GStreamer has against an element of its own, with its properties."""
    try:
        Gst.parse_bin_from_description(token, False)
    except GLib.Error as error:
        return error.message
    return ""


@cache
def _installed_pads(element: str) -> tuple[Pad, ...]:
    factory = Gst.ElementFactory.find(element)
    templates = factory.get_static_pad_templates() if factory else []
    return tuple(
        Pad(
            template.name_template,
            "sink" if template.direction == Gst.PadDirection.SINK else "src",
            template.presence.value_nick,
            template.get_caps().to_string() or _ANY,
        )
        for template in templates
    )
