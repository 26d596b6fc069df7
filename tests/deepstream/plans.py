"""Every plan for NVIDIA's machines, by name: all that `smartrec.graph.deepstream` can lay out."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from smartrec.graph.deepstream import (
    Recorder,
    SmartRecord,
    TrackerFiles,
    Trunk,
    rtsp_branch,
    trunk,
    whole,
)
from smartrec.graph.plan import finish_encode
from smartrec.graph.platforms import PLATFORMS, Platform, with_new_mux
from smartrec.graph.recipes import RECIPES, RECORDERS, Recipe, Role
from smartrec.model import Codec, StreamFormat

MACHINES: Final[dict[str, Platform]] = {
    **PLATFORMS,
    **{f"{name}-new-mux": with_new_mux(on) for name, on in PLATFORMS.items()},
}
TRACKER: Final = TrackerFiles("/opt/lib/libnvds_nvmultiobjecttracker.so", "/opt/tracker.yml")


def stream(codec: Codec = Codec.JPEG, rotate: int = 0, flip: bool = False) -> StreamFormat:
    return StreamFormat(codec, 1280, 720, 30.0, "", rotate=rotate, flip=flip)


def shared(cameras: int = 1, *, shown: bool = True, tracked: bool = False) -> Trunk:
    return Trunk(
        cameras,
        (1280, 720),
        "/some where/nvinfer.txt",
        interval=5,
        tracker=TRACKER if tracked else None,
        display=(1920, 1080) if shown else None,
    )


def recorders(on: Platform) -> tuple[Recipe, ...]:
    """Those of `RECORDERS` that can be there: a machine's own, and the processor's."""
    return tuple(row for row in RECORDERS if row.name in (on.encoder, "x264", "openh264"))


def plans(on: Platform) -> Iterator[tuple[str, str]]:
    """A name and the text, of every plan on one machine."""
    for cameras, shown, tracked in product((1, 3), (True, False), (True, False)):
        what = f"{cameras} cameras, shown {shown}, tracked {tracked}"
        yield (
            what,
            str(whole(shared(cameras, shown=shown, tracked=tracked), [stream()] * cameras, on)),
        )
    yield "nothing detected", str(trunk(Trunk(1, (640, 480), None, display=(800, 600)), on))
    records = [None, *(Recorder(row, 23) for row in recorders(on))]
    for codec, chroma, recorder in product(Codec, ("4:2:0", "4:4:4"), records):
        name = recorder.encoder.name if recorder else "ring"
        text = str(whole(shared(), [stream(codec)], on, chroma=chroma, recorder=recorder))
        yield f"{codec.value} {chroma}, recorder {name}", text
    for rotate, flip in product((0, 90, 180, 270), (False, True)):
        turned = [stream(Codec.JPEG, rotate, flip)]
        recorder = Recorder(recorders(on)[0], 23)
        yield f"turned {rotate} {flip}", str(whole(shared(), turned, on, recorder=recorder))
    smart = SmartRecord("/clips", "door", 12)
    for record in (None, smart):
        branch = rtsp_branch(0, "rtsp://user:pass@10.0.0.1/main", stream(Codec.H264), record)
        yield f"rtsp, {record}", f"{trunk(shared(), on)}\n\n{branch} ! mux.sink_0"
    yield "finisher", str(finish_encode(stream(), _row(Role.DECODE_JPEG, "cpu"), _encoder(on), 23))


def _encoder(on: Platform) -> Recipe:
    return _row(Role.ENCODE_H264, on.encoder)


def _row(role: Role, name: str) -> Recipe:
    return next(recipe for recipe in RECIPES if (recipe.role, recipe.name) == (role, name))
