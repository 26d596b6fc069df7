"""Sound lies where its pictures are, whatever the card counts and however late it is asked."""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smartrec.recording.sound import RATE
from smartrec.recording.sound_line import SoundLine, places
from smartrec.units import MILLISECOND, SECOND, Ns

CHUNK = 960
ZERO = 7_000_000_000_123
OFF_MOST = 10 * MILLISECOND


@dataclass
class Card:
    """A stand-in for a sound card: counts in its own seconds, and is asked late now and then.

    Attributes:
        drift: By how much its second is longer than the system's, as a share.
        late_most: How late it is asked, ns; nearly always much less.
        missing: (after so many chunks, ns) of what it never gave. That happens when a card is
            asked so late that it runs over, and then what waited is gone too: what it gave
            before was asked for in time.
        times: True time of the first sample of each chunk, ns since the first.
        stamps: What it says.
    """

    drift: float = 0.0
    late_most: int = 0
    missing: tuple[tuple[int, int], ...] = ()
    seed: int = 1
    times: list[float] = field(default_factory=list)
    stamps: list[tuple[Ns, int]] = field(default_factory=list)

    def run(self, seconds: float) -> "Card":
        chance = random.Random(self.seed)
        gone = 0
        behind = 0.0
        for n in range(round(seconds * RATE / CHUNK)):
            gone += sum(time for after, time in self.missing if after == n)
            true = n * CHUNK * SECOND / RATE * (1 + self.drift) + gone
            if any(0 <= after - n < 15 for after, _ in self.missing):
                behind = 0.0
            elif self.late_most and chance.random() < 0.02:
                behind = chance.random() * self.late_most
            self.times.append(true)
            self.stamps.append((Ns(round(ZERO + true + behind)), CHUNK))
            # What waits is read at once: each chunk is late by one chunk's length less.
            behind = max(0.0, behind - CHUNK * SECOND / RATE) + chance.random() * 1e5
        return self

    def worst(self) -> float:
        """How far any chunk is laid from its true time, ns."""
        found = places(self.stamps)
        zero = self.stamps[0][0] - ZERO
        return max(
            abs(place.begin * SECOND / RATE + zero - true)
            for place, true in zip(found, self.times, strict=True)
        )


@given(
    drift=st.floats(-500e-6, 500e-6),
    late=st.integers(0, 180 * MILLISECOND),
    missing=st.lists(
        st.tuples(st.integers(300, 1200), st.integers(1, 3000)),
        max_size=2,
        unique_by=lambda m: m[0],
    ),
    seed=st.integers(0, 1000),
)
@example(0.0, 26431352, [], 446)  # its last chunk is late
@settings(max_examples=25, deadline=None)
def test_no_sample_is_far_from_its_time(
    drift: float, late: int, missing: list[tuple[int, int]], seed: int
) -> None:
    gaps = tuple((after, time * MILLISECOND) for after, time in sorted(missing))
    card = Card(drift, late, gaps, seed).run(30)
    assert card.worst() < OFF_MOST


@pytest.mark.parametrize("chunks", range(1, 10))
@pytest.mark.parametrize("late", [10, 50, 180])
def test_chunks_that_are_late_at_the_end_follow_without_a_hole(chunks: int, late: int) -> None:
    times = [n * CHUNK * SECOND // RATE for n in range(100)]
    behind = [max(0, late * MILLISECOND - time) for time in times[:chunks]]
    stamps = [
        (Ns(time + over), CHUNK)
        for time, over in zip(times, [0] * (100 - chunks) + behind, strict=True)
    ]
    assert [round(place.begin) for place in places(stamps)] == [n * CHUNK for n in range(100)]


def test_what_is_missing_shortly_before_the_end_is_a_hole() -> None:
    stamps = [(Ns((20 * n + (n >= 95) * 50) * MILLISECOND), CHUNK) for n in range(100)]
    found = [round(place.begin) for place in places(stamps)]
    assert found == [n * CHUNK + (n >= 95) * RATE // 20 for n in range(100)]


def test_hours_drift_no_further_than_seconds() -> None:
    """Uncorrected, two hours of this are two seconds."""
    assert Card(-300e-6, 60 * MILLISECOND).run(7200).worst() < OFF_MOST // 2


def clicking(stamps: list[tuple[Ns, int]], times: list[float], every: int = SECOND) -> list[bytes]:
    """Sound with one loud sample at each whole second of true time."""
    chunks = []
    for (_, count), time, after in zip(stamps, times, [*times[1:], None], strict=True):
        long = (
            CHUNK * SECOND / RATE
            if after is None
            else min(after - time, CHUNK * SECOND / RATE * 1.001)
        )
        data = np.zeros(count, "<i2")
        second = -(-time // every) * every
        if second < time + long:
            data[min(count - 1, round((second - time) * count / long))] = 30_000
        chunks.append(data.tobytes())
    return chunks


def laid(line: SoundLine, chunks: list[bytes]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int16), *line.lay(chunks)])


def clicks(sound: np.ndarray) -> list[float]:
    """Where they are, ns."""
    loud = np.flatnonzero(np.abs(sound) > 8000)
    return [at * SECOND / RATE for at in loud if at == 0 or abs(sound[at - 1]) <= 8000]


@pytest.mark.parametrize("drift", [-200e-6, 0.0, 200e-6])
def test_clicks_stay_at_their_seconds(drift: float) -> None:
    card = Card(drift, 40 * MILLISECOND).run(40)
    line = SoundLine(card.stamps, Ns(ZERO + SECOND // 2), Ns(30 * SECOND))
    found = clicks(laid(line, clicking(card.stamps, card.times)))
    assert len(found) == 30
    assert max(abs(at - (n + 0.5) * SECOND) for n, at in enumerate(found)) < 5 * MILLISECOND


def test_a_source_that_counts_as_the_system_keeps_every_bit() -> None:
    card = Card().run(5)
    data = [np.random.default_rng(n).integers(-9000, 9000, CHUNK).astype("<i2") for n in range(250)]
    exact = [
        (Ns(round(ZERO + true)), count)
        for true, (_, count) in zip(card.times, card.stamps, strict=True)
    ]
    line = SoundLine(exact, Ns(ZERO), Ns(5 * SECOND))
    assert np.array_equal(laid(line, [each.tobytes() for each in data]), np.concatenate(data))
    assert line.silent == 0


def test_what_is_missing_is_silent_and_counted() -> None:
    card = Card(missing=((100, 500 * MILLISECOND),)).run(5)
    line = SoundLine(card.stamps, Ns(ZERO - SECOND), Ns(8 * SECOND))
    loud = [np.full(CHUNK, 1000, "<i2").tobytes()] * len(card.stamps)
    sound = laid(line, loud)
    assert len(sound) == 8 * RATE
    silent = np.flatnonzero(sound == 0)
    wanted = [
        *range(RATE),
        *range(3 * RATE, 3 * RATE + RATE // 2),
        *range(6 * RATE + RATE // 2, 8 * RATE),
    ]
    assert len(silent) == line.silent
    assert len(set(wanted) ^ set(silent.tolist())) <= 3 * RATE // 1000


def test_sound_said_twice_is_laid_once() -> None:
    stamps = [(Ns(ZERO), CHUNK), (Ns(ZERO), CHUNK), (Ns(ZERO + 20 * MILLISECOND), CHUNK)]
    line = SoundLine(stamps, Ns(ZERO), Ns(40 * MILLISECOND))
    assert len(laid(line, [b"\1\0" * CHUNK] * 3)) == 2 * CHUNK


def test_without_any_sound_all_is_silent() -> None:
    line = SoundLine([], Ns(ZERO), Ns(3 * SECOND))
    assert not laid(line, []).any()
    assert line.silent == line.samples == 3 * RATE


@given(cut=st.integers(ZERO + SECOND, ZERO + 3 * SECOND))
def test_parts_that_meet_are_as_long_as_the_whole(cut: int) -> None:
    card = Card().run(5)
    first = SoundLine(card.stamps, Ns(ZERO), Ns(cut - ZERO))
    rest = SoundLine(card.stamps, Ns(cut), Ns(ZERO + 4 * SECOND - cut))
    assert first.samples + rest.samples == 4 * RATE
