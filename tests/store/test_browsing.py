"""Looking through many clips finds what they all say, whatever is asked; no wide row is read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.errors import NoSuchClip
from smartrec.model import ClipState, Trigger
from smartrec.store import browsing, keeping
from smartrec.store.briefs import Brief, Cursor, Density, Filters
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns
from tests.store import large
from tests.store.clips import WALL, closed, done, head

CLIPS = 250
DAYS = 2
BEGIN = WALL - DAYS * 86_400 * SECOND


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Of very many clips, to be read."""
    directory = tmp_path_factory.mktemp("library")
    large.fill_mixed(directory, CLIPS, days=DAYS)
    with Catalog.open(directory, create=False) as catalog:
        yield catalog


class Records(list[ClipRecord]):
    """Very many; short to print."""

    def __repr__(self) -> str:
        return f"{len(self)} clips"


@pytest.fixture(scope="module")
def records(catalog: Catalog) -> Records:
    """What the wide rows say, newest first."""
    return Records(catalog.clips(trash=None)[::-1])


some = st.sets(st.sampled_from(["door", "yard", "garden", "cam0"])).map(frozenset)
filters = st.builds(
    Filters,
    cameras=some,
    reasons=st.sets(st.sampled_from(["person", "key-R", "page", "per"])).map(frozenset),
    zones=st.sets(st.sampled_from(["gate", "step", "shed", "s"])).map(frozenset),
    min_score=st.none() | st.floats(0, 1),
    pinned=st.none() | st.booleans(),
    text=st.none() | st.sampled_from(["", "MARIA", "tür", "a%", "door", "_"]),
    since=st.none() | st.integers(BEGIN, WALL),
    until=st.none() | st.integers(BEGIN, WALL),
    trashed=st.booleans(),
)
ask = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def zones_of(clip: ClipRecord) -> list[str]:
    zones = (trigger.why.get("zone") for trigger in clip.triggers)
    return [zone for zone in dict.fromkeys(zones) if isinstance(zone, str)]


def means(wanted: Filters, clip: ClipRecord) -> bool:
    """Whether a clip is one of those, by its whole record."""
    reasons = {trigger.reason for trigger in clip.triggers}
    words = (wanted.text or "").casefold()
    return all(
        (
            wanted.trashed == (clip.trashed_ns is not None),
            not wanted.cameras or clip.camera_id in wanted.cameras,
            not wanted.reasons or reasons & wanted.reasons,
            not wanted.zones or set(zones_of(clip)) & wanted.zones,
            wanted.min_score is None or (clip.best_score or -1) >= wanted.min_score,
            wanted.pinned in (None, clip.pinned),
            words in clip.note.casefold() or words in clip.camera_name.casefold(),
            wanted.since is None or clip.start_wall_ns >= wanted.since,
            wanted.until is None or clip.start_wall_ns < wanted.until,
        )
    )


def asked(record: ClipRecord) -> int:
    """How long it is; until that is known, as `tests.store.clips.head` asks for it."""
    return 4 * SECOND if record.duration is None else record.duration


def overlapping(records: Records, wanted: Filters, begin: int, end: int) -> list[ClipRecord]:
    return [
        clip
        for clip in records
        if means(wanted, clip)
        and clip.start_wall_ns < end
        and (clip.start_wall_ns >= begin or clip.start_wall_ns + asked(clip) > begin)
    ]


@ask
@given(filters, st.integers(1, 90))
def test_pages_behind_each_other_are_all_that_was_meant_newest_first(
    catalog: Catalog, records: Records, wanted: Filters, limit: int
) -> None:
    expected = [clip.clip_id for clip in records if means(wanted, clip)]
    found, cursor = list[str](), None
    while page := browsing.page(catalog, wanted, before=cursor, limit=limit):
        assert len(page) <= limit
        found += [clip.clip_id for clip in page]
        cursor = page[-1].cursor
    assert found == expected
    back, cursor = list[str](), Cursor(0, "")
    while page := browsing.page(catalog, wanted, after=cursor, limit=limit):
        back = [clip.clip_id for clip in page] + back
        cursor = page[0].cursor
    assert back == expected


def test_a_brief_says_what_the_whole_record_does(catalog: Catalog, records: Records) -> None:
    for record in records:
        brief = browsing.brief(catalog, record.clip_id)
        assert brief == expected_brief(record, brief.event_at)
        if record.first_pts is not None:
            assert brief.event_at == record.actual_pre
        elif brief.open or record.state is ClipState.FAILED:
            assert brief.event_at == 2 * SECOND
        else:
            assert brief.event_at is None


def expected_brief(record: ClipRecord, event_at: Ns | None) -> Brief:
    reasons = tuple(dict.fromkeys(trigger.reason for trigger in record.triggers))
    return Brief(
        clip_id=record.clip_id,
        event_id=record.event_id,
        part=record.part,
        camera_id=record.camera_id,
        camera_name=record.camera_name,
        state=record.state,
        start_wall_ns=record.start_wall_ns,
        duration=record.duration,
        event_at=event_at,
        reason=reasons[0],
        reasons=reasons,
        persons=record.persons,
        best_score=record.best_score,
        zones=tuple(zones_of(record)),
        pinned=record.pinned,
        note=record.note,
        bytes=record.bytes,
        frames_lost=record.frames_lost,
        codec=record.codec,
        encoder=record.encoder,
        has_thumbnail=record.thumbnail is not None,
        suffix="" if record.path is None else record.path.suffix,
        trashed_ns=record.trashed_ns,
    )


@ask
@given(filters, st.integers(BEGIN, WALL), st.integers(1, 30 * 3600 * SECOND), st.integers(1, 99))
def test_density_counts_each_clip_once_and_each_of_its_seconds_where_it_is(
    catalog: Catalog,
    records: Records,
    wanted: Filters,
    begin: int,
    length: int,
    bins: int,
) -> None:
    end = begin + length
    found = browsing.density(catalog, wanted, begin, end, bins)
    clips = overlapping(records, wanted, begin, end)
    assert (found.bin_ns - 1) * bins < length <= found.bin_ns * bins
    assert [camera.camera_id for camera in found.cameras] == sorted({c.camera_id for c in clips})
    assert found.clips == len(clips)
    for camera in found.cameras:
        own = [clip for clip in clips if clip.camera_id == camera.camera_id]
        counts, persons = Counter[int](), Counter[int]()
        for clip in own:
            counts[max(0, clip.start_wall_ns - begin) // found.bin_ns] += 1
            persons[max(0, clip.start_wall_ns - begin) // found.bin_ns] += clip.persons
        assert camera.camera_name == own[0].camera_name
        assert camera.clips == [counts[n] for n in range(bins)]
        assert camera.persons == [persons[n] for n in range(bins)]
        assert camera.seconds == pytest.approx(
            [held(own, begin + n * found.bin_ns, found, end) for n in range(bins)], abs=1e-6
        )


def held(clips: list[ClipRecord], begin: int, density: Density, end: int) -> float:
    """Seconds of clips in a bin."""
    end = min(end, begin + density.bin_ns)
    of_each = (
        min(end, clip.start_wall_ns + asked(clip)) - max(begin, clip.start_wall_ns)
        for clip in clips
    )
    return sum(max(0, length) for length in of_each) / SECOND


@ask
@given(filters, st.integers(BEGIN, WALL), st.integers(1, 4 * 3600 * SECOND), st.integers(1, 99))
def test_spans_are_the_clips_that_have_a_part_in_the_time(
    catalog: Catalog,
    records: Records,
    wanted: Filters,
    begin: int,
    length: int,
    limit: int,
) -> None:
    found = browsing.spans(catalog, wanted, begin, begin + length, limit)
    clips = overlapping(records, wanted, begin, begin + length)[::-1][:limit]
    assert [
        (span.clip_id, span.camera_id, span.start_wall_ns, span.duration, span.state)
        for span in found
    ] == [(c.clip_id, c.camera_id, c.start_wall_ns, asked(c), c.state) for c in clips]
    assert [(s.reason, s.persons, s.pinned) for s in found] == [
        (clip.triggers[0].reason, clip.persons, clip.pinned) for clip in clips
    ]


@ask
@given(filters, st.integers(0, CLIPS))
def test_neighbours_are_the_nearest_that_are_meant_whatever_the_clip_itself_is(
    catalog: Catalog, records: Records, wanted: Filters, number: int
) -> None:
    here = records[number]
    older = [clip.clip_id for clip in records[number + 1 :] if means(wanted, clip)]
    newer = [clip.clip_id for clip in records[:number] if means(wanted, clip)]
    found = browsing.neighbours(catalog, wanted, here.clip_id)
    assert found == (older[0] if older else None, newer[-1] if newer else None)


def test_facets_count_what_a_filter_would_find(catalog: Catalog, records: Records) -> None:
    found = browsing.facets(catalog)
    shown = [clip for clip in records if clip.trashed_ns is None]
    assert found.clips == len(shown)
    assert found.trash == len(records) - len(shown) > 0
    assert (found.first_ns, found.last_ns) == (shown[-1].start_wall_ns, shown[0].start_wall_ns)
    cameras = {"cam0": "Front door", **dict(large.CAMERAS)}
    assert {camera: name for camera, name, _ in found.cameras} == cameras
    for field, counted in (
        ("cameras", [(camera, clips) for camera, _, clips in found.cameras]),
        ("reasons", found.reasons),
        ("zones", found.zones),
    ):
        assert len(counted) > 2
        for name, clips in counted:
            wanted = replace(Filters(), **{field: frozenset([name])})  # type: ignore[arg-type]
            assert clips == len(browsing.page(catalog, wanted, limit=10**6)) > 0


def test_an_empty_catalogue_has_nothing_to_look_through(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        assert browsing.page(catalog, Filters(), limit=50) == []
        assert browsing.density(catalog, Filters(), 0, 10, 3).cameras == ()
        assert browsing.spans(catalog, Filters(), 0, 10, 3) == []
        assert browsing.facets(catalog).first_ns is None
        with pytest.raises(NoSuchClip):
            browsing.neighbours(catalog, Filters(), "none")


def test_a_page_goes_on_where_it_ended_while_clips_come_and_go(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n in range(6):
            catalog.finished(closed(head(n)), done(tmp_path, head(n)))
        first = browsing.page(catalog, Filters(), limit=2)
        gone = [first[1].clip_id, head(3).clip_id]
        keeping.mark(catalog, gone)
        keeping.forget(catalog, gone)
        catalog.opened(head(7), tmp_path / "journal.mkv")
        second = browsing.page(catalog, Filters(), before=first[-1].cursor, limit=2)
        newer = browsing.page(catalog, Filters(), after=first[0].cursor, limit=2)
    assert [clip.event_id for clip in first] == ["event-5", "event-4"]
    assert [clip.event_id for clip in second] == ["event-2", "event-1"]
    assert [clip.event_id for clip in newer] == ["event-7"]


@pytest.mark.parametrize("words", ["ÄNDERUNG", "änd", "A\u0308nd", "100%", "o'clock", "_b"])
def test_words_are_found_whatever_their_case_and_mean_nothing_else(
    tmp_path: Path, words: str
) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n in (0, 1):
            catalog.finished(closed(head(n)), done(tmp_path, head(n)))
        keeping.note(catalog, head(1).clip_id, "Änderung: 100% at 5 o'clock, a_b")
        (found,) = browsing.page(catalog, Filters(text=words), limit=9)
        assert found.event_id == "event-1"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """For one clip."""
    with Catalog.open(tmp_path_factory.mktemp("shelf"), create=True) as catalog:
        yield catalog


@ask
@given(st.lists(st.text(max_size=5), max_size=4), st.text(max_size=3))
def test_a_reason_or_zone_is_found_by_its_whole_name_alone(
    shelf: Catalog, names: list[str], other: str
) -> None:
    kept = [name.encode("utf-8", "replace").decode().replace("\n", " ") for name in names]
    wanted = other.encode("utf-8", "replace").decode().replace("\n", " ")
    triggers = tuple(
        Trigger(f"t{n}", head().start, name, {"zone": name}) for n, name in enumerate(names)
    )
    shelf.changed(head(triggers=triggers))
    (clip,) = browsing.page(shelf, Filters(), limit=9)
    assert clip.reasons == clip.zones == tuple(dict.fromkeys(kept))
    for field in ("reasons", "zones"):
        asked_for = replace(Filters(), **{field: frozenset([other])})  # type: ignore[arg-type]
        assert bool(browsing.page(shelf, asked_for, limit=9)) == (wanted in kept)


def plans(catalog: Catalog) -> dict[str, list[str]]:
    """How SQLite answers what is asked when one looks through clips: each statement's plan."""
    statements: list[str] = []
    every = Filters(
        cameras=frozenset(["door"]),
        reasons=frozenset(["person"]),
        zones=frozenset(["gate", "step"]),
        min_score=0.6,
        pinned=False,
        text="maria",
        since=BEGIN,
        until=WALL,
    )
    here = browsing.page(catalog, Filters(), limit=9)[-1]
    catalog._db.set_trace_callback(statements.append)
    try:
        for wanted in (Filters(), every, Filters(cameras=every.cameras)):
            browsing.page(catalog, wanted, limit=9)
            browsing.page(catalog, wanted, before=here.cursor, limit=9)
            browsing.page(catalog, wanted, after=here.cursor, limit=9)
            browsing.density(catalog, wanted, BEGIN, WALL, 24)
            browsing.spans(catalog, wanted, BEGIN, WALL, 9)
            browsing.neighbours(catalog, wanted, here.clip_id)
        browsing.facets(catalog)
        keeping.held(catalog)
        keeping.trashed(catalog)
    finally:
        catalog._db.set_trace_callback(None)
    return {
        each: [row["detail"] for row in catalog.rows(f"EXPLAIN QUERY PLAN {each}")]
        for each in statements
    }


def test_no_wide_row_is_read_and_nothing_is_sorted_to_look_through_clips(catalog: Catalog) -> None:
    for statement, plan in plans(catalog).items():
        if "FROM clips WHERE clip_id =" in statement:  # the one clip whose neighbours these are
            assert plan == ["SEARCH clips USING PRIMARY KEY (clip_id=?)"]
            continue
        clips = [step for step in plan if " clips" in step]
        assert clips
        assert all("USING COVERING INDEX" in step for step in clips), (statement, plan)
        if "GROUP BY" not in statement:
            assert not any("ORDER BY" in step for step in plan), (statement, plan)
        if "(start_wall_ns, clip_id)" in statement:  # a page begins where the last ended
            assert any(step.startswith("SEARCH clips") for step in plan)


@pytest.mark.long
def test_a_hundred_thousand_clips_are_looked_through_as_they_are(tmp_path: Path) -> None:
    large.fill(tmp_path, 100_000)
    with Catalog.open(tmp_path, create=False) as catalog:
        found = browsing.facets(catalog)
        assert found.clips + found.trash == 100_000
        assert found.first_ns is not None
        assert found.last_ns is not None
        whole = browsing.density(catalog, Filters(), found.first_ns, found.last_ns + 1, 2000)
        assert whole.clips == found.clips
        (total,) = catalog.rows("SELECT sum(duration_ns) AS ns FROM clips WHERE trashed_ns IS NULL")
        seconds = sum(sum(camera.seconds) for camera in whole.cameras)
        assert seconds == pytest.approx(total["ns"] / SECOND, abs=120)  # some end behind the last
        middle = browsing.spans(
            catalog, Filters(), found.last_ns // 2 + found.first_ns // 2, WALL, 1
        )
        cursor = Cursor(middle[0].start_wall_ns, middle[0].clip_id)
        page = browsing.page(catalog, Filters(), before=cursor, limit=50)
        assert [clip.cursor for clip in page] == sorted((c.cursor for c in page), reverse=True)
        assert browsing.page(catalog, Filters(), after=page[-1].cursor, limit=49) == page[:-1]
