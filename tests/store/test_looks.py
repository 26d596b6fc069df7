"""Looks come back as they were but for digits; damaged bytes are an error, never a wrong answer."""

import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.model import Box, Look, Track
from smartrec.store.looks import pack, unpack
from smartrec.units import Ns
from tests.store.clips import LOOKS, look

FRACTIONS = st.floats(-0.5, 1.5)
TRACKS = st.builds(
    Track,
    st.integers(0, 2**53),
    st.builds(Box, FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS),
    st.floats(0, 1),
    st.tuples(FRACTIONS, FRACTIONS),
)


@st.composite
def chunks(draw: st.DrawFn) -> list[Look]:
    """Looks of one camera and epoch, in any order."""
    camera, epoch = draw(st.text(max_size=8)), draw(st.integers(0, 2**40))
    moments = draw(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=12, unique=True))
    return [
        Look(camera, epoch, Ns(pts), tuple(draw(st.lists(TRACKS, max_size=4))), draw(st.booleans()))
        for pts in moments
    ]


def sides(track: Track) -> list[float]:
    return [track.box.left, track.box.top, track.box.right, track.box.bottom]


@given(chunks())
def test_looks_come_back_by_time_and_within_rounding(looks: list[Look]) -> None:
    kept = unpack(pack(looks))
    assert [look.pts for look in kept] == sorted(look.pts for look in looks)
    for before, after in zip(sorted(looks, key=lambda look: look.pts), kept, strict=True):
        assert (after.camera, after.epoch) == (before.camera, before.epoch)
        assert after.inferred is before.inferred
        assert [t.track_id for t in after.tracks] == [t.track_id for t in before.tracks]
        for old, new in zip(before.tracks, after.tracks, strict=True):
            assert sides(new) == pytest.approx(sides(old), abs=0.51e-4)
            assert new.score == pytest.approx(old.score, abs=0.51e-3)
            assert new.speed == (0.0, 0.0)


@given(chunks())
def test_what_came_back_is_kept_as_it_is(looks: list[Look]) -> None:
    once = unpack(pack(looks))
    assert unpack(pack(once)) == once


def test_the_form_is_the_documented_one() -> None:
    kept = json.loads(zlib.decompress(pack([look(5 * 10**9, 0.8712), look(5 * 10**9 + 7)])))
    assert kept == {
        "version": 1,
        "camera": "cam0",
        "epoch": 0,
        "first_pts": 5 * 10**9,
        "looks": [[0, True, [[1, 0.1, 0.2, 0.18, 0.7, 0.871]]], [7, True, []]],
    }


def test_looks_of_several_cameras_and_no_looks_are_refused() -> None:
    other = Look("cam1", 0, Ns(0), ())
    for looks in ([look(0), other], [look(0), Look("cam0", 1, Ns(1), ())], []):
        with pytest.raises(ValueError, match="one camera"):
            pack(looks)


def test_every_cut_and_every_flipped_bit_is_an_error_or_changes_nothing() -> None:
    whole = pack(LOOKS)
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="looks"):
            unpack(whole[:length])
    for bit in random.Random(1).sample(range(8 * len(whole)), 300):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            assert unpack(bytes(flipped)) == LOOKS
        except ValueError:
            continue


def packed(**changes: object) -> bytes:
    good = {"version": 1, "camera": "c", "epoch": 0, "first_pts": 0, "looks": []}
    return zlib.compress(json.dumps({**good, **changes}).encode())


@pytest.mark.parametrize(
    "foreign",
    [
        b"",
        b"no zlib",
        zlib.compress(b"no JSON"),
        zlib.compress(b"\xff"),
        zlib.compress(b"[]"),
        zlib.compress(b"{}"),
        zlib.compress(b"[" * 100_000),
        zlib.compress(b" " * (1 << 25)),
        packed(version=2),
        packed(epoch="0"),
        packed(first_pts=1.5),
        packed(looks=None),
        packed(looks=[[0, True]]),
        packed(looks=[[True, True, []]]),
        packed(looks=[[0, True, [[1, 0, 0, 1, 1]]]]),
        packed(looks=[[0, True, [[1, 0, 0, 1, 1, "0.9"]]]]),
        packed(looks=[[0, True, [[1, 0, 0, 1, 1, float("nan")]]]]),
        packed(looks=[[0, True, [[1, 0, 0, 1, 10**400, 0.9]]]]),
        packed(looks=[[0, True, [[1.5, 0, 0, 1, 1, 0.9]]]]),
    ],
    ids=lambda foreign: f"{zlib.crc32(foreign):08x}",
)
def test_what_we_did_not_write_is_refused(foreign: bytes) -> None:
    assert unpack(packed()) == ()
    with pytest.raises(ValueError, match=r".+"):
        unpack(foreign)
