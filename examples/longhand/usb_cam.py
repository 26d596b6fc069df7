"""A USB camera on DeepStream by hand: persons boxed on the screen, R saves a clip from before it.

Every element is made and linked here, with the reason beside it. It is for learning: the recorder
that keeps clips exact and safe is usb_cam.py at the root. Needs DeepStream; press F5 or Run.

    v4l2src - nvv4l2decoder - tee - queue - nvvideoconvert - nvstreammux - nvinfer - nvdsosd - sink
                               |
                               + -- queue - nvvideoconvert - encoder - h264parse - NvDsSR's bin
"""

import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from importlib import import_module, util
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import gi
from usb_smartrec import SmartRecorder

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

# ------------------------------------------------------------------------------------ settings
USB_DEVICE = "/dev/video0"
WIDTH, HEIGHT, FPS = 1280, 720, 30  # an MJPEG mode that the camera has
SR_BACK_SEC = 10  # a clip begins so many seconds before the key R
SR_FRONT_SEC = 10  # and ends so many after it
SMARTREC_DIR = "SmartRecDir"  # where clips go
SCREEN = True  # False: nothing is shown
DEEPSTREAM = Path("/opt/nvidia/deepstream/deepstream")
# A configuration of nvinfer; this one comes with DeepStream, and its class 2 is a person.
PGIE_CONFIG = str(DEEPSTREAM / "samples/configs/deepstream-app/config_infer_primary.txt")
PERSON_CLASS_IDS = [2]
MIN_PERSON_CONF = 0.5
# ------------------------------------------------------------------------------------
NVMM = "video/x-raw(memory:NVMM),format=NV12"  # pictures that stay in NVIDIA's memory
GREEN, CLEAR = (0.2, 0.9, 0.3, 1.0), (0.0, 0.0, 0.0, 0.0)
Gst.init(None)
pipeline = Gst.Pipeline.new("usb-cam")


def make(factory: str, **properties: object) -> Gst.Element:
    """An element; a property that this platform's does not have is left out."""
    element = Gst.ElementFactory.make(factory, None)
    if element is None:
        sys.exit(f"there is no element {factory}: gst-inspect-1.0 {factory} says why")
    # nvv4l2decoder has `mjpeg` on a Jetson only; the new nvstreammux has no width.
    known = {each.name.replace("-", "_") for each in element.list_properties()}
    for name in known & set(properties):
        element.set_property(name, properties[name])
    return element


def caps(text: str) -> Gst.Element:
    """An element that lets only such pictures through, so its neighbours agree on them."""
    return make("capsfilter", caps=Gst.Caps.from_string(text))


def link(*elements: Gst.Element) -> None:
    """One behind the other, in the pipeline."""
    for each in elements:
        if each.get_parent() is None:
            pipeline.add(each)
    for one, following in pairwise(elements):
        if not one.link(following):
            sys.exit(f"{one.get_name()} cannot be linked to {following.get_name()}")


def camera() -> Gst.Element:
    """The camera's JPEGs, decoded by the hardware; the tee that both branches hang from."""
    source, tee = make("v4l2src", device=USB_DEVICE), make("tee")
    # Without these caps v4l2src may choose raw pictures, which USB 2 carries at 10 fps only.
    jpegs = caps(f"image/jpeg,width={WIDTH},height={HEIGHT},framerate={FPS}/1")
    # On a Jetson it must be told that JPEGs come. (Thor cannot decode them: put jpegdec here.)
    decoder = make("nvv4l2decoder", mjpeg=True)
    link(source, jpegs, decoder, tee)
    return tee


def watch(tee: Gst.Element) -> Gst.Element:
    """The branch that looks and shows; gives the element behind which persons are known."""
    # Behind a queue is another thread; this one drops pictures, so a slow model holds up nothing.
    queue = make("queue", leaky=2, max_size_buffers=2)
    # A copy of its own, so that what nvdsosd draws does not get into the clip as well.
    convert, picture = make("nvvideoconvert", disable_passthrough=True), caps(NVMM)
    # nvinfer takes batches only, so even one camera goes through the muxer.
    muxer = make("nvstreammux", batch_size=1, width=WIDTH, height=HEIGHT, live_source=True)
    infer = make("nvinfer", config_file_path=PGIE_CONFIG, unique_id=1, batch_size=1)
    osd = make("nvdsosd")  # draws what stands in the metadata; without any font it crashes
    shown = "nv3dsink" if Path("/etc/nv_tegra_release").exists() else "nveglglessink"
    # sync=False: a live picture is shown when it comes, not when its timestamp says so.
    sink = make(shown if SCREEN else "fakesink", sync=False, qos=False)
    link(tee, queue, convert, picture)
    link(muxer, infer, osd, sink)
    # The muxer's pads are made on request, one a camera; their number is the source id.
    if not picture.link_pads("src", muxer, "sink_0"):
        sys.exit("the muxer takes no camera")
    return infer


def record(tee: Gst.Element, recorder: SmartRecorder) -> None:
    """The branch that encodes all the time, since the seconds before a key must be there."""
    queue = make("queue", max_size_buffers=8)  # drops nothing: holes would be in the clip
    # A keyframe each second: a clip can begin at a keyframe only.
    encoder, pictures = make("nvv4l2h264enc", iframeinterval=FPS, idrinterval=FPS), NVMM
    if encoder.set_state(Gst.State.READY) != Gst.StateChangeReturn.SUCCESS:
        # Orin Nano and data-centre cards have no encoder in hardware; the processor does it.
        encoder.set_state(Gst.State.NULL)
        encoder = make("x264enc", tune=4, speed_preset=1, key_int_max=FPS, bitrate=6000)
        pictures = "video/x-raw,format=I420"  # left to x264enc they may become 4:4:4
    parse = make("h264parse")  # cuts the stream into pictures, and puts its headers into the caps
    link(tee, queue, make("nvvideoconvert"), caps(pictures), encoder, parse, recorder.bin)


def is_person(found: Any) -> bool:
    """Whether an object, of either reader, is worth a box."""
    return found.class_id in PERSON_CLASS_IDS and found.confidence >= MIN_PERSON_CONF


def mark_by_reader(metadata: Any, buffer: Gst.Buffer) -> int:
    """Hide all but persons, which are counted; by smartrec's own reader, where pyds is not."""
    with metadata.batch(buffer) as frames:
        found = [each for frame in frames for each in frame.objects]
        for each in found:
            each.hide()
            if is_person(each):
                each.show(f"person {each.confidence:.0%}", GREEN, 3, 14)
    return sum(map(is_person, found))


def members(node: Any) -> Iterator[Any]:
    """What a list of NVIDIA's holds, as pyds gives it."""
    with suppress(StopIteration):  # how lists end, with some versions
        while node is not None:
            yield node.data
            node = node.next


def mark_by_pyds(pyds: Any, buffer: Gst.Buffer) -> int:
    """The same by NVIDIA's bindings, which can show every field of the metadata."""
    batch = pyds.gst_buffer_get_nvds_batch_meta(hash(buffer))
    frames = map(pyds.NvDsFrameMeta.cast, members(batch.frame_meta_list))
    objects = chain.from_iterable(members(frame.obj_meta_list) for frame in frames)
    found = list(map(pyds.NvDsObjectMeta.cast, objects))
    for each in found:
        person = is_person(each)
        each.rect_params.border_width = 3 if person else 0
        each.rect_params.border_color.set(*(GREEN if person else CLEAR))
        each.text_params.display_text = f"person {each.confidence:.0%}" if person else ""
    return sum(map(is_person, found))


def mark_persons(infer: Gst.Element) -> None:
    """Read what nvinfer found as it passes, ahead of nvdsosd, which draws what is left of it."""
    if util.find_spec("pyds") is not None:
        mark = partial(mark_by_pyds, import_module("pyds"))
    else:
        from smartrec.media.engines.deepstream.metadata import open_metadata

        version = (DEEPSTREAM / "version").read_text().split()[1]
        mark = partial(mark_by_reader, open_metadata(version, DEEPSTREAM / "lib"))
    seen = [0]

    def passed(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        buffer = info.get_buffer()  # on a thread of GStreamer's: be quick
        if buffer is not None and seen != [persons := mark(buffer)]:
            seen[0] = persons
            print(f"persons: {persons}", flush=True)
        return Gst.PadProbeReturn.OK

    infer.srcpads[0].add_probe(Gst.PadProbeType.BUFFER, passed)


class Program:
    """What runs until ESC, or until something fails; keys are the terminal's."""

    def __init__(self) -> None:
        self.loop = GLib.MainLoop()  # NvDsSR needs one, too: it ends its files there
        self.recording = self.leaving = self.failed = False
        tee = camera()  # first: without DeepStream it says which element is missing
        mark_persons(watch(tee))
        self.recorder = SmartRecorder(SMARTREC_DIR, SR_BACK_SEC + 2, self.saved)
        record(tee, self.recorder)

    def run(self) -> bool:
        """Play, and hear keys and errors until `loop` is left; whether something failed."""
        bus = pipeline.get_bus()
        assert bus is not None
        bus.add_signal_watch()
        bus.connect("message::error", self.heard)
        before = termios.tcgetattr(0)
        tty.setcbreak(0)  # keys come one by one, without Enter
        GLib.io_add_watch(GLib.IOChannel.unix_new(0), 0, GLib.IOCondition.IN, self.pressed)
        print("R records, ESC ends; the first start takes minutes: an engine is built", flush=True)
        pipeline.set_state(Gst.State.PLAYING)
        try:
            self.loop.run()
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, before)
            pipeline.set_state(Gst.State.NULL)
            self.recorder.destroy()
        return self.failed

    def pressed(self, *_: object) -> bool:
        """A key."""
        key = os.read(0, 1)
        if key in (b"r", b"R") and self.recorder.start(SR_BACK_SEC, SR_FRONT_SEC):
            self.recording = True
            print("recording", flush=True)
        elif key == b"\x1b":
            self.leaving = True
            self.recorder.stop()  # the file must end first; then `saved` leaves
            GLib.timeout_add(3000 if self.recording else 0, self.loop.quit)
        return True

    def saved(self, path: str, seconds: float) -> None:
        """A clip is whole."""
        self.recording = False
        print(f"saved {path}, {seconds:.1f} s", flush=True)
        if self.leaving:  # not at once: the library has yet to let go of the file
            GLib.timeout_add(500, self.loop.quit)

    def heard(self, _bus: Gst.Bus, message: Gst.Message) -> None:
        """An element gave up."""
        print(*message.parse_error(), sep="\n", file=sys.stderr)
        self.failed = True
        self.loop.quit()


if __name__ == "__main__":
    Path(SMARTREC_DIR).mkdir(parents=True, exist_ok=True)
    sys.exit(Program().run())
