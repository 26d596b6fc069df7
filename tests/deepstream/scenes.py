"""Pipelines that look at the demo's pictures, and what must come of it."""

import re
import shutil
from pathlib import Path
from typing import Any, Final

from smartrec.graph.deepstream import Trunk, whole
from smartrec.graph.platforms import PLATFORMS, Platform
from smartrec.media.demo_scene import HEIGHT, WIDTH, person_box
from smartrec.model import Codec, StreamFormat
from tests.deepstream.driven import Push
from tests.deepstream.machine import deepstream_environment

DGPU: Final = PLATFORMS["dgpu"]
STREAM: Final = StreamFormat(Codec.JPEG, WIDTH, HEIGHT, 30.0, "")
NOBODY, STANDING, ELSEWHERE = 10, 360, 450
"""Pictures of the demo: an empty hall, a person, and her further to the right."""
MODEL: Final = Path(__file__).parents[2] / "src/smartrec/assets/models/nanodet-deepstream.onnx"


def environment(tmp_path: Path, on: Platform = DGPU) -> dict[str, str]:
    return deepstream_environment(tmp_path, on.name, new_mux=on.new_mux)


def configuration(tmp_path: Path, **changes: str | None) -> str:
    """A file for nvinfer; a change to None leaves the key out.

    The model is copied: nvinfer writes its engine beside it.
    """
    if not (tmp_path / "model.onnx").exists():
        shutil.copy(MODEL, tmp_path / "model.onnx")
    (tmp_path / "labels.txt").write_text("person\n")
    keys: dict[str, str | None] = {
        "onnx-file": "model.onnx",
        "labelfile-path": "labels.txt",
        "custom-lib-path": "deepstream/lib/libnvds_infercustomparser.so",
        "parse-bbox-func-name": "NvDsInferParseCustomTfSSD",
        "num-detected-classes": "1",
        "model-color-format": "1",
        "maintain-aspect-ratio": "1",
        "cluster-mode": "4",
        "crop-objects-to-roi-boundary": "1",
    }
    keys.update((key.replace("_", "-"), value) for key, value in changes.items())
    lines = [f"{key}={value}" for key, value in keys.items() if value is not None]
    path = tmp_path / "nvinfer.txt"
    attributes = ["[class-attrs-all]", "pre-cluster-threshold=0.5"]
    path.write_text("\n".join(["[property]", *lines, *attributes]) + "\n")
    return str(path)


def plan(trunk: Trunk, on: Platform = DGPU, stream: StreamFormat = STREAM) -> str:
    return str(whole(trunk, [stream] * trunk.cameras, on))


def one(tmp_path: Path, on: Platform = DGPU) -> str:
    return plan(Trunk(1, (WIDTH, HEIGHT), configuration(tmp_path)), on)


def into_memory(text: str) -> str:
    """The plan with what the screen would show, as RGBA, at an appsink instead."""
    sink = "nvvideoconvert ! video/x-raw,format=RGBA ! appsink name=shown sync=false async=false"
    made, count = re.subn(r"nveglglessink .*", sink, text)
    assert count == 1
    return made


def rounds(pictures: dict[int, str], *numbers: int, cameras: int = 1) -> list[list[Push]]:
    """Each round a picture of every camera, at odd times."""
    return [
        [Push(n, pictures[number], 7_000_000_003 + 40_000_001 * at + n) for n in range(cameras)]
        for at, number in enumerate(numbers)
    ]


def box_of(found: dict[str, Any], size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[float]:
    left, top, width, height = found["box"]
    return [left / size[0], top / size[1], (left + width) / size[0], (top + height) / size[1]]


def assert_on_person(box: list[float], number: int) -> None:
    where = person_box(number)
    assert where is not None
    truth = [where.left, where.top, where.right, where.bottom]
    width = min(box[2], truth[2]) - max(box[0], truth[0])
    height = min(box[3], truth[3]) - max(box[1], truth[1])
    both = max(0.0, width) * max(0.0, height)
    areas = sum((each[2] - each[0]) * (each[3] - each[1]) for each in (box, truth))
    assert both / (areas - both) > 0.6, (box, truth)
