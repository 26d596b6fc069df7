"""Which GStreamer elements do which job on which machine.

A new platform is new rows in `RECIPES`, in order of preference; no other module asks what
machine it runs on.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from string import Formatter
from typing import Final

from smartrec.errors import MissingElement

#: The full-range BT.601 of every JPEG, in GStreamer's words; nothing is converted.
FULL_RANGE: Final = "colorimetry=1:4:0:0"
#: Squeezes full range into the limited range that players assume of a stream without colours, by
#: tables. Not by videoconvert (1.22): between pictures of one matrix it leaves the range as it is,
#: and where the matrices differ its 8-bit arithmetic brightens by 2 of 255.
TO_LIMITED_RANGE: Final = (
    "videobalance contrast=0.858824 brightness=0.053887 saturation=0.878431"
    " ! capssetter caps=video/x-raw,colorimetry=2:4:0:0"
)

#: What JPEGs are (JFIF: BT.601 matrix, full range; sRGB transfer, BT.709 primaries), said in full:
#: Chromium ignores the range of a stream that leaves transfer or primaries open. Only the label
#: changes; asked of videoconvert, it would convert.
DECLARE_ALL: Final = "capssetter caps=video/x-raw,colorimetry=1:4:7:1"

#: NVIDIA's own memory, in caps.
NVMM: Final = "video/x-raw(memory:NVMM)"
#: BT.601 in limited range, in GStreamer's words.
LIMITED_601: Final = "colorimetry=2:4:0:0"
#: BT.709 in limited range.
LIMITED_709: Final = "colorimetry=2:3:0:0"

_AS_RGB: Final = "videoconvert ! video/x-raw,format=BGRx"

_SAMPLE: Final = {"quality": 23, "gop": 60, "bitrate": 96_000}


class Role(str, Enum):
    """A job in a graph."""

    DECODE_JPEG = "decode-jpeg"
    DECODE_H264 = "decode-h264"
    DECODE_H265 = "decode-h265"
    ENCODE_H264 = "encode-h264"
    ENCODE_SOUND = "encode-sound"
    DISPLAY = "display"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to do one job.

    Attributes:
        role: The job.
        name: What a person writes in the settings to pin it.
        launch: The gst-launch fragment; ``{quality}``, ``{gop}`` and ``{bitrate}`` are filled in
            by `fragment`.
        raw: Caps that the fragment's raw side wants, without size; empty where it takes any.
        package: The Debian package that has the elements; empty where a vendor installs them.
        finest: The smallest quantizer it takes; a smaller one is raised to it.
        needs: What the machine must have beside the elements: of a screen, the kind of display
            (``"x11"``, ``"wayland"``, ``"kms"``) and ``"gpu"``.
        priming: Of an encoder of sound: how many samples a decoder gives out before the first that
            was put in.
    """

    role: Role
    name: str
    launch: str
    raw: str = ""
    package: str = ""
    finest: int = 0
    needs: tuple[str, ...] = ()
    priming: int = 0

    def fragment(self, **values: int) -> str:
        """The launch text with every placeholder filled in.

        Raises:
            KeyError: A placeholder has no value.
        """
        if "quality" in values:
            values["quality"] = max(values["quality"], self.finest)
        wanted = {name for _, name, _, _ in Formatter().parse(self.launch) if name}
        return self.launch.format(**{name: values[name] for name in wanted})

    def sample(self) -> str:
        """The launch text with ordinary values: for asking whether it works here."""
        return self.fragment(**_SAMPLE)


# The quantizers count only with the rate control and the presets off, and the presets are not off
# by default. Nor is the profile more than Baseline.
_JETSON_ENCODER: Final = (
    "nvv4l2h264enc ratecontrol-enable=false preset-level=DisablePreset"
    " quant-i-frames={quality} quant-p-frames={quality} num-B-Frames=0"
    " iframeinterval={gop} idrinterval={gop} profile=High maxperf-enable=true"
)
# The same element on CUDA's driver (dGPU, Thor) has other properties; older ones cannot be told
# that there shall be no B-frames, which is the default.
_CUDA_ENCODER: Final = (
    "nvv4l2h264enc control-rate=constantQP constqp={quality}:{quality}:{quality}"
    " iframeinterval={gop} idrinterval={gop} profile=High"
)
# Without vbv-buf-capacity=0, x264enc would hold the stream to its default of 2 Mbit/s.
# ultrafast, because four cameras at once must not fall behind on two cores: it takes half of
# superfast's time, and 1 dB less on the demo scene (still 43 dB) in a smaller file.
_X264: Final = (
    f"{DECLARE_ALL} ! x264enc pass=qual quantizer={{quality}} vbv-buf-capacity=0"
    " speed-preset=ultrafast"
    " bframes=0 rc-lookahead=0 sync-lookahead=0 mb-tree=false threads=1 key-int-max={gop}"
)
_OPENH264: Final = (
    f"{TO_LIMITED_RANGE}"
    " ! openh264enc rate-control=quality qp-min={quality} qp-max={quality} gop-size={gop}"
    " multi-thread=1 scene-change-detection=false"
)
_FULL_I420: Final = f"video/x-raw,format=I420,{FULL_RANGE}"

# All rows but x264 convert to limited range: only x264enc is known to declare full range
# in the stream, and a full-range picture that does not say so plays too dark and too harsh.
RECIPES: Final = (
    # Decoding what a camera sends must survive what a camera sends: by default jpegdec gives up
    # after some broken pictures in a row. It is the only row, on NVIDIA's machines as well: the
    # finisher owes every picture exactly, decodes but the events, and must not fail with a GPU.
    Recipe(
        Role.DECODE_JPEG,
        "cpu",
        "jpegdec idct-method=islow max-errors=-1",
        package="gstreamer1.0-plugins-good",
    ),
    Recipe(Role.DECODE_H264, "libav", "avdec_h264 max-threads=1", package="gstreamer1.0-libav"),
    Recipe(Role.DECODE_H264, "openh264", "openh264dec", package="gstreamer1.0-plugins-bad"),
    Recipe(Role.DECODE_H264, "nvidia", "nvv4l2decoder ! nvvidconv ! video/x-raw"),
    Recipe(Role.DECODE_H264, "v4l2", "v4l2h264dec"),
    Recipe(Role.DECODE_H265, "libav", "avdec_h265 max-threads=1", package="gstreamer1.0-libav"),
    Recipe(Role.DECODE_H265, "libde265", "libde265dec", package="gstreamer1.0-plugins-bad"),
    Recipe(Role.DECODE_H265, "nvidia", "nvv4l2decoder ! nvvidconv ! video/x-raw"),
    Recipe(Role.DECODE_H265, "v4l2", "v4l2h265dec"),
    # nvvidconv, as every JetPack has it: the finisher needs no DeepStream. It ignores colours, and
    # they are right already.
    Recipe(
        Role.ENCODE_H264,
        "jetson",
        f"{TO_LIMITED_RANGE}"
        f" ! nvvidconv ! video/x-raw(memory:NVMM),format=NV12 ! {_JETSON_ENCODER}",
        _FULL_I420,
    ),
    # DeepStream's own, where there is no nvvidconv or no Tegra driver.
    Recipe(
        Role.ENCODE_H264,
        "nvidia",
        f"{TO_LIMITED_RANGE} ! nvvideoconvert ! {NVMM},format=NV12,{LIMITED_601} ! {_CUDA_ENCODER}",
        _FULL_I420,
    ),
    Recipe(
        Role.ENCODE_H264,
        "nvenc",
        f"{TO_LIMITED_RANGE}"
        " ! nvh264enc rc-mode=constqp qp-const-i={quality} qp-const-p={quality} bframes=0"
        " gop-size={gop}",
        f"video/x-raw,format=NV12,{FULL_RANGE}",
        "gstreamer1.0-plugins-bad",
    ),
    Recipe(
        Role.ENCODE_H264,
        "va",
        f"{TO_LIMITED_RANGE}"
        " ! vah264enc rate-control=cqp qpi={quality} qpp={quality} b-frames=0 key-int-max={gop}",
        f"video/x-raw,format=NV12,{FULL_RANGE}",
        "gstreamer1.0-plugins-bad",
    ),
    Recipe(
        Role.ENCODE_H264,
        "vaapi",
        f"{TO_LIMITED_RANGE}"
        " ! vaapih264enc rate-control=cqp init-qp={quality} max-bframes=0 keyframe-period={gop}",
        f"video/x-raw,format=NV12,{FULL_RANGE}",
        "gstreamer1.0-vaapi",
    ),
    Recipe(
        Role.ENCODE_H264,
        "v4l2",
        f"{TO_LIMITED_RANGE}"
        ' ! v4l2h264enc extra-controls="controls,h264_minimum_qp_value={quality},'
        'h264_maximum_qp_value={quality},h264_i_frame_period={gop}"'
        " ! video/x-h264,level=(string)4",
        f"video/x-raw,format=I420,{FULL_RANGE}",
        "gstreamer1.0-plugins-good",
    ),
    Recipe(Role.ENCODE_H264, "x264", _X264, _FULL_I420, "gstreamer1.0-plugins-ugly"),
    Recipe(
        Role.ENCODE_H264,
        "openh264",
        _OPENH264,
        _FULL_I420,
        "gstreamer1.0-plugins-bad",
        finest=16,  # below, OpenH264 2.3 writes nothing and does not say so
    ),
    # AAC, for it is what every player takes in an MP4; Opus is not.
    Recipe(
        Role.ENCODE_SOUND,
        "libav",
        "avenc_aac bitrate={bitrate}",
        package="gstreamer1.0-libav",
        priming=1024,
    ),
    Recipe(
        Role.ENCODE_SOUND,
        "vo",
        "voaacenc bitrate={bitrate}",
        package="gstreamer1.0-plugins-bad",
        priming=1600,
    ),
    # Pictures become RGB here, where their range counts: of the sinks' own conversions glimagesink
    # (1.22) takes every YUV picture for limited range (64 of 255 came out as 57), as Xv must.
    # Drawn by software, GL takes all the cores it gets.
    Recipe(
        Role.DISPLAY,
        "gl",
        f"{_AS_RGB} ! glimagesink",
        package="gstreamer1.0-gl",
        needs=("x11", "gpu"),
    ),
    Recipe(
        Role.DISPLAY,
        "ximage",
        "videoconvert ! ximagesink",
        package="gstreamer1.0-x",
        needs=("x11",),
    ),
    # Only when pinned: the picture of a JPEG camera comes out too harsh, and some drivers have but
    # one port for all cameras.
    Recipe(Role.DISPLAY, "xv", "xvimagesink", package="gstreamer1.0-x", needs=("x11",)),
    Recipe(
        Role.DISPLAY,
        "wayland",
        f"{_AS_RGB} ! waylandsink fullscreen=true",
        package="gstreamer1.0-plugins-bad",
        needs=("wayland",),
    ),
    Recipe(
        Role.DISPLAY,
        "kms",
        f"{_AS_RGB} ! kmssink",
        package="gstreamer1.0-plugins-bad",
        needs=("kms",),
    ),
)

# What encodes every picture while it is decoded, for a recorder that keeps encoded ones
# (`recording.recorder = "nvdssr"`). Pictures come from nvvideoconvert as `raw` says. In NVIDIA's
# memory they become BT.709, for that is what players take a stream for that does not say.
RECORDERS: Final = (
    Recipe(Role.ENCODE_H264, "jetson", _JETSON_ENCODER, f"{NVMM},format=NV12,{LIMITED_709}"),
    Recipe(Role.ENCODE_H264, "nvidia", _CUDA_ENCODER, f"{NVMM},format=NV12,{LIMITED_709}"),
    *(row for row in RECIPES if row.role is Role.ENCODE_H264 and row.name in ("x264", "openh264")),
)


def candidates(
    role: Role,
    *,
    usable: Callable[[str], bool],
    pinned: str | None = None,
    recipes: Iterable[Recipe] = RECIPES,
) -> Iterator[Recipe]:
    """The recipes for `role` that work here, best first.

    Args:
        role: The job to do.
        usable: Says whether every element of a launch fragment exists *and* reaches READY.
        pinned: Name of the only recipe to consider, from the settings.
        recipes: The table to choose from.
    """
    for recipe in recipes:
        if recipe.role is role and pinned in (None, recipe.name) and usable(recipe.sample()):
            yield recipe


def choose(
    role: Role,
    *,
    usable: Callable[[str], bool],
    pinned: str | None = None,
    recipes: Iterable[Recipe] = RECIPES,
) -> Recipe:
    """The first recipe for `role` that works here; arguments as for `candidates`.

    Raises:
        MissingElement: None does, or none has the pinned name.
    """
    table = tuple(recipes)
    for recipe in candidates(role, usable=usable, pinned=pinned, recipes=table):
        return recipe
    raise none_usable(role, pinned, table)


def none_usable(
    role: Role, pinned: str | None, recipes: Iterable[Recipe] = RECIPES
) -> MissingElement:
    """The error that says what could be installed, or which names could be pinned."""
    rows = [recipe for recipe in recipes if recipe.role is role]
    if pinned is not None and pinned not in (names := [recipe.name for recipe in rows]):
        return MissingElement(
            f"There is no recipe {pinned!r} to {role.value}",
            hint=f"Write one of: auto, {', '.join(names)}",
        )
    packages = [
        recipe.package for recipe in rows if recipe.package and pinned in (None, recipe.name)
    ]
    what = f"the recipe {pinned!r}" if pinned else "any recipe"
    return MissingElement(
        f"This machine lacks what {what} to {role.value} needs, or its device does not open",
        hint=f"Run: sudo apt install {packages[-1]}" if packages else "Run: smartrec doctor",
    )
