"""A clip drawn to scale: who was seen when, what led to it, on any terminal."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from smartrec.cli.clips import clips
from smartrec.cli.show import in_words
from smartrec.cli.timeline import BLOCKS, DIGITS, timeline
from smartrec.model import Look, Trigger
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns
from tests.store.clips import closed, done, head, look

START = 98 * SECOND
WHY = {
    "track": 3,
    "frames": [{"pts": 1, "score": 0.6}, {"pts": 2, "score": 0.8}],
    "zone": "door",
    "min_confidence": 0.5,
    "best": {"pts": 2, "score": 0.871},
}
PERSON = Trigger("t", Ns(100 * SECOND), "person", WHY, last=Ns(101 * SECOND))


def keep(directory: Path, looks: tuple[Look, ...], *triggers: Trigger) -> ClipRecord:
    """A clip of 4 s: 2 s before the first trigger, and what was seen in it."""
    clip = head(0, triggers=triggers or (PERSON,))
    made = replace(done(directory, clip), first_pts=Ns(START), duration=Ns(4 * SECOND))
    with Catalog.open(directory, create=True) as catalog:
        catalog.finished(closed(clip), made)
        catalog.looked(clip.clip_id, looks)
        return catalog.clip("last")


def every(ms: int, *scores: float, first: float = 0, last: float = 4) -> tuple[Look, ...]:
    """The same persons in a picture every so often, from second `first` of the clip to `last`."""
    times = range(int(first * 1000), int(last * 1000), ms)
    return tuple(look(START + at * 1_000_000, *scores) for at in times)


def shown(directory: Path, *options: str, charset: str = "utf-8") -> str:
    args = ["show", "last", "--clips", str(directory), *options]
    result = CliRunner(charset=charset).invoke(clips, args)
    assert result.exception is None, result.exception
    return result.stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ClipRecord:
    """A clip for tests that change no file."""
    return keep(tmp_path_factory.mktemp("clip"), ())


def test_the_picture_of_a_clip_is_to_scale(tmp_path: Path) -> None:
    at = 100 * SECOND
    triggers = (Trigger("a", Ns(at), "x"), Trigger("b", Ns(at + 1 * SECOND), "x"))
    labels, bar, marks = timeline(keep(tmp_path, (), *triggers))
    parts = ("pre-roll 2.000 s", "event 1.000 s", "post-roll 1.000 s")
    assert all(part in labels for part in parts)
    assert bar == f"[{'-' * 32}{'#' * 16}{'-' * 16}]"
    assert marks == " " * 33 + "^" + " " * 15 + "^"


def test_persons_are_drawn_where_they_were_seen(tmp_path: Path) -> None:
    looks = every(200, first=0, last=1) + every(200, 0.4, first=1, last=2)
    looks += every(200, 0.9, first=2, last=3) + every(200, 0.6, 0.5, first=3)
    clip = keep(tmp_path, looks)
    *_, bar, _marks, line, legend = timeline(clip, looks)
    assert bar == f"[{'-' * 32}{'#' * 16}{'-' * 16}]"
    assert line == " " + " " * 16 + "·" * 16 + "█" * 16 + "▅" * 16
    assert legend == " persons in 10 of 20 looked at, 2 at once, best 90 %, · below 50 %"
    *_, line, legend = timeline(clip, looks, DIGITS)
    assert line == " " + " " * 16 + "." * 16 + "9" * 16 + "6" * 16
    assert legend.endswith(", . below 50 %")


def test_nobody_and_nobody_looking_are_told_apart(tmp_path: Path) -> None:
    clip = keep(tmp_path, ())
    assert len(timeline(clip, ())) == 3
    assert timeline(clip, every(500))[3:] == [" no persons in 8 pictures looked at"]


def test_a_picture_stands_for_a_second_at_most(tmp_path: Path) -> None:
    looks = every(200, 0.9, last=0.2) + every(200, 0.9, first=3.8)
    *_, line, _legend = timeline(keep(tmp_path, looks), looks)
    assert line == " " + "█" * 16 + " " * 44 + "█" * 4


def test_what_was_seen_outside_the_clip_is_not_drawn(tmp_path: Path) -> None:
    looks = (
        every(200, 0.9, first=-2, last=0) + every(200, first=0) + every(200, 0.9, first=4, last=6)
    )
    assert timeline(keep(tmp_path, looks), looks)[3:] == [" no persons in 20 pictures looked at"]


@given(
    st.lists(st.tuples(st.integers(-(10**9), 6 * 10**9), st.floats(0, 1)), max_size=9, unique=True),
    st.sampled_from([BLOCKS, DIGITS]),
    st.integers(1, 5 * 10**9),
)
def test_no_line_is_wider_than_a_terminal(
    whole: ClipRecord, seen: list[tuple[int, float]], heights: str, duration: int
) -> None:
    clip = replace(whole, duration=Ns(duration))
    looks = tuple(look(START + at, score, score) for at, score in sorted(seen))
    lines = timeline(clip, looks, heights)
    assert lines
    assert all(len(line) <= 78 for line in lines)


@pytest.mark.parametrize(
    ("charset", "wanted"), [("utf-8", "▇"), ("ascii", "8"), ("latin-1", "8"), ("cp437", "8")]
)
def test_show_draws_what_the_terminal_can(tmp_path: Path, charset: str, wanted: str) -> None:
    keep(tmp_path, every(200, 0.871, first=2))
    assert wanted * 32 in shown(tmp_path, charset=charset)


def test_show_says_in_words_what_led_to_a_clip(tmp_path: Path) -> None:
    keep(tmp_path, every(200, 0.871, first=2))
    said = (
        "      +2.000 s  person  87 % at best, at least 50 % in 2 pictures, zone door,\n"
        "                        track 3, there for 1.0 s\n"
    )
    assert said in shown(tmp_path)
    assert '"pts"' not in shown(tmp_path)


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ({}, ""),
        ({"key": "R"}, 'key: "R"'),
        ({"zone": None, "track": 3}, "track 3"),
        ({**WHY, "zone": None, "extra": [1]}, "in 2 pictures, track 3, extra: [1]"),
        (
            {"track": "x", "best": {"score": "high"}, "min_confidence": 10**400},
            'track: "x", best: ',
        ),
    ],
)
def test_what_has_no_words_stays_as_it_is(why: dict[str, object], words: str) -> None:
    said = in_words(Trigger("t", Ns(0), "person", why))
    assert words in said
    assert bool(said) == bool(words)


def test_for_programs_show_has_every_picture_looked_at(tmp_path: Path) -> None:
    keep(tmp_path, (look(START), look(START + SECOND, 0.871, inferred=False)))
    nobody, somebody = json.loads(shown(tmp_path, "--json"))["tracks"]
    assert nobody["persons"] == []
    assert nobody["inferred"] is True
    assert somebody == {
        "time": "2026-11-22T14:14:59.123Z",
        "pts": START + SECOND,
        "at_s": 1.0,
        "inferred": False,
        "persons": [{"track": 1, "box": [0.1, 0.2, 0.18, 0.7], "score": 0.871}],
    }
    listed = CliRunner().invoke(clips, ["list", "--clips", str(tmp_path), "--json"]).stdout
    (clip,) = json.loads(listed)
    assert "tracks" not in clip
    assert (clip["persons"], clip["best_score"]) == (1, 0.871)
    assert clip["triggers"][0]["why"] == WHY


def test_a_clip_by_hand_has_no_persons(tmp_path: Path) -> None:
    clip = keep(tmp_path, (), Trigger("t", Ns(100 * SECOND), "key-R", {"key": "R", "best": "x"}))
    assert (clip.persons, clip.best_score) == (0, None)
