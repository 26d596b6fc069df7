"""What the detector gets of a JPEG, on pictures that Pillow made and, apart from that, turned."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from smartrec.media.watch.eye import JpegPicture, Undecodable
from smartrec.model import StreamFormat
from tests.media.clips import jpeg_format

WIDTH, HEIGHT = 640, 360


def fit(width: int, height: int) -> tuple[int, int]:
    """Into 160x160, as engines do."""
    scale = min(160 / width, 160 / height)
    return round(width * scale), round(height * scale)


def scene(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Dark at the top left, red to the right, green downwards, with something sharp in it."""
    down, right = np.mgrid[0:height, 0:width]
    pixels = np.stack((right * 255 // width, down * 255 // height, np.full_like(down, 60)), axis=2)
    pixels[height // 4 : height // 2, width // 8 : width // 4] = 255
    return Image.fromarray(pixels.astype(np.uint8))


def jpeg(image: Image.Image, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=90, **options)
    return target.getvalue()


def without_huffman_tables(data: bytes) -> bytes:
    kept, at = bytearray(data[:2]), 2
    while (marker := data[at + 1]) != 0xDA:
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        kept += b"" if marker == 0xC4 else data[at : at + length]
        at += length
    return bytes(kept + data[at:])


def picture(data: bytes, stream: StreamFormat | None = None) -> JpegPicture:
    return JpegPicture(data, stream or jpeg_format(), fit)


def test_colours_come_in_the_size_that_the_engine_wants() -> None:
    rgb = picture(jpeg(scene())).rgb()
    wanted = np.asarray(scene().resize((160, 90), Image.Resampling.BOX), np.int16)
    assert rgb.flags.c_contiguous
    assert rgb.shape == wanted.shape
    assert np.abs(rgb - wanted).mean() < 3


def test_both_ways_to_the_luma_agree_so_that_a_scene_may_be_looked_at_in_either() -> None:
    for width, height in ((640, 360), (1283, 727), (200, 100), (16, 9)):
        noise = np.random.default_rng(1).normal(0, 20, (height, width, 1))
        pixels = np.clip(np.asarray(scene(width, height)) + noise, 0, 255).astype(np.uint8)
        data = jpeg(Image.fromarray(pixels))
        at_once, later = picture(data), picture(data)
        later.rgb()
        alone, out_of_colours = at_once.luma().astype(int), later.luma().astype(int)
        assert max(alone.shape) == 96
        assert np.abs(alone - out_of_colours).max() <= 2, (width, height)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_pictures_are_turned_upright(rotate: int, flip: bool) -> None:
    upright = scene()
    turned = upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else upright
    turned = turned.rotate(rotate, expand=True)  # counterclockwise, as the camera stands
    seen = picture(jpeg(turned), jpeg_format(rotate=rotate, flip=flip))
    wanted = picture(jpeg(upright))
    assert np.abs(seen.rgb().astype(int) - wanted.rgb()).mean() < 2
    assert np.abs(seen.luma().astype(int) - wanted.luma()).mean() < 2


def test_a_jpeg_without_huffman_tables_is_decoded_with_the_usual_ones() -> None:
    data = jpeg(scene())
    stripped = without_huffman_tables(data)
    assert len(stripped) < len(data) - 400
    assert (picture(stripped).rgb() == picture(data).rgb()).all()
    assert (picture(stripped).luma() == picture(data).luma()).all()


def test_a_grey_jpeg_has_colours_too() -> None:
    rgb = picture(jpeg(scene().convert("L"))).rgb()
    assert rgb.shape == (90, 160, 3)
    assert (rgb[:, :, 0] == rgb[:, :, 2]).all()


def huge(data: bytes) -> bytes:
    """Its header promises 65,535 x 65,535 pixels."""
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + b"\xff\xff\xff\xff" + data[at + 9 :]


@pytest.mark.parametrize(
    "broken",
    [lambda data: data[: len(data) // 2], lambda _: b"", lambda _: b"\xff\xd8" + bytes(99), huge],
    ids=["cut", "empty", "no headers", "huge"],
)
def test_what_is_no_picture_is_undecodable(broken: Callable[[bytes], bytes]) -> None:
    data = broken(jpeg(scene()))
    with pytest.raises(Undecodable):
        picture(data).luma()
    with pytest.raises(Undecodable):
        picture(data).rgb()


@given(st.lists(st.tuples(st.integers(2, 700), st.integers(0, 255)), max_size=6), st.integers(0))
def test_damaged_headers_make_a_picture_or_none_and_nothing_else(
    changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(jpeg(scene(48, 32)))
    for at, value in changes:
        data[at % len(data)] = value
    del data[2 + cut % (4 * len(data)) :]
    try:
        assert picture(bytes(data)).luma().ndim == 2
        assert picture(bytes(data)).rgb().shape[2] == 3
    except Undecodable:
        pass
