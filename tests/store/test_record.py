"""The numbers of a proof always add up (property tests), and moments are written in one way."""

from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartrec.model import Loss, Trigger
from smartrec.store.catalog import Catalog
from smartrec.store.record import accounts, rfc3339
from smartrec.units import SECOND, Ns
from tests.store.clips import closed, done, head

COUNTS = st.integers(0, 10**6)
LOSSES = st.dictionaries(st.sampled_from([loss.value for loss in Loss]), COUNTS)


@given(COUNTS, COUNTS, LOSSES, LOSSES)
def test_a_proof_adds_up_whatever_happened(
    expected: int, written: int, early: dict[str, int], late: dict[str, int]
) -> None:
    lost, surplus = accounts(expected, written, early, late)
    assert expected + surplus == written + sum(lost.values())
    for cause in set(early) | set(late):
        known = early.get(cause, 0) + late.get(cause, 0)
        assert lost.get(cause, 0) >= known
        if cause != Loss.UNKNOWN.value:
            assert lost.get(cause, 0) == known
    assert all(n > 0 for n in lost.values())


@given(st.integers(0, 2**63 - 1))
def test_moments_are_rfc_3339_in_utc_to_the_millisecond(wall_ns: int) -> None:
    text = rfc3339(wall_ns)
    read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    assert len(text) == 24
    assert (read - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds() == pytest.approx(
        wall_ns // 10**6 / 1000, abs=1e-4
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_pre_and_post_never_exceed_the_clip(
    tmp_path_factory: pytest.TempPathFactory, times: list[int]
) -> None:
    """A part of a rolled-over event may have all its triggers before or after it."""
    directory = tmp_path_factory.mktemp("part")
    triggers = tuple(Trigger(f"t{n}", Ns(at * SECOND), "cli") for n, at in enumerate(times))
    clip = closed(head(triggers=triggers))
    with Catalog.open(Path(directory), create=True) as catalog:
        catalog.finished(clip, done(directory, clip))
        record = catalog.clip("last")
    assert record.duration is not None
    assert record.first_pts is not None
    assert record.actual_pre is not None
    assert record.actual_post is not None
    assert 0 <= record.actual_pre <= record.duration
    assert 0 <= record.actual_post <= record.duration
    end = record.first_pts + record.duration
    if all(record.first_pts <= t.pts <= end for t in triggers):
        assert record.actual_pre == min(t.pts for t in triggers) - record.first_pts
        assert record.actual_post == end - max(t.pts for t in triggers)
