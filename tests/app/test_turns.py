from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.turns import Turns
from smartrec.units import SECOND, Ns

FRAME = SECOND // 30
FIFTH = Ns(SECOND // 5)


def test_camera_is_looked_at_at_its_rate_whatever_its_own() -> None:
    for fps in (7, 10, 24, 25, 30, 60):
        turns = Turns[str](FIFTH)
        looks = 0
        for n in range(60 * fps):
            now = Ns(n * SECOND // fps)
            turns.came("a", now)
            looks += turns.take(now) is not None
        assert abs(looks - 300) <= 1, fps


def test_slow_camera_is_looked_at_once_a_picture() -> None:
    turns = Turns[str](FIFTH)
    turns.came("a", Ns(0))
    assert turns.take(Ns(0)) == "a"
    assert turns.take(Ns(SECOND)) is None


@given(st.integers(1, 16), st.integers(20, 120))
def test_rate_falls_evenly_when_the_detector_is_too_slow(cameras: int, cost_ms: int) -> None:
    turns = Turns[int](FIFTH)
    looks: Counter[int] = Counter()
    free_at = 0
    for n in range(30 * 20):
        now = Ns(n * FRAME)
        for camera in range(cameras):
            turns.came(camera, now)
        while free_at <= now and (camera_due := turns.take(now)) is not None:
            looks[camera_due] += 1
            free_at = max(free_at, now) + cost_ms * 1_000_000
    assert max(looks.values()) - min(looks[c] for c in range(cameras)) <= 1


def test_camera_that_is_gone_is_not_taken() -> None:
    turns = Turns[str](FIFTH)
    turns.came("a", Ns(0))
    turns.gone("a")
    assert turns.take(Ns(0)) is None
