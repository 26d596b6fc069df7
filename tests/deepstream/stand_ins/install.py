"""Registers the stand-ins of one kind of machine in this process."""

import os
from typing import Any, Final

from smartrec.graph.platforms import PLATFORMS, with_new_mux
from tests.deepstream.facts import facts
from tests.deepstream.stand_ins.converting import (
    PLATFORM,
    Converter,
    Decoder,
    H264Encoder,
    NoH264Encoder,
)
from tests.deepstream.stand_ins.inferring import Infer
from tests.deepstream.stand_ins.making import register
from tests.deepstream.stand_ins.memory import register_relabel
from tests.deepstream.stand_ins.muxing import Mux
from tests.deepstream.stand_ins.screens import Screen
from tests.deepstream.stand_ins.showing import Osd, Tiler, Tracker

NEW_MUX: Final = "USE_NEW_NVSTREAMMUX"
"""Environment variable of the real one's: ``"yes"`` takes the new multiplexer."""
_ELEMENTS: Final[dict[str, Any]] = {
    "nvv4l2decoder": Decoder,
    "nvvideoconvert": Converter,
    "nvstreammux": Mux,
    "nvinfer": Infer,
    "nvtracker": Tracker,
    "nvmultistreamtiler": Tiler,
    "nvdsosd": Osd,
    "nvv4l2h264enc": H264Encoder,
}


def install() -> None:
    """Once a process; which machine it is, its environment says."""
    platform = PLATFORMS[os.environ.get(PLATFORM, "dgpu")]
    if os.environ.get(NEW_MUX) == "yes":
        platform = with_new_mux(platform)
    register_relabel()
    encoder = H264Encoder if platform.encodes else NoH264Encoder
    for name, base in {**_ELEMENTS, "nvv4l2h264enc": encoder, platform.sink: Screen}.items():
        known = facts(name, platform)
        assert known is not None, name
        register(base, known)
