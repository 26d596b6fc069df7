"""Zones tried on what was recorded, over the API: a day of walks, of which all was seen."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartrec.detection.presence import Rules
from smartrec.detection.trial import trial
from smartrec.detection.zones import Zone
from smartrec.store import single
from smartrec.store.catalog import Catalog
from smartrec.units import SECOND, Ns
from smartrec.web.clip_models import LATEST
from tests.store.clips import WALL, closed, done, head, look
from tests.store.walks import fill_walks
from tests.web.child import Child, setup
from tests.web.http import ask
from tests.web.recorder import Behind

CLIPS = 120
DAY = 86_400_000
NOW = WALL // 1_000_000
HALL = [[0.0, 0.7], [0.5, 0.7], [0.5, 1.0], [0.0, 1.0]]
STREET = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.65], [0.0, 0.65]]
KINDS = ("street", "door", "hall")


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with Child(setup(tmp_path_factory.mktemp("walked"))) as page, Behind(page).listening() as it:
        yield it


@pytest.fixture(scope="module")
def walked(recorder: Behind) -> dict[str, str]:
    """Of what kind each clip is, by id."""
    return fill_walks(clips_of(recorder), CLIPS)


def clips_of(behind: Behind) -> Path:
    return Path(behind.page.setup.clips)


def zone(polygon: object, **more: object) -> dict[str, object]:
    return {"name": "z", "polygon": polygon, **more}


def asked(*zones: dict[str, object], **more: object) -> dict[str, object]:
    own = {"camera": "cam0", "zones": zones, "from_ms": NOW - DAY, "to_ms": NOW}
    return {**own, **more}


def tried(behind: Behind, *zones: dict[str, object], **more: object) -> list[dict[str, Any]]:
    """All pages."""
    clips: list[dict[str, Any]] = []
    cursor: str | None = None
    while cursor is not None or not clips:
        reply = behind.send("zones/trial", asked(*zones, cursor=cursor, **more))
        assert reply.status == 200, reply.body
        page = json.loads(reply.body)
        clips += page["clips"]
        cursor = page["cursor"]
        assert page["clips"] or cursor is None
        if not page["clips"]:
            break
    return clips


def states(clips: list[dict[str, Any]]) -> dict[str, str]:
    return {clip["id"]: clip["state"] for clip in clips}


def test_without_zones_every_person_is_kept(behind: Behind, walked: dict[str, str]) -> None:
    clips = tried(behind)
    found = {"key": "manual", "lost": "unknown", **dict.fromkeys(KINDS, "kept")}
    assert states(clips) == {clip: found[kind] for clip, kind in walked.items()}
    starts = [clip["start_ms"] for clip in clips]
    assert starts == sorted(starts, reverse=True)
    assert {(clip["kind"], clip["thumbnail"]) for clip in clips} == {("video", True)}


def test_a_zone_keeps_the_clips_of_those_who_are_in_it(
    behind: Behind, walked: dict[str, str]
) -> None:
    """Who comes in from the street was in it, too."""
    for zones, kept in (
        ([zone(HALL)], {"hall"}),
        ([zone(STREET)], {"street", "door"}),
        ([zone(STREET, kind="exclude")], {"door", "hall"}),
        ([zone(HALL), zone(STREET)], {"street", "door", "hall"}),
        ([zone(HALL), zone(HALL, kind="exclude")], set()),
    ):
        found = states(tried(behind, *zones))
        for clip, kind in walked.items():
            if kind in KINDS:
                assert found[clip] == ("kept" if kind in kept else "dropped"), (zones, kind)


def test_points_are_where_persons_stood_and_whether_that_counts(
    behind: Behind, walked: dict[str, str]
) -> None:
    for clip in tried(behind, zone(HALL)):
        points = clip["points"]
        if walked[clip["id"]] in ("key", "lost"):
            assert points == []
            continue
        assert 20 < len(points) <= 40
        for x, y, counts in points:
            assert counts == (x <= 0.5 and y >= 0.7)
        assert (clip["score"] is None) == (not any(counts for *_, counts in points))


def test_a_page_says_the_same_as_the_trigger_logic_itself(
    behind: Behind, walked: dict[str, str]
) -> None:
    rules = Rules(0.8, 4, 6, 0.05, 0.02, Ns(0), Ns(60 * SECOND))
    corners: tuple[tuple[float, float], ...] = ((0.2, 0.5), (0.9, 0.55), (0.9, 0.9), (0.3, 0.8))
    trigger = {"min_confidence": 0.8, "frames": 4, "of": 6, "hysteresis": 0.05, "min_area": 0.02}
    found = states(tried(behind, zone(corners, anchor="any"), trigger=trigger))
    with Catalog.open(clips_of(behind), create=False) as catalog:
        for clip, kind in walked.items():
            if kind in KINDS:
                looks = single.looks(catalog, clip, 100)[0]
                kept = trial(looks, rules, (Zone("z", corners, anchor="any"),)).triggers
                assert found[clip] == ("kept" if kept else "dropped")
    assert {"kept", "dropped"} <= set(found.values())


def test_rules_are_those_in_force_where_none_are_asked_for(
    behind: Behind, walked: dict[str, str]
) -> None:
    changes = [{"key": "detector.min_confidence", "value": 0.99}]
    said = {"digest": behind.settings()["digest"], "changes": changes}
    assert behind.send("settings", said, "PATCH").status == 200
    assert "kept" not in states(tried(behind)).values()
    assert "kept" in states(tried(behind, trigger={"min_confidence": 0.5})).values()


def test_only_clips_of_the_camera_and_the_time_are_tried(
    behind: Behind, walked: dict[str, str]
) -> None:
    assert tried(behind, camera="other") == []
    assert tried(behind, from_ms=NOW, to_ms=NOW - DAY) == []
    noon = NOW - DAY // 2
    early, late = (tried(behind, from_ms=NOW - DAY, to_ms=noon), tried(behind, from_ms=noon))
    assert states(early) | states(late) == states(tried(behind))
    assert not states(early).keys() & states(late).keys()


def test_a_clip_of_a_key_and_of_a_person_stays_by_the_key(behind: Behind) -> None:
    """Whatever becomes of the person."""
    made = head(2)
    (key,) = made.triggers
    both = (key, replace(key, trigger_id="p", reason="person", last=Ns(key.pts + SECOND)))
    with Catalog.open(clips_of(behind), create=True) as catalog:
        catalog.finished(closed(head(2, triggers=both)), done(catalog.directory, made))
        catalog.looked(made.clip_id, [look(key.pts + n * SECOND // 5, 0.9) for n in range(4)])
    later = {"from_ms": NOW, "to_ms": NOW + DAY}
    assert states(tried(behind, **later)) == {made.clip_id: "kept"}
    assert states(tried(behind, zone(STREET), **later)) == {made.clip_id: "manual"}


def test_points_may_be_fewer_or_none(behind: Behind, walked: dict[str, str]) -> None:
    assert all(len(clip["points"]) <= 3 for clip in tried(behind, points=3))
    assert all(clip["points"] == [] for clip in tried(behind, points=0))


def test_a_polygon_that_is_being_drawn_is_none_yet(behind: Behind, walked: dict[str, str]) -> None:
    unfinished = tried(behind, zone(HALL[:2]), zone([]))
    assert states(unfinished) == states(tried(behind))


def test_many_who_try_at_once_are_answered_or_told_to_wait(
    behind: Behind, walked: dict[str, str]
) -> None:
    with ThreadPoolExecutor(24) as pool:
        said = [pool.submit(behind.send, "zones/trial", asked(zone(HALL))) for _ in range(24)]
        found = Counter(each.result().status for each in said)
    assert found.keys() <= {200, 503}
    assert found[200] > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"camera": None},
        {"zones": [{"polygon": [[0, 2]]}]},
        {"zones": [{"polygon": [[0, 0, 0]]}]},
        {"zones": [{"polygon": [], "kind": "other"}]},
        {"zones": [{"polygon": []}] * 65},
        {"zones": [{"polygon": [[0, 0]] * 201}]},
        {"trigger": {"frames": 0}},
        {"trigger": {"cooldown": "1s"}},
        {"cursor": "x"},
        {"to_ms": LATEST + 1},
        {"points": 41},
    ],
)
def test_what_cannot_be_tried_is_refused(behind: Behind, wrong: dict[str, object]) -> None:
    assert behind.send("zones/trial", asked(**wrong)).status == 422


def test_where_no_clips_are_nothing_is_tried(page: Child) -> None:
    """And where no recorder is, nobody knows the rules."""
    body = json.dumps(asked()).encode()
    headers = {"Content-Type": "application/json"}
    reply = ask(page.port, "/api/v1/zones/trial", "POST", headers=headers, body=body)
    assert reply.status == 503
