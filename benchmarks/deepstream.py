"""What NVIDIA's decoder and converter do on this machine, held against GStreamer's own.

    python -m benchmarks.deepstream [--frames 300]

Needs nvv4l2decoder and nvvideoconvert with a GPU. Prints pictures a second of 1080p MJPEG and
H.264, how far colours are from jpegdec's, whether turned pictures lie as videoflip turns them,
and whether a picture's time comes out as it went in. The graphs are the product's own branches.
"""

import argparse
import io
import statistics
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image

from smartrec.graph.deepstream import branch
from smartrec.graph.plan import direction
from smartrec.graph.platforms import PLATFORMS
from smartrec.media.gst import Gst, GstApp, GstVideo, has_element, launch, running
from smartrec.model import Codec, StreamFormat

Planes = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]

SIZE = (1920, 1080)
RUNS = 3
FIRST_PTS = 123_456_789_987_654_321
FRAME = 33_333_333
DELAYED = 12
DECODERS = (
    "nvv4l2decoder",
    "nvv4l2decoder low-latency-mode=true",
    "nvv4l2decoder disable-dpb=true",
    "jpegdec",
)


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    """Ramps, bars, and smooth colours: what shows a wrong range, matrix or side."""
    across = np.linspace(0, 255, width)[None, :] * np.ones((height, 1))
    down = np.linspace(0, 255, height)[:, None] * np.ones((1, width))
    rgb = np.stack([across, down, np.roll(across, seed * 16, axis=1)], axis=2)
    bars = np.array(
        [[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]
    )
    for number, color in enumerate(bars):
        rgb[: height // 4, number * width // 8 : (number + 1) * width // 8] = color
    return Image.fromarray(rgb.astype(np.uint8))


def jpeg(width: int, height: int, sampling: str, seed: int = 0) -> bytes:
    file = io.BytesIO()
    picture(width, height, seed).save(file, "JPEG", quality=92, subsampling=sampling)
    return file.getvalue()


def stream(
    codec: Codec, size: tuple[int, int], rotate: int = 0, *, flip: bool = False
) -> StreamFormat:
    return StreamFormat(codec, *size, 30, f"image/{codec.value}", b"", rotate, flip)


def through(text: str, units: list[bytes]) -> Iterator[tuple[int, Gst.Sample]]:
    """What comes out of a pipeline from ``source_0`` to ``out``, with its time."""
    pipeline = launch(text)
    source, sink = pipeline.get_by_name("source_0"), pipeline.get_by_name("out")
    assert source is not None
    assert isinstance(sink, GstApp.AppSink)
    source.set_property("leaky-type", 0)
    source.set_property("max-buffers", 0)
    fresh = pipeline.get_by_name("fresh_0")
    if fresh is not None:  # here none shall give way
        fresh.set_property("leaky", 0)
    with running(pipeline):
        for number, unit in enumerate(units):
            buffer = Gst.Buffer.new_wrapped(unit)
            buffer.pts, buffer.duration = FIRST_PTS + number * FRAME, FRAME
            source.emit("push-buffer", buffer)
        source.emit("end-of-stream")
        while (sample := sink.try_pull_sample(10 * Gst.SECOND)) is not None:
            taken = sample.get_buffer()
            assert taken is not None
            yield taken.pts, sample


def delay(decoder: str) -> str:
    """How many pictures a decoder keeps before it gives the first, and whether it gives one each.

    One is pushed, and half a second waited for what it gives, as when few are looked at.
    """
    unit = jpeg(640, 480, "4:2:0")
    pipeline = launch(
        "appsrc name=source format=time is-live=true"
        ' caps="image/jpeg,width=640,height=480,framerate=30/1"'
        f" ! {decoder} ! appsink name=out sync=false"
    )
    source, sink = pipeline.get_by_name("source"), pipeline.get_by_name("out")
    assert source is not None
    assert isinstance(sink, GstApp.AppSink)
    out: list[int] = []
    with running(pipeline):
        for number in range(DELAYED):
            buffer = Gst.Buffer.new_wrapped(unit)
            buffer.pts = FIRST_PTS + number * FRAME
            source.emit("push-buffer", buffer)
            sample = sink.try_pull_sample(Gst.SECOND // 2)
            taken = None if sample is None else sample.get_buffer()
            out.append(-1 if taken is None else round((taken.pts - FIRST_PTS) / FRAME))
    first = next((number for number, got in enumerate(out) if got >= 0), None)
    return f"first after {first} more; out at each push: {out}"


def planes(sample: Gst.Sample) -> Planes:
    """Y, U and V of an NV12 or I420 picture, chroma at its own size."""
    buffer, caps = sample.get_buffer(), sample.get_caps()
    assert buffer is not None
    assert caps is not None
    info = GstVideo.VideoInfo.new_from_caps(caps)
    assert info is not None
    meta = GstVideo.buffer_get_video_meta(buffer)
    offsets = list(meta.offset if meta else info.offset)
    strides = list(meta.stride if meta else info.stride)
    data = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.uint8)
    width, height = info.width, info.height

    def plane(number: int, wide: int, tall: int) -> npt.NDArray[np.float64]:
        rows = np.lib.stride_tricks.as_strided(
            data[offsets[number] :], (tall, wide), (strides[number], 1)
        )
        return rows.astype(np.float64)

    luma = plane(0, width, height)
    if info.finfo.name == "NV12":
        both = plane(1, 2 * (width // 2), height // 2)
        return luma, both[:, 0::2], both[:, 1::2]
    return luma, plane(1, width // 2, height // 2), plane(2, width // 2, height // 2)


def limited(full: Planes) -> Planes:
    """BT.601 of full range in limited range (ITU-R BT.601-7, 2.5.3)."""
    luma, blue, red = full
    return (
        16 + luma * 219 / 255,
        128 + (blue - 128) * 224 / 255,
        128 + (red - 128) * 224 / 255,
    )


def branch_of(shape: StreamFormat, sampling: str) -> str:
    own = branch(0, shape, PLATFORMS["dgpu"], chroma=sampling)
    return f"{own} ! nvvideoconvert ! video/x-raw,format=NV12 ! appsink name=out sync=false"


def soft_of(shape: StreamFormat) -> str:
    turn = direction(shape)
    turned = f"videoflip video-direction={turn} ! " if turn else ""
    return (
        "appsrc name=source_0 format=time is-live=true caps=image/jpeg"
        f" ! jpegdec idct-method=islow ! videoconvert ! video/x-raw,format=I420 ! {turned}"
        "appsink name=out sync=false"
    )


def colours(sampling: str, rotate: int = 0, *, flip: bool = False) -> str:
    shape = stream(Codec.JPEG, (640, 480), rotate, flip=flip)
    unit = [jpeg(640, 480, sampling)]
    ours = [planes(sample) for _, sample in through(branch_of(shape, sampling), unit * 8)]
    theirs = [planes(sample) for _, sample in through(soft_of(shape), unit)]
    if not ours:
        return "nothing came out"
    wanted = limited(theirs[0])
    if ours[-1][0].shape != wanted[0].shape:
        return f"wrong size: {ours[-1][0].shape} for {wanted[0].shape}"
    parts = []
    for name, got, want in zip("YUV", ours[-1], wanted, strict=True):
        far = np.abs(got - want)
        parts.append(f"{name} mean {far.mean():.2f} max {far.max():.0f}")
    return f"{', '.join(parts)}; Y from {ours[-1][0].min():.0f} to {ours[-1][0].max():.0f}"


def rate(name: str, text: str, frames: int) -> None:
    took = []
    for _ in range(RUNS):
        pipeline = launch(text)
        counted: list[int] = []
        sink = pipeline.get_by_name("end")
        assert sink is not None
        sink.connect("handoff", lambda *_args, counted=counted: counted.append(1))
        began = time.perf_counter()
        with running(pipeline) as bus:
            message = bus.timed_pop_filtered(
                120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
            )
            if message is None or message.type == Gst.MessageType.ERROR:
                print(f"{name}: failed {message and message.parse_error()}")
                return
        took.append(len(counted) / (time.perf_counter() - began))
    low, high = min(took), max(took)
    print(f"{name}: {statistics.median(took):.0f} a second ({low:.0f}-{high:.0f}), {frames} each")


def rates(frames: int) -> None:
    end = "fakesink name=end sync=false signal-handoffs=true"
    for sampling in ("4:2:0", "4:2:2"):
        path = f"/tmp/smartrec-{sampling.replace(':', '')}.jpg"
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(jpeg(*SIZE, sampling))
        read = (
            f"multifilesrc location={path} index=0 stop-index=0 loop=true num-buffers={frames}"
            f' caps="image/jpeg,width={SIZE[0]},height={SIZE[1]},framerate=30/1"'
        )
        rate(f"MJPEG {sampling} nvv4l2decoder", f"{read} ! nvv4l2decoder ! {end}", frames)
        rate(f"MJPEG {sampling} jpegdec", f"{read} ! jpegdec ! {end}", frames)
    coded = "/tmp/smartrec.h264"
    made = launch(
        f"videotestsrc num-buffers={frames} pattern=ball ! video/x-raw,format=I420,width={SIZE[0]},"
        f"height={SIZE[1]},framerate=30/1 ! x264enc speed-preset=ultrafast tune=zerolatency"
        f" key-int-max=30 ! video/x-h264,stream-format=byte-stream ! filesink location={coded}"
    )
    with running(made) as bus:
        bus.timed_pop_filtered(120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    read = f"filesrc location={coded} ! h264parse"
    rate("H.264 nvv4l2decoder", f"{read} ! nvv4l2decoder ! {end}", frames)
    soft = next((each for each in ("avdec_h264", "openh264dec") if has_element(each)), None)
    if soft is not None:
        rate(f"H.264 {soft}", f"{read} ! {soft} ! {end}", frames)


def times() -> None:
    shape = stream(Codec.JPEG, (640, 480))
    got = [pts for pts, _ in through(branch_of(shape, "4:2:0"), [jpeg(640, 480, "4:2:0")] * 60)]
    off = [abs(pts - FIRST_PTS - number * FRAME) for number, pts in enumerate(got)]
    print(f"times: {len(got)} of 60 pictures, off by at most {max(off, default=-1)} ns")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--frames", type=int, default=300)
    given = asked.parse_args()
    print(f"GStreamer {Gst.version_string()}")
    for sampling in ("4:2:0", "4:2:2", "4:4:4"):
        print(f"colours {sampling}: {colours(sampling)}")
    for rotate in (0, 90, 180, 270):
        for flip in (False, True):
            print(f"turned {rotate} mirrored {flip}: {colours('4:2:0', rotate, flip=flip)}")
    times()
    for decoder in DECODERS:
        print(f"kept by {decoder}: {delay(decoder)}")
    rates(given.frames)


if __name__ == "__main__":
    main()
