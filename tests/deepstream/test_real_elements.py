"""What is known of the decoder and the converter, held against the real ones of a card.

They register without a GPU (see `wheel`), in a child process, which says what they have; nothing
reaches READY. The wheel is of 9.0.2, the data are of 9.1.
"""

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from smartrec.graph.deepstream import Recorder, branch
from smartrec.graph.plan import finish_encode
from smartrec.graph.platforms import PLATFORMS
from smartrec.graph.recipes import RECIPES, Role
from smartrec.media.gst import Gst
from smartrec.model import Codec
from tests.deepstream.facts import Property, read
from tests.deepstream.plans import recorders, stream
from tests.deepstream.wheel import environment, libraries, stand_ins

ON = PLATFORMS["dgpu"]
# Sides and rates of any size, which the data leave out.
_ANY_VALUE = re.compile(r", (?:width|height|framerate)=\(\w+\)\[[^]]*\]")
MISTAKES = {
    "a property that is none": "nvvideoconvert flip-methud=none",
    "a nick that is none": "nvvideoconvert flip-method=anticlockwise",
    "Jetson's way of saying JPEG": "nvv4l2decoder mjpeg=true",
    "the wrong memory": "nvv4l2decoder ! video/x-raw,format=NV12 ! nvvideoconvert",
    "the wrong form of H.264": "identity ! video/x-h264,stream-format=avc ! nvv4l2decoder",
}
FILES = ("nvv4l2decoder-cuda", "nvvideoconvert-dgpu", "nvv4l2h264enc-cuda")
SAYS = """
import json, sys
from smartrec.media.gst import GLib, Gst
from gi.repository import GObject

wanted, texts = json.loads(sys.argv[1])
TYPES = {"gboolean": "bool", "gint": "int", "guint": "uint", "gint64": "int64",
         "guint64": "uint64", "gchararray": "string"}
READY = 1 << 10  # GST_PARAM_MUTABLE_READY

def said(made, spec):
    kind = TYPES.get(spec.value_type.name)
    if kind is None and spec.value_type.is_a(GObject.TYPE_ENUM):
        kind = "enum"
    now = made.get_property(spec.name) if kind else None
    found = {"type": kind, "ready": bool(spec.flags & READY),
             "writable": bool(spec.flags & GObject.ParamFlags.WRITABLE)}
    if kind in ("int", "uint", "int64", "uint64"):
        found["range"] = [spec.minimum, spec.maximum]
    if kind == "enum":
        values = spec.enum_class.__enum_values__
        found["values"] = {v.value_nick: int(n) for n, v in values.items()}
        now = now.value_nick
    return {**found, "default": now}

found = {"elements": {}, "refused": {}}
for name in wanted:
    factory = Gst.ElementFactory.find(name)
    made = factory.create(None) if factory else None
    if made is None:
        continue
    found["elements"][name] = {
        "properties": {s.name: said(made, s) for s in made.list_properties()
                       if s.name not in ("name", "parent")},
        "pads": {t.name_template: t.get_caps().to_string()
                 for t in factory.get_static_pad_templates()},
    }
for name, text in texts.items():
    try:
        Gst.parse_bin_from_description(text, False)
    except GLib.Error as error:
        found["refused"][name] = error.message
print(json.dumps(found))
"""


def fragments() -> Iterator[tuple[str, str]]:
    """Parts of plans that are made of nothing of NVIDIA's but what the wheel has."""
    for codec in Codec:
        for rotate, flip in ((0, False), (90, False), (270, True), (0, True)):
            yield f"{codec.value} {rotate} {flip}", branch(0, stream(codec, rotate, flip), ON)
        yield f"{codec.value} 4:4:4", branch(0, stream(codec), ON, chroma="4:4:4")
        for row in recorders(ON):
            text = branch(0, stream(codec, 90), ON, recorder=Recorder(row, 23))
            yield f"{codec.value}, recorder {row.name}", text
    rows = {(row.role, row.name): row for row in RECIPES}
    decoder, encoder = rows[Role.DECODE_JPEG, "cpu"], rows[Role.ENCODE_H264, "nvidia"]
    finisher = " ! ".join(finish_encode(stream(), decoder, encoder, 23).branches[0])
    yield "finisher", finisher


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Any:
    found = libraries()
    if found is None:
        assert platform.machine() != "x86_64", "nvidia-deepstream-videodecode-cu13 is not installed"
        pytest.skip("nvidia-deepstream-videodecode-cu13 exists for x86-64 only")
    directory = tmp_path_factory.mktemp("real")
    child = environment(found, stand_ins(directory), directory / "registry")
    asked = json.dumps([[read(file).element for file in FILES], {**dict(fragments()), **MISTAKES}])
    said = subprocess.run(
        [sys.executable, "-c", SAYS, asked],
        check=True,
        env=child,
        capture_output=True,
        text=True,
        timeout=50,
    )
    return json.loads(said.stdout.splitlines()[-1])  # NVIDIA's libraries write there, too


@pytest.mark.parametrize("file", FILES)
def test_the_data_say_what_the_real_element_says(real: Any, file: str) -> None:
    known = read(file)
    said = real["elements"][known.element]
    assert {name: _as_said(prop) for name, prop in known.properties.items()} == {
        name: _simple(entry) for name, entry in said["properties"].items()
    }
    assert {pad.name for pad in known.pads} == set(said["pads"])
    for pad in known.pads:
        assert _caps(pad.caps).is_equal(_caps(_ANY_VALUE.sub("", said["pads"][pad.name])))


@pytest.mark.parametrize("name", [name for name, _ in fragments()])
def test_a_part_of_a_plan_parses_with_the_real_elements(real: Any, name: str) -> None:
    assert real["refused"].get(name) is None


@pytest.mark.parametrize("name", MISTAKES)
def test_the_real_elements_refuse_a_mistake(real: Any, name: str) -> None:
    assert name in real["refused"]


def _as_said(prop: Property) -> dict[str, Any]:
    """A property of the data as the child says one, as far as both know it."""
    known = {
        "type": prop.type,
        "ready": prop.changeable == "ready",
        "writable": prop.changeable != "never",
    }
    if prop.type in ("flags", "boxed", "object", "pointer"):
        return {**known, "type": None}
    return {**known, "range": prop.range, "values": dict(prop.values), "default": prop.default}


def _simple(entry: dict[str, Any]) -> dict[str, Any]:
    if entry["type"] is None:
        return {name: entry[name] for name in ("type", "ready", "writable")}
    low_high = entry.get("range")
    # TOML's integers have 63 bits and a sign.
    held = tuple(max(-(2**63), min(each, 2**63 - 1)) for each in low_high) if low_high else None
    return {**entry, "range": held, "values": entry.get("values", {})}


def _caps(text: str) -> Gst.Caps:
    caps = Gst.Caps.from_string(text)
    assert caps is not None
    return caps
