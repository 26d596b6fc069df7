"""Between ordinary memory and what is called NVMM here: only the caps change.

Relabel     hands buffers through; on one side their caps carry memory:NVMM
"""

from typing import Any, Final

from tests.deepstream.stand_ins.gst import Gst, GstBase
from tests.deepstream.stand_ins.raw import float_again

NVMM: Final = "memory:NVMM"
_ANY: Final[Any] = Gst.Caps.from_string("video/x-raw; video/x-raw(memory:NVMM)")
_COLOURS: Final = ("colorimetry", "chroma-site")
RGB: Final = ("RGB", "BGR", "GRAY", "GBR")
_LIMITED: Final[Any] = Gst.Caps.from_string(
    "video/x-raw,colorimetry=2:4:0:0,format={NV12,I420,P010_10LE,I420_12LE,Y444,UYVY,YUY2,YVYU,"
    "Y42B,AYUV,YV12,NV21,Y41B};"
    "video/x-raw,format={RGBA,BGRA,ARGB,ABGR,RGBx,BGRx,xRGB,xBGR,RGB,BGR,GRAY8,GRAY16_LE,GBR}"
)


def labelled(caps: Any, *, nvmm: bool) -> Any:
    """The same caps in the one kind of memory."""
    made = Gst.Caps.new_empty()
    for at in range(caps.get_size()):
        feature = NVMM if nvmm else "memory:SystemMemory"
        made.append_structure_full(
            caps.get_structure(at).copy(), Gst.CapsFeatures.from_string(feature)
        )
    return made


def both(caps: Any) -> Any:
    """The same caps in either kind of memory; NVMM first."""
    made = labelled(caps, nvmm=True)
    made.append(labelled(caps, nvmm=False))
    return made


def without_colours(caps: Any) -> Any:
    """Without what the real elements do not say."""
    made = Gst.Caps.new_empty()
    for at in range(caps.get_size()):
        structure = caps.get_structure(at).copy()
        for name in _COLOURS:
            structure.remove_field(name)
        made.append_structure(structure)
    return made


def in_limited_range(caps: Any) -> Any:
    """As a GPU's memory has its pictures: YUV in BT.601's limited range."""
    return without_colours(caps).intersect_full(_LIMITED, Gst.CapsIntersectMode.FIRST)


class Relabel(GstBase.BaseTransform):
    """See the module. `inner` names the side of ordinary memory: ``"sink"`` or ``"src"``.

    Attributes:
        only_nvmm: The other side is never of ordinary memory.
        limited: Ordinary memory on the inner side has limited range, and the outer does not say so.
    """

    __gtype_name__ = "StandIn_Relabel"
    inner = "sink"
    only_nvmm = False
    limited = False

    def __init__(self) -> None:
        super().__init__()
        self.set_passthrough(True)
        float_again(self)

    def do_transform_caps(self, direction: Any, caps: Any, filter_: Any) -> Any:
        from_inner = (direction == Gst.PadDirection.SINK) == (self.inner == "sink")
        if from_inner:
            plain = without_colours(caps) if self.limited else caps
            made = labelled(plain, nvmm=True) if self.only_nvmm else both(plain)
        else:
            made = labelled(caps, nvmm=False)
            made = in_limited_range(made) if self.limited else made
        if filter_ is None:
            return made
        return filter_.intersect_full(made, Gst.CapsIntersectMode.FIRST)


def register_relabel() -> None:
    """Once a process, before any other stand-in."""
    kind: Any = Relabel
    kind.set_metadata("Stand-in for NVIDIA's memory", "Test", "Renames memory", "smartrec")
    for name, direction in (("sink", Gst.PadDirection.SINK), ("src", Gst.PadDirection.SRC)):
        kind.add_pad_template(Gst.PadTemplate.new(name, direction, Gst.PadPresence.ALWAYS, _ANY))
    assert Gst.Element.register(None, "standinrelabel", 0, Relabel)


def relabel(inner: str, *, only_nvmm: bool = False, limited: bool = False) -> Any:
    """One of these elements."""
    made: Any = Gst.ElementFactory.make("standinrelabel", None)
    made.inner, made.only_nvmm, made.limited = inner, only_nvmm, limited
    return made
