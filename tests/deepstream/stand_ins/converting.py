"""nvv4l2decoder, nvvideoconvert, nvv4l2h264enc, nvegltransform: GStreamer's own, made to look."""

import itertools
import os
import re
from typing import Any, Final

from tests.deepstream.stand_ins.gst import Gst, GstBase
from tests.deepstream.stand_ins.making import Element, fail, pad_template
from tests.deepstream.stand_ins.memory import RGB, relabel

PLATFORM: Final = "STAND_IN_PLATFORM"
_DECODERS: Final = {
    "image/jpeg": "jpegdec",
    "video/x-h264": "avdec_h264",
    "video/x-h265": "avdec_h265",
}
_FLIPS: Final = {0: 0, 1: 3, 2: 2, 3: 1, 4: 4, 5: 7, 6: 5, 7: 6}
"""GstNvDsVideoFlipMethod to GstVideoFlipMethod."""
_SQUEEZED: Final = {"contrast": 219 / 255, "brightness": 0.053887, "saturation": 224 / 255}
"""Full range to limited, which videoconvert does not do between pictures of one matrix."""
_AS_IT_IS: Final = {"contrast": 1.0, "brightness": 0.0, "saturation": 1.0}


class Bin(Element, Gst.Bin):
    """Elements in a row behind ghost pads of the real element's templates."""

    __gtype_name__ = "StandIn_Bin"

    def __init__(self) -> None:
        Gst.Bin.__init__(self)
        for pad in self.facts.pads:
            ghost = Gst.GhostPad.new_no_target_from_template(pad.name, pad_template(pad))
            self.add_pad(ghost)
        self.prepare()

    def do_handle_message(self, message: Any) -> None:
        """What goes wrong within goes wrong in the real element itself."""
        if message.type == Gst.MessageType.ERROR and message.src != self:
            error, debug = message.parse_error()
            message = Gst.Message.new_error(self, error, debug or "")
        Gst.Bin.do_handle_message(self, message)

    @property
    def sink(self) -> Any:
        """Its pad that takes."""
        return self.get_static_pad("sink")

    def chain(self, *elements: Any) -> None:
        """Link them and put them to work between the ghost pads that there are."""
        for each in elements:
            self.add(each)
        for one, next_ in itertools.pairwise(elements):
            assert one.link(next_), (one, next_)
        for name, end in (("sink", elements[0]), ("src", elements[-1])):
            ghost: Any = self.get_static_pad(name)
            if ghost is not None:
                ghost.set_target(end.get_static_pad(name))
        for each in reversed(elements):
            each.sync_state_with_parent()


def made(factory: str, **properties: Any) -> Any:
    """An element of GStreamer's own."""
    element = Gst.ElementFactory.make(factory, None)
    assert element is not None, f"{factory} is not installed"
    for name, value in properties.items():
        element.set_property(name.replace("_", "-"), value)
    return element


class Decoder(Bin):
    """nvv4l2decoder: which decoder it is shows when the caps come.

    On a Jetson MJPEG needs `mjpeg`, and Thor has no decoder for it.
    """

    __gtype_name__ = "StandIn_Decoder"

    def __init__(self) -> None:
        super().__init__()
        self._begun = False
        self.sink.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._look)

    def _look(self, _pad: Any, info: Any) -> Any:
        event = info.get_event()
        if event.type == Gst.EventType.CAPS and not self._begun:
            caps = event.parse_caps()
            if not self._begin(caps.get_structure(0).get_name()):
                return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.OK

    def _begin(self, media: str) -> bool:
        if not self._can(media):
            fail(self, Gst.StreamError.CODEC_NOT_FOUND, f"no hardware decoder takes {media}")
            return False
        self._begun = True
        formats = "I420" if media == "image/jpeg" else "NV12"
        if media == "image/jpeg":
            self.sink.add_probe(Gst.PadProbeType.BUFFER, self._reject_444)
        self.chain(
            made(_DECODERS[media]),
            made("videoconvert", n_threads=1),
            made("capsfilter", caps=Gst.Caps.from_string(f"video/x-raw,format={formats}")),
            relabel("sink", only_nvmm=True),
        )
        return True

    def _can(self, media: str) -> bool:
        if media not in _DECODERS:
            return False
        platform = os.environ.get(PLATFORM, "dgpu")
        if media != "image/jpeg" or platform == "dgpu":
            return True
        return platform != "jetson-thor" and bool(self.value("mjpeg"))

    def _reject_444(self, _pad: Any, info: Any) -> Any:
        data = info.get_buffer().extract_dup(0, 4096)
        frame = re.search(rb"\xff[\xc0-\xc2]..\x08....\x03.(.)", data, re.DOTALL)
        if frame is not None and frame[1] == b"\x11":
            fail(self, Gst.StreamError.DECODE, "4:4:4 cannot be decoded")
            return Gst.PadProbeReturn.DROP
        return Gst.PadProbeReturn.REMOVE


class Converter(Bin):
    """nvvideoconvert: size, format, memory and direction.

    Full range becomes limited, and the caps do not say so by themselves. It takes single pictures,
    no batches, and does not crop.
    """

    __gtype_name__ = "StandIn_Converter"

    def __init__(self) -> None:
        super().__init__()
        self._flip, self._balance = made("videoflip"), made("videobalance")
        self._first, self._last = relabel("src"), relabel("sink", limited=True)
        self.chain(
            self._first,
            self._flip,
            made("videoscale", n_threads=1),
            self._balance,
            made("videoconvert", n_threads=1),
            self._last,
        )
        self._last.get_static_pad("sink").add_probe(
            Gst.PadProbeType.EVENT_DOWNSTREAM, self._settle_range
        )

    def _settle_range(self, _pad: Any, info: Any) -> Any:
        event = info.get_event()
        if event.type == Gst.EventType.CAPS:
            given = self._first.get_static_pad("src").get_current_caps().get_structure(0)
            asked = event.parse_caps().get_structure(0)
            full = (given.get_string("colorimetry") or "").startswith("1:")
            yuv = not any(name in asked.get_string("format") for name in RGB)
            squeezed = _SQUEEZED if full and yuv else _AS_IT_IS
            for name, value in squeezed.items():
                self._balance.set_property(name, value)
        return Gst.PadProbeReturn.OK

    def changed(self, name: str) -> None:
        if name == "flip-method":
            self._flip.set_property("method", _FLIPS[self.value(name)])
        elif name in ("src-crop", "dest-crop"):
            fail(self, Gst.CoreError.NOT_IMPLEMENTED, "the stand-in does not crop")


class H264Encoder(Bin):
    """nvv4l2h264enc."""

    __gtype_name__ = "StandIn_H264Encoder"

    def __init__(self) -> None:
        super().__init__()
        self._encoder = made("x264enc", tune=4, speed_preset=1)
        self.chain(
            relabel("src"),
            made("videoconvert", n_threads=1),
            made("capsfilter", caps=Gst.Caps.from_string("video/x-raw,format=I420")),
            self._encoder,
            made("capsfilter", caps=Gst.Caps.from_string("video/x-h264,stream-format=byte-stream")),
        )

    def changed(self, name: str) -> None:
        if name == "bitrate":
            self._encoder.set_property("bitrate", max(1, self.value(name) // 1000))
        elif name in ("iframeinterval", "idrinterval"):
            self._encoder.set_property("key-int-max", self.value(name))


class NoH264Encoder(H264Encoder):
    """As on an Orin Nano: the element is there, and the hardware is not."""

    __gtype_name__ = "StandIn_NoH264Encoder"

    def do_change_state(self, transition: Any) -> Any:
        if transition == Gst.StateChange.NULL_TO_READY:
            fail(self, Gst.ResourceError.NOT_FOUND, "there is no encoder")
            return Gst.StateChangeReturn.FAILURE
        return H264Encoder.do_change_state(self, transition)


class Through(Element, GstBase.BaseTransform):
    """An element that works on batches in place."""

    __gtype_name__ = "StandIn_Through"

    def __init__(self) -> None:
        GstBase.BaseTransform.__init__(self)
        self.set_in_place(True)
        self.prepare()

    def do_transform_ip(self, buffer: Any) -> Any:
        return Gst.FlowReturn.OK
