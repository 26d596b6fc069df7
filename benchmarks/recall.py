"""Persons found and false boxes, and how long a picture takes, for any number of models.

    .venv/bin/python -m benchmarks.recall [MODEL ...] [--video vtest.avi] [--threads 1]

MODEL is what ``detector.model`` takes; without one it is the embedded model alone. The f16 form it
was made from is what tools/make_nanodet.py writes; a YOLOX or other model is a path too. Pictures:

- ``vtest.avi``, 768x576, of Debian's package opencv-doc (``sudo apt install opencv-doc``; research
  terms, not shipped). Nothing says where its persons are, so 12 frames were marked by hand: boxes
  were proposed by NanoDet-G at low threshold on nine overlapping quarters of each frame, and each
  was kept, mended, dropped or added by looking. Persons of whom less than half shows are neither
  right nor wrong. Every tenth frame is looked at as well, to count boxes only.
- the demo camera, whose persons are known to the pixel: 60 frames with, 9 without.

A box counts from the model's own threshold, and as right from an overlap (IoU) of 0.4. All models
see a picture before the next one comes, so that what else the machine does meets all of them.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartrec.errors import SmartrecError
from smartrec.media.demo_scene import Scene, person_box, picture_of
from smartrec.media.engines.onnx import Engine, open_engine
from smartrec.media.gst import Gst, GstApp, launch, raise_first_error, running
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import Box

VTEST = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
WIDTH, HEIGHT = 768, 576
EVERY = 10
OVERLAP = 0.4

# left, top, right, bottom in pixels
Corners = tuple[int, int, int, int]
# fmt: off
MARKED: dict[int, list[Corners]] = {
    30: [(378, 179, 409, 263), (402, 205, 435, 295), (627, 252, 667, 353), (666, 252, 699, 346)],
    96: [(379, 178, 413, 256), (480, 151, 509, 225), (506, 155, 530, 226), (582, 159, 608, 240),
        (325, 195, 350, 270), (234, 59, 247, 94)],
    162: [(438, 209, 469, 296), (337, 173, 372, 244), (484, 203, 510, 287), (494, 225, 517, 307),
        (30, 97, 49, 140), (660, 102, 676, 158), (664, 112, 690, 184), (686, 108, 704, 159)],
    228: [(514, 278, 559, 388), (306, 162, 347, 241), (650, 110, 673, 170), (671, 120, 692, 173),
        (52, 180, 80, 247), (689, 219, 717, 304), (744, 292, 768, 406)],
    294: [(273, 163, 303, 242), (340, 213, 368, 300), (165, 154, 189, 230), (586, 153, 613, 226),
        (615, 157, 640, 225)],
    360: [(369, 176, 403, 247), (699, 236, 738, 336), (528, 196, 567, 285), (442, 178, 470, 251),
        (733, 239, 760, 330), (435, 240, 465, 337)],
    426: [(528, 151, 559, 217), (299, 203, 319, 292), (708, 278, 756, 380)],
    492: [(351, 191, 377, 269), (616, 266, 650, 358), (524, 260, 559, 364), (567, 249, 604, 360)],
    558: [(89, 168, 116, 235), (583, 159, 615, 233), (641, 305, 672, 410), (387, 159, 416, 237),
        (169, 353, 212, 491), (200, 389, 264, 529)],
    624: [(440, 170, 471, 250), (89, 176, 122, 242), (365, 412, 418, 567), (116, 140, 135, 207),
        (590, 280, 630, 389), (591, 245, 632, 324)],
    690: [(154, 163, 180, 233), (525, 160, 552, 229), (350, 225, 385, 318), (328, 163, 359, 246),
        (448, 152, 475, 224), (118, 306, 164, 428), (751, 224, 768, 318), (437, 141, 456, 200)],
    756: [(478, 177, 507, 247), (654, 210, 689, 310), (334, 180, 372, 255), (234, 226, 273, 314),
        (431, 224, 469, 310), (677, 119, 700, 178), (215, 197, 240, 272), (736, 53, 761, 99)],
}
"""Persons of whom at least half shows, by frame from 0."""
HIDDEN: dict[int, list[Corners]] = {
    30: [(386, 178, 409, 258)],
    96: [(414, 188, 438, 261)],
    294: [(278, 160, 299, 235)],
    690: [(738, 38, 764, 60)],
}
"""Persons of whom less than half shows."""
# fmt: on

Picture = NDArray[np.uint8]


@dataclass
class Looked:
    """One picture, and what is known of it; None for both where nobody marked it."""

    picture: Picture
    persons: list[Box] | None
    hidden: list[Box]


@dataclass
class Tally:
    """What one model did with one set of pictures."""

    found: int = 0
    persons: int = 0
    false: int = 0
    boxes: int = 0
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)


def in_fractions(corners: list[Corners]) -> list[Box]:
    return [Box(c[0] / WIDTH, c[1] / HEIGHT, c[2] / WIDTH, c[3] / HEIGHT) for c in corners]


def overlap(one: Box, two: Box) -> float:
    width = min(one.right, two.right) - max(one.left, two.left)
    height = min(one.bottom, two.bottom) - max(one.top, two.top)
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one, two)]
    return width * height / (sum(areas) - width * height)


def video(path: Path) -> Iterator[Looked]:
    """Every tenth frame, and those that are marked."""
    pipeline = launch(
        "filesrc name=file ! decodebin ! videoconvert ! video/x-raw,format=RGB ! "
        "appsink name=sink sync=false max-buffers=4"
    )
    file, sink = pipeline.get_by_name("file"), pipeline.get_by_name("sink")
    assert file is not None
    assert isinstance(sink, GstApp.AppSink)
    file.set_property("location", str(path))
    with running(pipeline) as bus:
        number = -1
        while (sample := sink.try_pull_sample(10 * Gst.SECOND)) is not None:
            number += 1
            if number % EVERY and number not in MARKED:
                continue
            buffer = sample.get_buffer()
            assert buffer is not None
            data = buffer.extract_dup(0, buffer.get_size())
            picture = np.frombuffer(data, np.uint8).reshape(HEIGHT, WIDTH, 3)
            persons = in_fractions(MARKED[number]) if number in MARKED else None
            yield Looked(picture, persons, in_fractions(HIDDEN.get(number, [])))
        if not sink.is_eos():
            raise_first_error(bus)


def demo() -> Iterator[Looked]:
    """Frames of the demo camera: nobody, walking in, standing, walking out, nobody."""
    scene = Scene()
    for number in (*range(0, 240, 40), *range(240, 480, 4), *range(480, 600, 40)):
        person = person_box(number)
        yield Looked(scene.draw(picture_of(number)), [person] if person else [], [])


def look(engine: Engine, looked: Looked, tally: Tally) -> None:
    """Let one engine look at one picture."""
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    detections = engine.detect(looked.picture)
    tally.cpu_ms.append((time.process_time_ns() - cpu) / 1e6)
    tally.wall_ms.append((time.perf_counter_ns() - wall) / 1e6)
    boxes = [each.box for each in detections if each.score >= engine.min_confidence]
    tally.boxes += len(boxes)
    if looked.persons is None:
        return
    left = list(looked.persons)
    for box in boxes:  # the surest first
        best = max(left, key=lambda person: overlap(box, person), default=None)
        if best is not None and overlap(box, best) >= OVERLAP:
            left.remove(best)
        elif not any(overlap(box, hidden) >= OVERLAP for hidden in looked.hidden):
            tally.false += 1
    tally.persons += len(looked.persons)
    tally.found += len(looked.persons) - len(left)


def compare(engines: list[Engine], what: str, pictures: list[Looked]) -> None:
    """Show a set of pictures to all engines and print what came of it."""
    tallies = [Tally() for _ in engines]
    shown = marked = 0
    for looked in pictures:
        shown += 1
        marked += looked.persons is not None
        for engine, tally in zip(engines, tallies, strict=True):
            look(engine, looked, tally)
    print(f"{what}: {shown} pictures, {marked} of them marked")
    for engine, tally in zip(engines, tallies, strict=True):
        wall, cpu = statistics.median(tally.wall_ms), statistics.median(tally.cpu_ms)
        print(
            f"  {engine.name} ({engine.family}, from {engine.min_confidence}): "
            f"found {tally.found} of {tally.persons}, false {tally.false}; "
            f"{tally.boxes} boxes in all; {wall:.1f} ms a picture, {cpu:.1f} ms of CPU"
        )


def opened(model: str, threads: int) -> Engine:
    try:
        return open_engine(DetectorSetup(model=model, threads=threads))
    except SmartrecError as error:
        sys.exit(f"{error}. {error.hint or ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["nanodet"], metavar="MODEL")
    parser.add_argument("--video", type=Path, default=VTEST, help="where vtest.avi is")
    parser.add_argument("--threads", type=int, default=1, help="for one inference")
    arguments = parser.parse_args()
    engines = [opened(model, arguments.threads) for model in arguments.models]
    if arguments.video.exists():
        # All read first: decoding has threads whose time would be counted.
        compare(engines, arguments.video.name, list(video(arguments.video)))
    else:
        print(f"{arguments.video} is not there: sudo apt install opencv-doc, or name it by --video")
    compare(engines, "demo camera", list(demo()))


if __name__ == "__main__":
    main()
