"""The finisher's graphs as text, one file each, all platforms included.

A difference is shown by pytest; where it is meant, write the new text into the file.
"""

from pathlib import Path

import pytest

from smartrec.graph import plan
from smartrec.graph.recipes import RECIPES, Recipe, Role
from smartrec.model import Codec, StreamFormat

GOLDEN = Path(__file__).parent / "golden"
JPEG = StreamFormat(Codec.JPEG, 1280, 720, 30.0, "image/jpeg")
H264 = StreamFormat(Codec.H264, 1920, 1080, 25.0, "video/x-h264")


def row(role: Role, name: str) -> Recipe:
    return next(recipe for recipe in RECIPES if (recipe.role, recipe.name) == (role, name))


def encode(encoder: str, format_: StreamFormat = JPEG) -> plan.Graph:
    decoder = row(Role.DECODE_JPEG, "cpu")
    return plan.finish_encode(format_, decoder, row(Role.ENCODE_H264, encoder), 21)


def turned(rotate: int, flip: bool, codec: Codec = Codec.JPEG) -> StreamFormat:
    return StreamFormat(codec, 1280, 720, 29.97, "", rotate=rotate, flip=flip)


GRAPHS = {
    **{
        f"finish-encode-{recipe.name}": encode(recipe.name)
        for recipe in RECIPES
        if recipe.role is Role.ENCODE_H264
    },
    "finish-encode-turned": encode("x264", turned(90, False)),
    "finish-encode-mirrored": encode("x264", turned(90, True)),
    "finish-remux-h264": plan.finish_remux(Codec.H264),
    "finish-remux-h265": plan.finish_remux(Codec.H265),
    "thumbnail-jpeg": plan.thumbnail(JPEG, row(Role.DECODE_JPEG, "cpu")),
    "thumbnail-h264-turned": plan.thumbnail(
        turned(270, False, Codec.H264), row(Role.DECODE_H264, "libav")
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_as_reviewed(name: str) -> None:
    assert f"{GRAPHS[name]}\n" == (GOLDEN / f"{name}.txt").read_text()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", [False, True])
def test_an_upright_picture_needs_no_turning(rotate: int, flip: bool) -> None:
    assert (plan.direction(turned(rotate, flip)) is None) == (rotate == 0 and not flip)


def test_a_camera_that_does_not_say_its_rate_gets_a_keyframe_every_two_seconds() -> None:
    unknown = StreamFormat(Codec.JPEG, 640, 480, 0.0, "")
    assert "key-int-max=60" in str(encode("x264", unknown))
    assert "framerate=0/1" in str(encode("x264", unknown))
