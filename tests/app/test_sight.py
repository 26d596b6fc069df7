"""Persons become triggers, and every look of a clip's time goes to the catalogue once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from smartrec.app.sight import Sight
from smartrec.config.cameras import Camera
from smartrec.config.schema import Config
from smartrec.model import Box, ClipState, Look, Track, Trigger
from smartrec.recording.session import OpenClip, Timing
from smartrec.units import SECOND, Ns

FIFTH = SECOND // 5


def look(n: int, score: float | None = None) -> Look:
    box = Box(0.1 + 0.005 * n, 0.2, 0.3 + 0.005 * n, 0.9)
    tracks = () if score is None else (Track(1, box, score),)
    return Look("cam0", 1, Ns(n * FIFTH), tracks)


@dataclass
class Album:
    """What was kept, in the order it came."""

    kept: dict[str, list[Look]] = field(default_factory=dict)

    def keep(self, clip_id: str, looks: Sequence[Look]) -> None:
        self.kept.setdefault(clip_id, []).extend(looks)


def sight(album: Album, **tables: dict[str, object]) -> Sight:
    made = Sight(Camera(source="demo"), Config.model_validate(tables), album.keep)
    made.trust(0.5)
    return made


def clip(start: float, end: float) -> OpenClip:
    trigger = Trigger("t", Ns(round(start * SECOND)), "person")
    interval = (Ns(round(start * SECOND)), Ns(round(end * SECOND)))
    timing = Timing(SECOND, SECOND, Ns(60 * SECOND))
    return OpenClip(("clip", "event"), 1, [trigger], interval, 0, timing)


def test_person_seen_twice_in_three_pictures_triggers_at_the_first_of_them() -> None:
    seen = sight(Album())
    assert seen.take(look(0), 0) == ()
    assert seen.take(look(1, 0.8), 30) == ()
    assert seen.take(look(2), 30) == ()
    (trigger,) = seen.take(look(3, 0.7), 30)
    assert (trigger.reason, trigger.pts) == ("person", FIFTH)
    assert seen.persons == 1
    (lasting,) = seen.take(look(4, 0.7), 30)
    assert lasting.trigger_id == trigger.trigger_id
    assert lasting.last == 4 * FIFTH


def test_nobody_triggers_before_the_model_is_known_or_when_it_is_switched_off() -> None:
    unready = Sight(Camera(source="demo"), Config(), Album().keep)
    off = sight(Album(), trigger={"person": False})
    for n in range(10):
        assert unready.take(look(n, 0.9), 30) == ()
        assert off.take(look(n, 0.9), 30) == ()


def test_clip_with_no_post_roll_stays_open_between_two_looks() -> None:
    seen = sight(Album(), recording={"post_roll": "0s"})
    triggers = [t for n in range(5) for t in seen.take(look(n, 0.9), 30)]
    assert all(t.end is not None and t.end >= t.until + FIFTH for t in triggers)
    assert triggers


def test_clip_of_a_look_that_comes_after_its_end_waits_for_the_next_look() -> None:
    seen = sight(Album(), recording={"post_roll": "1s"})
    triggers = [t for n in range(3) for t in seen.take(look(n, 0.9), 30, Ns(n * FIFTH))]
    assert all(trigger.end is None for trigger in triggers)
    (late,) = seen.take(look(3, 0.9), 30, Ns(3 * FIFTH + 2 * SECOND))
    assert late.end is not None
    assert late.end >= 3 * FIFTH + 2 * SECOND + FIFTH
    (stale,) = seen.take(look(4, 0.9), 30, Ns(4 * FIFTH + 20 * SECOND))
    assert stale.end is None, "what happened since is not known"


@pytest.mark.parametrize(
    ("fps", "apart"), [(60.0, SECOND // 30), (5.0, SECOND), (5.0, 20 * SECOND)]
)
def test_clip_with_no_post_roll_stays_open_however_looks_come(fps: float, apart: int) -> None:
    """Looks of sixty a second are late by more than their distance; others are far apart."""
    seen = sight(Album(), recording={"post_roll": "0s"}, detector={"fps": fps})
    looks = [replace(look(n, 0.9), pts=Ns(n * apart)) for n in range(5)]
    triggers = [t for each in looks for t in seen.take(each, 30)]
    late = min(apart + SECOND // 2, 5 * SECOND)
    assert all(t.end is not None and t.end >= t.until + late for t in triggers)
    assert triggers


def test_every_look_of_a_clip_is_kept_once_pre_roll_included() -> None:
    album = Album()
    seen = sight(album)
    open_clip = clip(2, 9)
    for n in range(60):
        seen.take(look(n, 0.2), 30)
        if n == 20:
            assert not album.kept
        if n >= 20:
            seen.turn(Ns(n * FIFTH), [(1, open_clip)] if n < 44 else [], lambda _: True)
        if n == 44:
            open_clip.close(ClipState.COMPLETE, 0)
    assert [one.pts for one in album.kept["clip"]] == [n * FIFTH for n in range(10, 45)]


def test_looks_wait_for_a_catalogue_that_does_not_know_the_clip_yet() -> None:
    album = Album()
    seen = sight(album)
    open_clip = clip(0, 60)
    for n in range(50):
        seen.take(look(n, 0.2), 30)
        seen.turn(Ns(n * FIFTH), [(1, open_clip)], lambda _, n=n: n > 30)  # type: ignore[misc]
    seen.finish(lambda _: True)
    assert [one.pts for one in album.kept["clip"]] == [n * FIFTH for n in range(50)]


def test_looks_wait_for_a_catalogue_that_does_not_know_a_clip_that_is_over() -> None:
    album = Album()
    seen = sight(album)
    over = clip(0, 2)
    over.close(ClipState.COMPLETE, 0)
    for n in range(100):
        seen.take(look(n, 0.2), 30)
        seen.turn(Ns(n * FIFTH), [(1, over)], lambda _, n=n: n > 80)  # type: ignore[misc]
    assert [one.pts for one in album.kept["clip"]] == [n * FIFTH for n in range(10)]


def test_clip_of_a_lost_camera_takes_no_looks_of_its_next_run() -> None:
    album = Album()
    seen = sight(album)
    lost = clip(0, 9)
    for n in range(60):
        epoch = 1 if n < 12 else 2
        seen.take(replace(look(n, 0.2), epoch=epoch), 30)
        if n == 12:
            lost.close(ClipState.CAMERA_LOST, 0)
        seen.turn(Ns(n * FIFTH), [(1, lost)], lambda _: True)
    assert [one.pts for one in album.kept["clip"]] == [n * FIFTH for n in range(12)]


def test_rates_are_of_the_time_since_they_were_asked() -> None:
    seen = sight(Album())
    seen.take(look(0), 30)
    seen.take(look(1), 20)
    assert seen.rates() == (2, 2, 25.0)
    assert seen.rates() == (0, 0, 0.0)
