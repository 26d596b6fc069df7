"""Names of codecs as browsers know them, from what decoders are set up with."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.errors import CameraError
from smartrec.model import Codec
from smartrec.web.codec_name import read_private
from tests.web.test_fmp4 import AVCC


def sets(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def hvcc(head: bytes, *, kinds: tuple[int, ...] = (32, 33, 34)) -> bytes:
    """An hvcC of the 12 bytes that the name is made of, and a set of each kind."""
    arrays = b"".join(
        bytes([0x80 | kind, 0, 1]) + sets(bytes([kind << 1, 1, 2, 3])) for kind in kinds
    )
    return b"\x01" + head + bytes.fromhex("f000fcfdf8f800000f") + bytes([len(kinds)]) + arrays


# Main, level 3.1 with constraints; Main 10 of the high tier; 14496-15's own example in E.3; Main.
HEVC = {
    "01600000009000000000005d": "hvc1.1.6.L93.90",
    "2220000000b0000000000099": "hvc1.2.4.H153.B0",
    "41600000009000000000005d": "hvc1.A1.6.L93.90",
    "01600000000000000000005d": "hvc1.1.6.L93",
    "016000000000003000000078": "hvc1.1.6.L120.0.0.30",
}


@pytest.mark.parametrize(("head", "name"), HEVC.items())
def test_h265_is_named_by_profile_tier_level_and_constraints(head: str, name: str) -> None:
    found = read_private(Codec.H265, hvcc(bytes.fromhex(head)))
    assert (found.name, found.length_bytes) == (name, 4)


@pytest.mark.parametrize("profile", ["42c01e", "4d0028", "640033"])
def test_h264_is_named_by_profile_and_level(profile: str) -> None:
    private = b"\x01" + bytes.fromhex(profile) + AVCC[4:]
    assert read_private(Codec.H264, private).name == f"avc1.{profile}"


@pytest.mark.parametrize(
    ("codec", "private", "why"),
    [
        (Codec.H264, b"", "cut off"),
        (Codec.H264, AVCC[:-1], "cut off"),
        (Codec.H264, b"\0\0\0\x01\x67\x64\0\x1f\xac", "version 0"),
        (Codec.H264, AVCC[:4] + b"\xfe" + AVCC[5:], "3 bytes"),
        (Codec.H264, AVCC[:5] + b"\xe0\0", "lacks"),
        (Codec.H264, AVCC[:8] + b"\x68" + AVCC[9:], "is none"),
        (Codec.H264, AVCC[:6] + b"\0\x01\x67" + AVCC[18:], "empty"),
        (Codec.H264, AVCC + bytes(1 << 16), "65563 bytes"),
        (Codec.H265, b"", "cut off"),
        (Codec.H265, b"\x02" + bytes(40), "version 2"),
        (Codec.H265, hvcc(bytes(12), kinds=(32, 33)), "picture parameter set"),
        (Codec.H265, hvcc(bytes(12))[:-1], "cut off"),
    ],
    ids=repr,
)
def test_a_set_up_that_is_none_is_refused_with_the_reason(
    codec: Codec, private: bytes, why: str
) -> None:
    with pytest.raises(CameraError, match=why) as raised:
        read_private(codec, private)
    assert raised.value.hint


@given(st.sampled_from([Codec.H264, Codec.H265]), st.binary(max_size=80), st.data())
def test_no_set_up_can_do_more_than_be_refused(
    codec: Codec, tail: bytes, data: st.DataObject
) -> None:
    good = AVCC if codec is Codec.H264 else hvcc(bytes.fromhex("01600000009000000000005d"))
    private = good[: data.draw(st.integers(0, len(good)))] + tail
    try:
        name = read_private(codec, private).name
    except CameraError:
        return
    assert re.fullmatch(r"(avc1|hvc1)(\.[0-9A-Za-z]+)+", name)
