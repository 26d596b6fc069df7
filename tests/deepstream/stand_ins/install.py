"""Registers the stand-ins of one kind of machine in this process."""

import os
from typing import Any, Final

from tests.deepstream.stand_ins.converting import (
    Converter,
    Decoder,
    H264Encoder,
    NoH264Encoder,
)
from tests.deepstream.stand_ins.facts import read
from tests.deepstream.stand_ins.inferring import Infer
from tests.deepstream.stand_ins.making import register
from tests.deepstream.stand_ins.memory import register_relabel
from tests.deepstream.stand_ins.muxing import Mux
from tests.deepstream.stand_ins.screens import Screen
from tests.deepstream.stand_ins.showing import Osd, Tiler, Tracker

PLATFORMS: Final = ("jetson-orin", "jetson-orin-nano", "jetson-thor", "dgpu")
NEW_MUX: Final = "USE_NEW_NVSTREAMMUX"
"""Environment variable of the real one's: ``"yes"`` takes the new multiplexer."""


def install(platform: str) -> None:
    """Once a process.

    Args:
        platform: One of `PLATFORMS`.
    """
    assert platform in PLATFORMS, platform
    register_relabel()
    for base, file in _elements(platform):
        register(base, read(file))


def _elements(platform: str) -> list[tuple[Any, str]]:
    """Classes, and which data are theirs; Thor has Jetson's screen, and a card's codecs."""
    jetson = platform != "dgpu"
    codecs = "tegra" if platform.startswith("jetson-orin") else "cuda"
    encoder = NoH264Encoder if platform == "jetson-orin-nano" else H264Encoder
    return [
        (Decoder, f"nvv4l2decoder-{codecs}"),
        (Converter, "nvvideoconvert-jetson" if jetson else "nvvideoconvert-dgpu"),
        (Mux, "nvstreammux-new" if os.environ.get(NEW_MUX) == "yes" else "nvstreammux"),
        (Infer, "nvinfer"),
        (Tracker, "nvtracker"),
        (Tiler, "nvmultistreamtiler"),
        (Osd, "nvdsosd"),
        (Screen, "nv3dsink" if jetson else "nveglglessink"),
        (
            encoder,
            f"nvv4l2h264enc-{codecs}",
        ),
    ]
