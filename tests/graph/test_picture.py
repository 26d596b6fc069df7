"""The picture of the pipelines in the guide shows the elements that there are."""

import re
from pathlib import Path

from smartrec.graph.capture import usb_capture
from smartrec.graph.deepstream import TrackerFiles, Trunk, whole
from smartrec.graph.platforms import PLATFORMS
from smartrec.model import Codec, StreamFormat

DOCS = Path(__file__).parents[2] / "docs"
PICTURE = (DOCS / "images/pipeline.svg").read_text("utf-8")
GUIDE = (DOCS / "guide/how-the-pipeline-works.md").read_text("utf-8")


def elements(text: str) -> set[str]:
    """The factories in a launch text: what begins each part, but for caps and named pads."""
    parts = (part.split()[0] for part in re.split(r" ! |\n\n", text) if part.split())
    return {name for name in parts if re.fullmatch(r"[a-z0-9]+", name)}


def test_every_element_of_capture_and_watch_is_drawn_and_explained() -> None:
    stream = StreamFormat(Codec.JPEG, 1280, 720, 30.0, "")
    tracker = TrackerFiles("a.so", "b.yml")
    trunk = Trunk(2, (1280, 720), "nvinfer.txt", tracker=tracker, display=(1920, 1080))
    plan = str(whole(trunk, [stream] * 2, PLATFORMS["jetson-orin"]))
    used = elements(plan) | elements(str(usb_capture("/dev/video0", "image/jpeg")))
    assert {"nvinfer", "nvtracker", "nvmultistreamtiler", "v4l2src"} <= used
    drawn = set(re.findall(r">([a-z0-9]+)</text>", PICTURE))
    assert used <= drawn
    assert all(f"`{name}" in GUIDE for name in used)
