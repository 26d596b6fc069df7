"""Names are safe whatever goes in (property tests) and read as the examples do."""

import re
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.naming import LONGEST, clip_name, numbered

WALL = int(datetime(2026, 11, 22, 14, 15, 0, 123_000, timezone.utc).timestamp() * 1000) * 1_000_000
ANY_TEXT = st.text(st.characters(), max_size=400)
FAT_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")


def test_a_name_tells_camera_time_and_reason() -> None:
    assert clip_name("cam0", WALL, "key-R", 1) == "cam0_20261122T141500.123Z_key-R"


def test_later_parts_are_marked() -> None:
    assert clip_name("cam0", WALL, "key-R", 2) == "cam0_20261122T141500.123Z_key-R_p2"


@pytest.mark.parametrize(
    ("camera", "piece"),
    [
        ("Tür/Küche", "Tur-Kuche"),
        ("../../etc/passwd", "etc-passwd"),
        (".hidden", "hidden"),
        ("a\nb\0c", "a-b-c"),
        ("front_door", "front-door"),
        ("x" * 300, "x" * 40),
        ("", "camera"),
        ("门", "camera"),
        ("\ud800", "camera"),
        ("-rf", "rf"),
    ],
)
def test_what_a_file_name_cannot_hold_is_left_out(camera: str, piece: str) -> None:
    assert clip_name(camera, WALL, "x", 1) == f"{piece}_20261122T141500.123Z_x"


@given(ANY_TEXT, st.integers(-(2**70), 2**70), ANY_TEXT, st.integers(1, 10**9), st.integers(1, 999))
def test_any_name_is_short_ascii_and_allowed_on_fat(
    camera: str, wall_ns: int, label: str, part: int, n: int
) -> None:
    name = numbered(clip_name(camera, wall_ns, label, part), n)
    assert len(name.encode("ascii")) <= LONGEST
    assert FAT_SAFE.fullmatch(name)


@given(st.text(max_size=20), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_names_of_one_camera_sort_by_time(camera: str, one: int, other: int) -> None:
    early, late = sorted((one, other))
    stamps = [clip_name(camera, wall, "x", 1) for wall in (early, late)]
    assert stamps == sorted(stamps)
    assert (stamps[0] == stamps[1]) == (early // 10**6 == late // 10**6)


@given(st.text(max_size=20), st.lists(st.integers(1, 10**5), unique=True, min_size=2, max_size=9))
def test_numbers_make_a_taken_name_different(camera: str, numbers: list[int]) -> None:
    name = clip_name(camera, WALL, "x", 1)
    assert len({numbered(name, n) for n in numbers}) == len(numbers)
    assert numbered(name, 1) == name
