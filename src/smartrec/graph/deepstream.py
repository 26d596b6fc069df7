"""Lays out the watch on NVIDIA DeepStream: a trunk for all cameras, and a branch for each.

    branch   appsrc name=source_0 ! decode ! convert, upright ! queue name=fresh_0 ! mux.sink_0
    trunk    nvstreammux name=mux ! nvinfer name=infer ! … ! nvdsosd name=osd ! sink name=display

Element names that code meets are fixed: ``mux``, ``infer``, ``tracker``, ``tiler``, ``osd`` and
``display``; of camera 0 ``source_0`` (the appsrc), ``fresh_0`` (where its branch meets the trunk)
and, where NvDsSR records, ``encoded_0`` (where its record bin begins).

pts are the station's own and come out again as the frame's ``buf_pts``: nothing here waits for a
clock, and nothing renumbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from smartrec.graph.plan import Graph, direction, even, jpeg_caps, upright
from smartrec.graph.platforms import Platform
from smartrec.graph.recipes import FULL_RANGE, LIMITED_601, NVMM, Recipe
from smartrec.graph.tiles import tiles
from smartrec.model import Codec, StreamFormat

#: Subsampling of the JPEGs that NVIDIA's decoders take; others go through the processor.
HARDWARE_CHROMA: Final = frozenset({"4:2:0", "4:2:2"})

# One frame at 30 a second: so long a batch waits for cameras that have not delivered, so that one
# that is lost or slow holds up the others by no more.
_BATCH_WAITS_US: Final = 33_333
# Whoever detects and whoever shows wants the newest; what is late gives way.
_NEWEST: Final = "leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0"
# async=false: cameras come when they come, and the pipeline is running before the first frame.
# enable-last-sample=false: there are few frames in NVIDIA's memory, and this would keep one.
_AT_ONCE: Final = "sync=false async=false qos=false enable-last-sample=false"
# Two wait for a decoder that is behind, and a newer one replaces the older. max-bytes would count
# as well, and by default one large JPEG is more than that.
_JPEGS: Final = (
    "format=time is-live=true max-buffers={most} max-bytes=0 max-time=0 leaky-type=downstream"
)
_NEWEST_JPEGS: Final = 2
# Where they are recorded too, none shall be missing for a moment in which the machine is busy.
_RECORDED_JPEGS: Final = 60
# Of pictures that build on each other none may be left out: no limit, for who pushes looks at the
# level. Their caps, which carry the decoder's set-up, are set in code.
_CODED: Final = "format=time is-live=true max-buffers=0 max-bytes=0 max-time=0"
_PARSERS: Final = {Codec.H264: "h264parse", Codec.H265: "h265parse"}
# NVIDIA's decoder takes no other form than this.
_AS_DECODED: Final = "stream-format=byte-stream,alignment=au"
# jpegparse is left out before either decoder: GStreamer 1.22's stops everything at one truncated
# JPEG, where a decoder goes on with the next.
_SOFT_JPEG: Final = (
    "jpegdec idct-method=islow max-errors=-1",
    # nvvideoconvert knows full range of I420 but not of 4:2:2, and not every one takes 4:4:4.
    "videoconvert",
    f"video/x-raw,format=I420,{FULL_RANGE}",
)
# Two legs hold decoded frames: the recorder's queue, and a converter each.
_RECORD_WAITS: Final = 4
_EXTRA_SURFACES: Final = _RECORD_WAITS + 2
# Not leaky: a recorder that is behind makes the source drop, for all alike.
_RECORD_QUEUE: Final = f"queue max-size-buffers={_RECORD_WAITS} max-size-bytes=0 max-size-time=0"
_CODED_WAITS: Final = "max-size-time=2000000000 max-size-buffers=0 max-size-bytes=0"
# NvDsSR begins at the next keyframe, so that a clip is late by up to this.
_RECORD_GOP_SECONDS: Final = 0.5
# What nvtracker works on; NVIDIA's own trackers want multiples of 32.
_TRACKER_SIZE: Final = "tracker-width=640 tracker-height=384"

# videoflip's word for a direction -> nvvideoconvert's.
_FLIPS: Final = {
    "90r": "clockwise",
    "180": "rotate-180",
    "90l": "counterclockwise",
    "horiz": "horizontal-flip",
    "vert": "vertical-flip",
    "ul-lr": "upper-left-diagonal",
    "ur-ll": "upper-right-diagonal",
}
_LONGEST_SMART: Final = 299
"""Seconds; smart record takes 0 and 300 or more for its own default, and does not say so."""


@dataclass(frozen=True, slots=True)
class TrackerFiles:
    """What nvtracker loads.

    Attributes:
        library: Path of the low-level library.
        config: Path of its configuration.
    """

    library: str
    config: str


_USUAL: Final = "/opt/nvidia/deepstream/deepstream"
USUAL_TRACKER: Final = TrackerFiles(
    f"{_USUAL}/lib/libnvds_nvmultiobjecttracker.so",
    f"{_USUAL}/samples/configs/deepstream-app/config_tracker_NvDCF_max_perf.yml",
)
"""Where DeepStream puts them."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """What all cameras share.

    Attributes:
        cameras: How many at most.
        size: Width and height of a frame in a batch, pixels. The old multiplexer scales every
            camera to it, whatever its shape, so that boxes stay right as fractions; the new one
            leaves every frame as it is.
        config: Path of nvinfer's configuration; None where nothing is detected.
        interval: Batches that nvinfer leaves out after each that it takes.
        tracker: None where there is none.
        display: Size of the screen, pixels; None where nothing is shown.
        sink: Launch fragment that ends in the sink; None for the platform's own.
        marked: Whether nvdsosd draws; it ends the process where no font is installed.
    """

    cameras: int
    size: tuple[int, int]
    config: str | None
    interval: int = 0
    tracker: TrackerFiles | None = None
    display: tuple[int, int] | None = None
    sink: str | None = None
    marked: bool = True


@dataclass(frozen=True, slots=True)
class Recorder:
    """How a branch encodes for NvDsSR.

    Attributes:
        encoder: One of `recipes.RECORDERS`; not used for cameras that encode themselves.
        quality: Constant quantizer, 0 (lossless) to 51 (worst).
    """

    encoder: Recipe
    quality: int


@dataclass(frozen=True, slots=True)
class SmartRecord:
    """How nvurisrcbin records by itself.

    Attributes:
        directory: Where its files go.
        prefix: Of their names; one a camera.
        cache_s: How far back it can reach, seconds.
        longest_s: A recording that nobody stops ends after so many seconds, 1 to 299.
    """

    directory: str
    prefix: str
    cache_s: int
    longest_s: int = _LONGEST_SMART


NO_NETWORK: Final[Mapping[int, tuple[str, SmartRecord]]] = MappingProxyType({})


def trunk(shared: Trunk, on: Platform) -> Graph:
    """The part that is made once; a branch ends in the pad ``sink_N`` of ``mux``."""
    return Graph((tuple(_trunk(shared, on)),))


def branch(
    index: int,
    stream: StreamFormat,
    on: Platform,
    *,
    chroma: str = "4:2:0",
    recorder: Recorder | None = None,
) -> str:
    """One camera's part: text for a bin whose loose ends are ``fresh_N`` and ``encoded_N``.

    Args:
        index: The camera's pad of ``mux``, from 0.
        stream: What its units are.
        on: The machine.
        chroma: Subsampling of its JPEGs, as `HARDWARE_CHROMA` writes it.
        recorder: None where NvDsSR does not record, and there is no ``encoded_N``.
    """
    chains = _branch(index, stream, on, chroma=chroma, recorder=recorder)
    return "  ".join(" ! ".join(chain) for chain in chains)


def whole(
    shared: Trunk,
    streams: Sequence[StreamFormat],
    on: Platform,
    *,
    chroma: str = "4:2:0",
    recorder: Recorder | None = None,
    network: Mapping[int, tuple[str, SmartRecord]] = NO_NETWORK,
) -> Graph:
    """The trunk with all its branches, to be read and tried; a fakesink stands for each recorder.

    Args:
        shared: The trunk's part.
        streams: Each camera's units.
        on: The machine.
        chroma: As for `branch`.
        recorder: As for `branch`.
        network: Of cameras that are an `rtsp_branch`: address as people may see it, and how it
            records.
    """
    chains: list[tuple[str, ...]] = [tuple(_trunk(shared, on))]
    for index, stream in enumerate(streams):
        if index in network:
            address, smart = network[index]
            chains.append((*_network(index, address, stream, smart), f"mux.sink_{index}"))
            continue
        watch, *record = _branch(index, stream, on, chroma=chroma, recorder=recorder)
        chains.append((*watch, f"mux.sink_{index}"))
        chains += [(*leg, f"fakesink name=record_{index}") for leg in record]
    return Graph(tuple(chains))


def rtsp_branch(index: int, uri: str, stream: StreamFormat, record: SmartRecord | None) -> str:
    """A camera on the network, as `branch`; with `record`, DeepStream's own recorder is inside.

    It is called by the actions ``start-sr`` and ``stop-sr`` of ``source_N`` and answers by the
    signal ``sr-done``.

    Args:
        index: The camera's pad of ``mux``, from 0.
        uri: Where it is, with ``rtsp://``.
        stream: Size and direction of its pictures.
        record: None where it does not record.
    """
    return " ! ".join(_network(index, uri, stream, record))


def _network(
    index: int, uri: str, stream: StreamFormat, record: SmartRecord | None
) -> tuple[str, ...]:
    # After 10 s without data it connects again, and for ever: that is the default once it is on.
    source = f"nvurisrcbin name=source_{index} uri={quoted(uri)} type=rtsp"
    source += " rtsp-reconnect-interval=10"
    if record is not None:
        # Matroska can be read after a crash, MP4 cannot; "multi" is cloud and local triggers, the
        # only way to have local ones. A camera's sound is none of ours.
        source += (
            " smart-record=smart-rec-multi smart-rec-container=smart-rec-mkv"
            f" smart-rec-mode=smart-rec-mode-video smart-rec-cache={record.cache_s}"
            f" smart-rec-default-duration={max(1, min(record.longest_s, _LONGEST_SMART))}"
            f" smart-rec-dir-path={quoted(record.directory)}"
            f" smart-rec-file-prefix={quoted(record.prefix)}"
        )
    return source, *_to_batch(index, stream)


def quoted(text: str) -> str:
    """A value as gst-launch reads it back, whatever is in it."""
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _trunk(shared: Trunk, on: Platform) -> list[str]:
    elements = [_mux(shared, on)]
    if shared.config is not None:
        elements += _detection(shared, shared.config)
    if shared.display is None:
        return [*elements, f"fakesink name=display {_AT_ONCE}"]
    rows, columns, place = tiles(shared.cameras, shared.size, shared.display)
    if shared.cameras > 1:
        elements.append(
            f"nvmultistreamtiler name=tiler rows={rows} columns={columns}"
            f" width={place.width} height={place.height}"
        )
    if shared.marked:
        # Drawn by the GPU: by the processor it would need RGBA.
        elements.append("nvdsosd name=osd process-mode=MODE_GPU")
    if shared.sink is not None:
        return [*elements, *f"{shared.sink} name=display {_AT_ONCE}".split(" ! ")]
    return [
        *elements,
        f"{on.sink} name=display window-x={place.x} window-y={place.y}"
        f" window-width={place.width} window-height={place.height} {_AT_ONCE}",
    ]


def _mux(shared: Trunk, on: Platform) -> str:
    wanted = {
        "width": str(shared.size[0]),
        "height": str(shared.size[1]),
        # It must not wait for frames to be due, nor for a full batch.
        "live-source": "true",
    }
    # A camera's branch is made anew now and then, and the last one's end is not everybody's.
    known = [f"{name}={value}" for name, value in wanted.items() if on.has("nvstreammux", name)]
    text = f"nvstreammux name=mux batch-size={shared.cameras}"
    always = f"batched-push-timeout={_BATCH_WAITS_US} drop-pipeline-eos=true"
    return " ".join([text, always, *known])


def _detection(shared: Trunk, config: str) -> list[str]:
    # Without an id of its own nvinfer does not start where its file gives none.
    infer = (
        f"nvinfer name=infer unique-id=1 config-file-path={quoted(config)}"
        f" batch-size={shared.cameras}"
    )
    if shared.interval:
        infer += f" interval={shared.interval}"
    elements = [infer]
    if shared.tracker is not None:
        # Names and numbers on the screen are ours.
        elements.append(
            f"nvtracker name=tracker ll-lib-file={quoted(shared.tracker.library)}"
            f" ll-config-file={quoted(shared.tracker.config)}"
            f" {_TRACKER_SIZE} display-tracking-id=false"
        )
    if shared.display is not None:
        # A slow screen must not hold up the detector.
        elements.append(f"queue {_NEWEST}")
    return elements


def _branch(
    index: int,
    stream: StreamFormat,
    on: Platform,
    *,
    chroma: str,
    recorder: Recorder | None,
) -> list[tuple[str, ...]]:
    """The way to ``mux`` and, with a recorder, the way to its record bin."""
    to_batch = _to_batch(index, stream)
    if stream.codec is Codec.JPEG:
        waiting = _JPEGS.format(most=_RECORDED_JPEGS if recorder else _NEWEST_JPEGS)
        source = f"appsrc name=source_{index} {waiting} caps={quoted(jpeg_caps(stream))}"
        head: tuple[str, ...] = (source, *_jpeg_decoder(on, chroma, shared=recorder is not None))
        tail: tuple[str, ...] = ()
        leg = _encode(index, stream, recorder) if recorder else ()
    else:
        parser = _PARSERS[stream.codec]
        as_decoded = f"video/x-{stream.codec.value},{_AS_DECODED}"
        head = (f"appsrc name=source_{index} {_CODED}", parser, as_decoded)
        tail = ("nvv4l2decoder",)
        leg = (f"queue name=encoded_{index} {_CODED_WAITS}",)
    if recorder is None:
        return [(*head, *tail, *to_batch)]
    split = f"tee name=tee_{index}"
    return [(*head, split, *tail, *to_batch), (f"tee_{index}.", *leg)]


def _jpeg_decoder(on: Platform, chroma: str, *, shared: bool) -> tuple[str, ...]:
    if not on.decodes_jpeg or chroma not in HARDWARE_CHROMA:
        return _SOFT_JPEG
    # Otherwise it keeps each picture until the next has come (seen on an H200), and where few are
    # sent, because few are looked at, that is a long time.
    decoder = "nvv4l2decoder disable-dpb=true"
    if on.has("nvv4l2decoder", "mjpeg"):
        decoder += " mjpeg=true"
    if shared:
        decoder += f" num-extra-surfaces={_EXTRA_SURFACES}"
    return (decoder,)


def _to_batch(index: int, stream: StreamFormat) -> tuple[str, ...]:
    """Decoded pictures to ``fresh_N``: upright, in NVIDIA's memory, each on its own.

    disable-passthrough, because nvdsosd draws on what it is given: without a copy that is the
    decoder's own frame, on which later ones build and which the recorder encodes.

    All cameras come as BT.601 in limited range. A JPEG is full range; left to itself nvvideoconvert
    takes NV12 without colours for limited BT.601 or, above 576 lines, BT.709, and nveglglessink
    draws every YUV picture as limited BT.601. nvvideoconvert converts from what the decoder has
    written on the frame to what these caps say.
    """
    width, height = upright(stream)
    caps = f"{NVMM},format=NV12,{LIMITED_601},width={even(width)},height={even(height)}"
    return (
        f"{_convert(stream)} disable-passthrough=true",
        caps,
        f"queue name=fresh_{index} {_NEWEST}",
    )


def _encode(index: int, stream: StreamFormat, recorder: Recorder) -> tuple[str, ...]:
    """Decoded pictures to ``encoded_N``. A frame that nobody draws on need not be copied."""
    width, height = upright(stream)
    gop = max(1, round((stream.fps or 30) * _RECORD_GOP_SECONDS))
    return (
        _RECORD_QUEUE,
        _convert(stream),
        f"{recorder.encoder.raw},width={even(width)},height={even(height)}",
        recorder.encoder.fragment(quality=recorder.quality, gop=gop),
        f"h264parse name=encoded_{index}",
    )


def _convert(stream: StreamFormat) -> str:
    """Not by nvvidconv: that one ignores colours, and no graphics card has it."""
    turn = direction(stream)
    return f"nvvideoconvert flip-method={_FLIPS[turn]}" if turn else "nvvideoconvert"
