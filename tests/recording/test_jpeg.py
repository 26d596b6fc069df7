"""A picture is whole or not, told without decoding; no bytes of any kind make it fail."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from smartrec.recording.jpeg import chroma, whole


def picture(mode: str = "L", **options: object) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def turned_over(at: int, value: int) -> bytes:
    """A colour picture, one byte of its frame header another."""
    data = bytearray(picture("RGB"))
    data[data.index(b"\xff\xc0") + at] = value
    return bytes(data)


GOOD = picture()
HEADERS = GOOD.index(b"\xff\xda")


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        picture("RGB"),
        picture("RGB", subsampling="4:4:4"),
        picture("RGB", subsampling="4:2:2"),
        picture(progressive=True),
        picture(restart_marker_rows=1),
        GOOD + bytes(512),
        GOOD[:2] + b"\xff\xff" + GOOD[3:],  # a fill byte before the first marker
    ],
    ids=[
        "plain",
        "colour",
        "4:4:4",
        "4:2:2",
        "progressive",
        "restart markers",
        "padded by the camera",
        "fill byte",
    ],
)
def test_whole_pictures_are_whole(data: bytes) -> None:
    assert whole(data)


@given(st.integers(0, len(GOOD) - 1))
def test_no_cut_picture_is_whole(length: int) -> None:
    assert not whole(GOOD[:length])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        GOOD[1:],
        GOOD[:20] + b"\x00\x00" + GOOD[22:],
        GOOD[:4] + b"\xff\xff" + GOOD[6:],
        GOOD[:HEADERS] + b"\xff\xd9",
        turned_over(5, 0x80),
        turned_over(7, 0x80),
        turned_over(5, 0x3F).replace(b"\x01\x40", b"\x3f\x40"),
        turned_over(6, 0),
        turned_over(9, 4),
        turned_over(11, 0x14),
        turned_over(14, 0x31),
        turned_over(17, 0x13),
        picture("CMYK"),
    ],
    ids=[
        "empty",
        "no headers",
        "no start",
        "no marker",
        "endless header",
        "no scan",
        "too high",
        "too wide",
        "too large",
        "no height",
        "four components announced",
        "odd sampling",
        "a chroma wider than the luma",
        "a chroma higher than the luma",
        "four components",
    ],
)
def test_broken_pictures_are_not_whole(data: bytes) -> None:
    assert not whole(data)


@given(st.binary(max_size=300), st.integers(0, HEADERS))
def test_any_bytes_get_an_answer(garbage: bytes, at: int) -> None:
    assert whole(garbage) is False
    whole(GOOD[:at] + garbage + GOOD[at + len(garbage) :])


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_subsampling_is_told(sampling: str) -> None:
    assert chroma(picture("RGB", subsampling=sampling)) == sampling
    assert chroma(picture("L")) == "4:0:0"


@given(st.binary(max_size=200), st.integers(0, 400))
def test_subsampling_of_no_picture_is_none(noise: bytes, cut: int) -> None:
    assert isinstance(chroma(noise), str)
    assert chroma(picture("RGB")[: min(cut, 100)]) == ""
