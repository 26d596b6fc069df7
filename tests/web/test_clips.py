"""Clips over the API, as the real process of the page answers: found, changed, thrown away."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartrec.model import ClipState
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.store.database import FILE_NAME
from smartrec.units import SECOND, Ns
from tests.store.clips import WALL, closed, done, head
from tests.store.large import fill
from tests.web.child import Child, setup
from tests.web.http import Answer, ask
from tests.web.kept import Kept, growing, kept_in, units, write
from tests.web.live import opened

JSON = {"Content-Type": "application/json"}
NOWHERE = "0192b1c0-ffff-7000-8000-000000000000"
MINUTE = 60_000


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    made = replace(setup(tmp_path_factory.mktemp("clips")), trash=Ns(90 * SECOND))
    with Child(made) as child:
        yield child


@pytest.fixture(scope="module")
def kept(page: Child) -> Kept:
    """What nobody changes."""
    return kept_in(Path(page.setup.clips))


@pytest.fixture
def clip(page: Child, kept: Kept) -> str:
    """One to be changed."""
    return add(page, 20)


def add(page: Child, n: int) -> str:
    """The n-th clip, as good as new."""
    made = head(n)
    with Catalog.open(Path(page.setup.clips), create=False) as catalog:
        catalog.finished(closed(made), done(catalog.directory, made))
        keeping.restore(catalog, [made.clip_id])
        keeping.pin(catalog, made.clip_id, pinned=False)
        keeping.note(catalog, made.clip_id, "")
    return made.clip_id


def get(page: Child, path: str, status: int = 200) -> Any:
    return body(ask(page.port, f"/api/v1/{path}"), status)


def send(page: Child, method: str, path: str, asked: object = None, status: int = 200) -> Any:
    data = None if asked is None else json.dumps(asked).encode()
    headers = JSON if asked is not None else {}
    return body(ask(page.port, f"/api/v1/{path}", method, headers=headers, body=data), status)


def body(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    told = json.loads(answer.body)
    if status >= 400:
        assert told["error"]["message"]
        assert told["error"]["hint"]
    return told


def listed(page: Child, asked: str = "") -> list[str]:
    return [clip["id"] for clip in get(page, f"clips?{asked}")["clips"]]


@pytest.mark.long
def test_before_there_is_a_catalogue_there_are_no_clips(tmp_path: Path) -> None:
    with Child(setup(tmp_path / "clips")) as page:
        assert get(page, "clips") == {"clips": [], "older": None, "newer": None}
        assert get(page, "facets")["clips"] == 0
        timeline = get(page, "timeline?from_ms=0&to_ms=1000")
        assert (timeline["total"], timeline["cameras"], timeline["spans"]) == (0, [], [])
        for path in ("", "/frames", "/frames/0", "/looks", "/video", "/thumbnail"):
            get(page, f"clips/{NOWHERE}{path}", 404)
        assert not (tmp_path / "clips").exists()


def test_a_list_says_of_each_what_a_card_shows(page: Child, kept: Kept) -> None:
    found = {clip["id"]: clip for clip in get(page, "clips")["clips"]}
    assert found[kept.movie] == {
        "id": kept.movie,
        "event_id": "event-0",
        "part": 1,
        "camera": "cam0",
        "camera_name": "Front door",
        "state": "complete",
        "open": False,
        "start_ms": 1795356898136,
        "duration_s": 4.0,
        "event_at_s": 1.987,
        "reason": "key-R",
        "reasons": ["key-R", "person"],
        "persons": 1,
        "score": 0.871,
        "zones": ["hall"],
        "pinned": False,
        "note": "",
        "bytes": (Path(page.setup.clips) / f"{head().file_name}.mp4").stat().st_size,
        "lost": 0,
        "kind": "video",
        "thumbnail": True,
        "trashed_ms": None,
    }
    kinds = {name: found[getattr(kept, name)]["kind"] for name in ("jpegs", "growing", "coded")}
    assert kinds == {"jpegs": "frames", "growing": "frames", "coded": "video"}
    growing = found[kept.growing]
    assert (growing["state"], growing["open"]) == ("recording", True)
    assert (growing["duration_s"], growing["bytes"], growing["thumbnail"]) == (None, None, False)


def test_what_there_is_to_filter_by(page: Child, kept: Kept) -> None:
    told = get(page, "facets")
    assert (told["cameras"], told["clips"]) == (
        [{"id": "cam0", "name": "Front door", "clips": told["clips"]}],
        len(listed(page)),
    )
    assert {"reason": "person", "clips": 4} in told["reasons"]
    assert told["zones"] == [{"zone": "hall", "clips": 4}]
    assert told["first_ms"] == 1795356898136
    assert told["trash_s"] == page.setup.trash / SECOND > 0


def test_pages_hang_together_in_both_directions(page: Child, kept: Kept) -> None:
    everything = listed(page)
    assert len(everything) >= 4
    newest = get(page, "clips?limit=1")
    assert newest["newer"] is None
    there = [newest["clips"][0]["id"]]
    told = newest
    while told["older"] is not None:
        told = get(page, f"clips?limit=1&before={told['older']}")
        there += [clip["id"] for clip in told["clips"]]
    assert there == everything
    back = []
    while told["newer"] is not None:
        told = get(page, f"clips?limit=1&after={told['newer']}")
        back += [clip["id"] for clip in told["clips"]]
    assert back == everything[-2::-1]


@pytest.mark.long
def test_all_of_very_many_are_found_once_while_clips_come_and_go(tmp_path: Path) -> None:
    fill(tmp_path, 10_000)
    with Child(setup(tmp_path)) as page, Catalog.open(tmp_path, create=False) as catalog:
        facets = get(page, "facets")
        told = get(page, "clips?limit=200")
        found = [clip["id"] for clip in told["clips"]]
        while told["older"] is not None:
            told = get(page, f"clips?limit=200&before={told['older']}")
            ids = [clip["id"] for clip in told["clips"]]
            found += ids
            if len(found) < 1000:  # the one that the next page is asked behind, and a new one
                keeping.trash(catalog, [deletable(told["clips"])], WALL)
                add(page, len(found) // 200)
        assert len(found) == len(set(found)) == facets["clips"]


def deletable(clips: list[dict[str, Any]]) -> str:
    return next(str(each["id"]) for each in reversed(clips) if not each["pinned"])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("camera=cam0&camera=other", ["coded", "growing", "jpegs", "movie"]),
        ("camera=other", []),
        ("reason=person", ["coded", "growing", "jpegs", "movie"]),
        ("reason=Person", []),
        ("zone=hall&zone=x", ["coded", "growing", "jpegs", "movie"]),
        ("zone=hal", []),
        ("min_score=0.871", ["coded", "growing", "jpegs", "movie"]),
        ("min_score=0.88", []),
        ("pinned=true", []),
        ("text=DOOR", ["coded", "growing", "jpegs", "movie"]),
        ("text=%25", []),
        ("text=%27%20OR%201%3D1--", []),
        ("from_ms=1795356898136&to_ms=1795356958123", ["movie"]),
        ("from_ms=1795356898137&to_ms=1795356958124", ["jpegs"]),
        ("to_ms=0", []),
        ("trash=true", []),
    ],
)
def test_filters_say_which_clips(page: Child, kept: Kept, asked: str, found: list[str]) -> None:
    ids = [clip for clip in listed(page, asked) if clip in kept.ids]
    assert ids == [getattr(kept, name) for name in found]


@pytest.mark.parametrize(
    "asked",
    [
        *("limit=0", "limit=201", "limit=x", "limit=1e1", "limit=99999999999999999999"),
        *("before=x", "before=", "before=1_2", "after=-1_" + NOWHERE, "before=9_" + NOWHERE * 2),
        *("min_score=nan", "min_score=2", "min_score=-0.1", "from_ms=-1", "to_ms=4611686018428"),
        *("pinned=maybe", "trash=2", "nothing=1", f"text={'x' * 201}", f"camera={'x' * 201}"),
        "&".join(["camera=x"] * 51),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_word(page: Child, kept: Kept, asked: str) -> None:
    get(page, f"clips?{asked}", 422)


@pytest.mark.parametrize("moment", ["0", "1", "9" * 19, "0" * 19])
def test_a_cursor_from_outside_is_a_place_like_any(page: Child, kept: Kept, moment: str) -> None:
    before = listed(page, f"before={moment}_{NOWHERE}")
    after = listed(page, f"after={moment}_{NOWHERE}")
    assert sorted(before + after) == sorted(listed(page))


def test_the_timeline_counts_and_tells_which(page: Child, kept: Kept) -> None:
    begin = 1795356898000
    told = get(page, f"timeline?from_ms={begin}&to_ms={begin + 4 * MINUTE}&bins=4")
    assert (told["from_ms"], told["to_ms"], told["bin_ms"]) == (begin, begin + 4 * MINUTE, MINUTE)
    (camera,) = told["cameras"]
    assert (camera["id"], camera["name"]) == ("cam0", "Front door")
    assert camera["clips"] == [1, 1, 1, 1]
    assert camera["persons"] == [1, 1, 1, 1]
    assert camera["seconds"][0] == 4.0
    assert told["total"] == 4
    spans = told["spans"]
    assert [span["id"] for span in spans] == kept.ids
    assert spans[0]["start_ms"] == begin + 136
    assert [span["open"] for span in spans] == [False, False, True, True]
    few = get(page, f"timeline?from_ms={begin}&to_ms={begin + 7}&bins=3&reason=nothing")
    assert (few["bin_ms"], few["to_ms"], few["spans"]) == (3, begin + 9, [])


@pytest.mark.parametrize(
    "asked", ["", "from_ms=1", "from_ms=1&to_ms=2&bins=0", "from_ms=1&to_ms=2&bins=2001"]
)
def test_no_timeline_without_a_time(page: Child, asked: str) -> None:
    get(page, f"timeline?{asked}", 422)


@pytest.mark.parametrize("asked", ["from_ms=5&to_ms=5", "from_ms=9&to_ms=5"])
def test_a_timeline_that_ends_before_it_begins_is_empty(page: Child, asked: str) -> None:
    assert get(page, f"timeline?{asked}")["cameras"] == []


def test_all_of_a_clip_is_told(page: Child, kept: Kept) -> None:
    told = get(page, f"clips/{kept.movie}?reason=person")
    assert told["media"] == {
        "kind": "video",
        "mime": "video/mp4",
        "rotate": 0,
        "flip": False,
        "width": 720,
        "height": 1280,
        "complete": True,
        "size": told["bytes"],
        "first_s": 0.0,
    }
    assert told["problem"] is None
    assert (told["pre_s"], told["post_s"]) == (1.987, 1.013)
    assert (told["asked_pre_s"], told["asked_post_s"]) == (2.0, 2.0)
    key, person = told["triggers"]
    assert (key["reason"], key["at_s"], key["last_s"], key["why"]) == (
        *("key-R", 1.987, None),
        {"key": "R"},
    )
    assert (person["reason"], person["last_s"], person["why"]["zone"]) == ("person", 2.987, "hall")
    proof = told["proof"]
    assert (proof["expected"], proof["written"], proof["lost"]) == (120, 120, {})
    assert len(proof["sha256"]) == 64
    assert proof["clock"] == {"source": "adjtimex", "synced": True, "max_error_us": 900}
    assert (told["older"], told["newer"]) == (None, kept.jpegs)
    assert told["file_name"] == head().file_name
    assert get(page, f"clips/{kept.movie.upper()}")["id"] == kept.movie


def test_a_clip_that_grows_is_told_as_far_as_it_is(page: Child, kept: Kept) -> None:
    told = get(page, f"clips/{kept.coded}")
    media = told["media"]
    assert media["mime"] == 'video/mp4; codecs="avc1.64001f"'
    assert (media["complete"], media["rotate"]) == (False, 90)
    # A second of lead, and 10 pictures of which only the decoder knows.
    assert media["first_s"] == pytest.approx(1 + 10 / 30, abs=1e-3)
    assert (told["pre_s"], told["post_s"]) == (2.0, None)
    assert told["triggers"][0]["at_s"] == 2.0
    media = get(page, f"clips/{kept.growing}")["media"]
    assert (media["kind"], media["complete"], media["first_s"]) == ("frames", False, 0.0)


def test_a_clip_that_grows_is_dated_by_its_first_picture(tmp_path: Path) -> None:
    directory = tmp_path / "clips"
    made = head()
    first = Ns(made.start + SECOND)  # the recorder had only just begun
    with Catalog.open(directory, create=True) as catalog:
        write(growing(catalog, directory, made), units(first, 30))
    with Child(setup(directory)) as page:
        told = get(page, f"clips/{made.clip_id}")
    assert told["start_ms"] == made.instant.wall_at(first) // 1_000_000
    assert (told["pre_s"], told["asked_pre_s"]) == (1.0, 2.0)


def test_neighbours_are_those_that_the_filters_mean(page: Child, kept: Kept) -> None:
    assert get(page, f"clips/{kept.jpegs}?camera=other")["older"] is None
    told = get(page, f"clips/{kept.jpegs}?camera=cam0")
    assert (told["older"], told["newer"]) == (kept.movie, kept.growing)


@pytest.mark.parametrize("path", ["", "/frames", "/frames/0", "/looks", "/video", "/thumbnail"])
@pytest.mark.parametrize("clip", [NOWHERE, "last", "0192b1c0", "..%5c..", "x" * 400])
def test_there_is_no_other_name_for_a_clip(page: Child, kept: Kept, clip: str, path: str) -> None:
    get(page, f"clips/{clip}{path}", 404 if clip == NOWHERE else 422)


def test_what_people_write_is_kept_as_they_wrote_it(page: Child, clip: str) -> None:
    note = '<script>alert(1)</script>\n\u202eÄpfel & "Birnen" \'; DROP TABLE clips;--\U0001f4f7'
    told = send(page, "PATCH", f"clips/{clip}", {"note": note, "pinned": True})
    assert (told["note"], told["pinned"]) == (note, True)
    again = get(page, f"clips/{clip}")
    assert (again["note"], again["pinned"]) == (note, True)
    assert listed(page, "text=%C3%84PFEL") == [clip]
    assert send(page, "PATCH", f"clips/{clip}", {})["note"] == note
    assert send(page, "PATCH", f"clips/{clip}", {"pinned": False})["note"] == note
    assert send(page, "PATCH", f"clips/{clip}", {"note": None})["note"] == note
    assert send(page, "PATCH", f"clips/{clip}", {"note": ""})["note"] == ""


@pytest.mark.parametrize(
    "wanted",
    [
        {"note": "x" * 2001},
        {"note": "\x00"},
        {"note": "\x1b[31m"},
        {"note": "a\tb"},
        {"note": "\ud800"},
        {"note": 1},
        {"pinned": "perhaps"},
        {"state": "complete"},
        {"deleting": True},
        [],
    ],
)
def test_what_cannot_be_wanted_changes_nothing(page: Child, clip: str, wanted: object) -> None:
    send(page, "PATCH", f"clips/{clip}", wanted, 422)
    told = get(page, f"clips/{clip}")
    assert (told["note"], told["pinned"]) == ("", False)


def test_what_is_thrown_away_can_be_taken_back(page: Child, clip: str) -> None:
    assert send(page, "DELETE", f"clips/{clip}")["trashed_ms"] is not None
    assert clip not in listed(page)
    assert listed(page, "trash=true") == [clip]
    assert get(page, "facets")["trash"] == 1
    assert get(page, f"clips/{clip}")["trashed_ms"] is not None
    refused = send(page, "PATCH", f"clips/{clip}", {"pinned": True}, 404)
    assert "trash" in refused["error"]["hint"]
    first = get(page, f"clips/{clip}")["trashed_ms"]
    assert send(page, "DELETE", f"clips/{clip}")["trashed_ms"] == first
    assert send(page, "POST", f"clips/{clip}/restore", {})["trashed_ms"] is None
    assert clip in listed(page)
    assert send(page, "POST", f"clips/{clip}/restore", {})["trashed_ms"] is None
    assert get(page, "facets")["trash"] == 0


def test_what_is_pinned_or_being_made_is_not_thrown_away(
    page: Child, kept: Kept, clip: str
) -> None:
    send(page, "PATCH", f"clips/{clip}", {"pinned": True})
    for each in (clip, kept.growing, kept.coded):
        refused = send(page, "DELETE", f"clips/{each}", None, 409)
        assert "smartrec clips" not in refused["error"]["hint"]
        assert each in listed(page)


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [
        ("PATCH", "", {}),
        ("PATCH", "", {"note": "x"}),
        ("DELETE", "", None),
        ("POST", "/restore", {}),
    ],
)
def test_what_is_not_there_cannot_be_changed(
    page: Child, kept: Kept, method: str, path: str, asked: object
) -> None:
    send(page, method, f"clips/{NOWHERE}{path}", asked, 404)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}],
)
def test_another_site_changes_and_sees_nothing(
    page: Child, clip: str, headers: dict[str, str]
) -> None:
    path = f"/api/v1/clips/{clip}"
    for method, below in (("PATCH", ""), ("DELETE", ""), ("POST", "/restore")):
        answer = ask(page.port, path + below, method, headers={**JSON, **headers}, body=b"{}")
        assert answer.status in (403, 421)
    for below in ("", "/video", "/thumbnail", "/frames", "/frames/0", "/looks"):
        assert ask(page.port, path + below, headers=headers).status in (403, 421)
    assert clip in listed(page)


def test_every_open_page_hears_of_a_change(page: Child, clip: str) -> None:
    with opened(page.port) as tab:
        told = send(page, "PATCH", f"clips/{clip}", {"note": "seen"})
        assert tab.text("clip") == {"type": "clip", "clip": told}
        told = send(page, "DELETE", f"clips/{clip}")
        assert tab.text("clip")["clip"]["trashed_ms"] == told["trashed_ms"]


@pytest.mark.long
def test_while_somebody_writes_reading_goes_on_and_writing_is_told(page: Child, clip: str) -> None:
    path = Path(page.setup.clips) / FILE_NAME
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert clip in listed(page)
        refused = send(page, "PATCH", f"clips/{clip}", {"note": "now"}, 503)
        assert "try again" in refused["error"]["hint"]
        other.execute("ROLLBACK")
    assert send(page, "PATCH", f"clips/{clip}", {"note": "now"})["note"] == "now"


def test_who_waits_to_write_holds_up_nobody_who_reads(page: Child, clip: str) -> None:
    path = Path(page.setup.clips) / FILE_NAME
    note = json.dumps({"note": "soon"}).encode()
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor() as pool,
    ):
        other.execute("BEGIN IMMEDIATE")
        there = f"/api/v1/clips/{clip}"
        writing = [
            pool.submit(ask, page.port, there, "PATCH", headers=JSON, body=note) for _ in range(6)
        ]
        next(iter(as_completed(writing)))  # so the others wait, too
        assert clip in listed(page)
        # Behind them in one line, it would have come after five.
        assert sum(each.done() for each in writing) < 4
        other.execute("ROLLBACK")
    assert get(page, f"clips/{clip}")["note"] == "soon"


def test_nonsense_in_the_catalogue_is_told_and_costs_nothing_else(page: Child, kept: Kept) -> None:
    spoilt = add(page, 30)
    path = Path(page.setup.clips) / FILE_NAME
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for why in ("no JSON", "null", "[]", "[" * 100_000):
            other.execute("UPDATE triggers SET why = ? WHERE clip_id = ?", (why, spoilt))
            get(page, f"clips/{spoilt}", 503)
        other.execute('UPDATE triggers SET why = \'{"a": "\\ud800"}\' WHERE clip_id = ?', (spoilt,))
        get(page, f"clips/{spoilt}", 500)  # half a character; told as everything is
        other.execute("UPDATE triggers SET why = '{\"a\": NaN}' WHERE clip_id = ?", (spoilt,))
        assert get(page, f"clips/{spoilt}")["triggers"][0]["why"] == {"a": None}
        other.execute("UPDATE clips SET state = 'dancing' WHERE clip_id = ?", (spoilt,))
        get(page, "clips", 503)
        other.execute("DELETE FROM clips WHERE clip_id = ?", (spoilt,))
    assert set(kept.ids) <= set(listed(page))


def test_a_clip_whose_recording_ended_badly_says_why(page: Child, kept: Kept) -> None:
    failed = head(31)
    with Catalog.open(Path(page.setup.clips), create=False) as catalog:
        catalog.opened(failed, catalog.directory / ".open" / f"{failed.file_name}.mkv")
        catalog.changed(closed(failed, ClipState.CAMERA_LOST))
        catalog.failed(failed.clip_id, "no encoder <b>here</b>")
    told = get(page, f"clips/{failed.clip_id}")
    assert (told["state"], told["error"]) == ("failed", "no encoder <b>here</b>")
    assert told["media"] is None
    assert "is gone" in told["problem"]
