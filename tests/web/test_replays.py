"""Other settings tried on what was recorded, over the API: the real page and its real process.

What only a process that fails can show is shown with stand-ins for it.
"""

import asyncio
import json
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from smartrec.access.model import Scope
from smartrec.app.replay_outcome import Kind, Outcome
from smartrec.app.replay_question import Question, Side
from smartrec.app.settings_question import Change, Do
from smartrec.app.settings_question import Question as OfSettings
from smartrec.clock import SystemClock
from smartrec.detection.zones import Zone
from smartrec.errors import ConfigChanged
from smartrec.media.demo import open_demo
from smartrec.model import Codec
from smartrec.units import SECOND
from smartrec.web.replay_api import MOST_AT_ONCE, ReplayAsked, question_of, told_of
from smartrec.web.replays import Replay, Replays
from tests.e2e.recorder import wait_gone
from tests.store.clips import WALL
from tests.store.walks import fill_walks
from tests.web.child import TIMEOUT, Child, setup
from tests.web.guarded import Guarded, guarded_in
from tests.web.http import Answer, ask
from tests.web.programme import FIRST
from tests.web.recorder import JSON, Behind
from tests.web.settled import Settled, file_in
from tests.web.studio import FPS, Studio, Wish

pytestmark = pytest.mark.timeout(200)
PATIENCE = 150 * SECOND
"""With a process that stands back behind all others on a busy machine."""
WALKS = 60
DAY = 86_400_000
NOW = WALL // 1_000_000
HALL = [[0.0, 0.7], [0.5, 0.7], [0.5, 1.0], [0.0, 1.0]]
WHERE = {"key": "camera[0].zone", "value": [{"name": "hall", "polygon": HALL}]}
LOWER = {"key": "detector.min_confidence", "value": 0.3}
SLOW = ({"key": "detector.fps", "value": 30.0}, {"key": "detector.motion_gate", "value": False})
UNSEEN = ("key", "lost")
"""Kinds of walks that nobody looked at, and whose files are not there."""
WALKED = ("street", "door", "hall")
NICE = 16
"""Where it stands in /proc/PID/stat, behind the name."""


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with Child(setup(tmp_path_factory.mktemp("walked"))) as page, Behind(page).listening() as it:
        yield it


@pytest.fixture(scope="module")
def walked(recorder: Behind) -> dict[str, str]:
    """Of what kind each clip is, by id."""
    return fill_walks(clips_of(recorder), WALKS, faint=True)


@dataclass(frozen=True)
class Unchanged:
    """What comes of it where nothing is changed.

    Attributes:
        all: At the end.
        last: The same of the last five.
        rest: What there is behind these.
    """

    all: Any
    last: Any
    rest: Any


@pytest.fixture(scope="module")
def unchanged(recorder: Behind, walked: dict[str, str]) -> Unchanged:
    """Asked for at once: others make it forgotten."""
    answer = replayed(recorder)
    last, rest = (told(recorder, answer["id"], since) for since in (WALKS - 5, WALKS))
    return Unchanged(answer, last, rest)


@pytest.fixture
def filmed(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A page with a clip of the demo's person, twenty seconds by key, and nobody looked."""
    feed = open_demo(tmp_path_factory.getbasetemp().parent / "demo-pictures")
    studio, numbers = Studio(tmp_path, feed), range(FIRST, FIRST + 20 * FPS)
    keys, began = (FIRST + FPS,), WALL - 60 * SECOND
    studio.record(Wish(began, numbers, codec=Codec.JPEG, keys=keys, looked=False))
    feed.close()
    with Child(setup(tmp_path)) as page, Behind(page).listening() as behind:
        yield behind


def clips_of(behind: Behind) -> Path:
    return Path(behind.page.setup.clips)


def asked(*changes: Mapping[str, object], **more: object) -> dict[str, object]:
    return {"changes": list(changes), "from_ms": NOW - DAY, "to_ms": NOW, **more}


def begun(behind: Behind, *changes: dict[str, object], **more: object) -> str:
    """Begun, whatever a test before left behind."""
    reply = behind.send("replays", asked(*changes, instead=True, **more))
    assert reply.status == 202, reply.body
    return str(json.loads(reply.body)["id"])


def told(behind: Behind, key: str, since: int = 0) -> Any:
    reply = behind.get(f"/api/v1/replays/{key}?since={since}")
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def until(behind: Behind, key: str, holds: Callable[[Any], bool]) -> Any:
    """Ask until that is so."""
    begun_at = SystemClock().monotonic()
    while not holds(answer := told(behind, key)):
        assert SystemClock().monotonic() - begun_at < PATIENCE, answer
    return answer


def over(answer: Any) -> bool:
    return bool(answer["state"] != "running")


def replayed(behind: Behind, *changes: dict[str, object], **more: object) -> Any:
    """Begun, and waited for."""
    answer = until(behind, begun(behind, *changes, **more), over)
    assert answer["state"] == "done", answer["error"]
    return answer


def by_kind(answer: Any, walked: dict[str, str]) -> dict[str, set[str]]:
    """Outcomes of each kind of walk."""
    found: dict[str, set[str]] = {}
    for each in answer["results"]:
        found.setdefault(walked[each["clip"]], set()).add(each["outcome"])
    return found


def process_of(page: Child) -> int:
    """The page's child, as soon as there is one."""
    begun_at = SystemClock().monotonic()
    while SystemClock().monotonic() - begun_at < TIMEOUT * SECOND:
        for path in Path("/proc").glob("[0-9]*/stat"):
            if stat_of(path)[1:2] == [str(page.process.pid)]:
                return int(path.parent.name)
    raise AssertionError("it has no child")


def stat_of(path: Path) -> list[str]:
    """What stands behind the name of a process; nothing where it has ended."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            (),
            {**dict.fromkeys(WALKED, "stays"), "faint": "neither", "by key": "manual"},
            marks=pytest.mark.long,
        ),
        ((LOWER,), {**dict.fromkeys(WALKED, "stays"), "faint": "appears", "by key": "appears"}),
        pytest.param(
            (WHERE,),
            {"hall": "stays", "street": "vanishes", "door": "vanishes", "faint": "neither"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            ({"key": "trigger.person", "value": False},),
            {**dict.fromkeys(WALKED, "vanishes"), "by key": "manual"},
            marks=pytest.mark.long,
        ),
    ],
    ids=["nothing", "lower", "zone", "off"],
)
def test_each_clip_becomes_what_the_other_settings_would_have_made_of_it(
    behind: Behind,
    walked: dict[str, str],
    unchanged: Unchanged,
    changes: Any,
    expected: dict[str, str],
) -> None:
    answer = replayed(behind, *changes) if changes else unchanged.all
    found = by_kind(answer, walked)
    assert found.keys() == set(walked.values())
    assert {kind: found[kind] for kind in expected} == {k: {v} for k, v in expected.items()}
    assert all(found[kind] == {"unknown"} for kind in UNSEEN)
    outcomes = [each["outcome"] for each in answer["results"]]
    assert answer["counts"] == {each: outcomes.count(each) for each in outcomes}
    assert (answer["done"], answer["of"], answer["share"]) == (WALKS, WALKS, 0.0)
    starts = [each["start_ms"] for each in answer["results"]]
    assert starts == sorted(starts, reverse=True)
    assert all(each["thumbnail"] for each in answer["results"])


@pytest.mark.long
def test_only_clips_of_that_camera_and_time_are_meant(
    behind: Behind, walked: dict[str, str]
) -> None:
    assert replayed(behind, camera="cam1")["of"] == 0
    half = replayed(behind, camera="cam0", from_ms=NOW - DAY // 2)
    assert 0 < half["of"] == len(half["results"]) < WALKS
    assert all(each["start_ms"] >= NOW - DAY // 2 for each in half["results"])


def test_results_that_are_known_are_not_told_again(unchanged: Unchanged) -> None:
    assert (unchanged.all["next"], unchanged.all["more"]) == (WALKS, False)
    assert unchanged.last["results"] == unchanged.all["results"][-5:]
    assert (unchanged.last["next"], unchanged.rest["next"]) == (WALKS, WALKS)
    assert unchanged.rest["results"] == []


def test_of_very_many_results_some_are_told_at_a_time(unchanged: Unchanged) -> None:
    one = json.dumps(unchanged.all["results"][0])
    replay = Replay(results=[one] * (MOST_AT_ONCE + 3))
    replay.end("done")
    first = told_of(replay, 0)
    assert (len(first.results), first.next, first.more) == (MOST_AT_ONCE, MOST_AT_ONCE, True)
    last = told_of(replay, first.next)
    assert (len(last.results), last.next, last.more) == (3, MOST_AT_ONCE + 3, False)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"key": "camera[0].fps", "value": 5.0}, "camera[0].fps"),
        ({"key": "camera[1]", "value": {"source": "demo"}}, "camera[1]"),
        ({"key": "recording.pre_roll", "value": "5s"}, "recording.pre_roll"),
        ({"key": "detector.engine", "value": "portable"}, "detector.engine"),
        ({"key": "detector.fps", "value": "often"}, "detector.fps"),
        ({"key": "trigger.often", "value": 1}, "trigger.often"),
        (
            {"key": "camera[0].zone", "value": [{"name": "a", "polygon": [[0, 0], [1, 1]]}]},
            "camera[0].zone[0].polygon",
        ),
    ],
)
def test_what_cannot_be_replayed_is_refused_at_its_setting(
    behind: Behind, change: dict[str, object], key: str
) -> None:
    reply = behind.send("replays", asked(LOWER, change))
    assert reply.status == 422, reply.body
    assert [each["key"] for each in json.loads(reply.body)["mistakes"]] == [key]


@pytest.mark.parametrize(
    "wrong",
    [
        {"changes": [{"key": "no key", "value": 1}]},
        {"changes": [{"key": "detector.fps"}]},
        {"changes": [{"key": "detector.fps", "value": 1.0}] * 501},
        {"from_ms": -1},
        {"camera": "x" * 201},
        {"digest": "x"},
        {"clips": "/etc"},
        {"again": 3},
    ],
)
def test_what_makes_no_sense_is_refused(behind: Behind, wrong: dict[str, object]) -> None:
    assert behind.send("replays", {**asked(), **wrong}).status == 422


@pytest.mark.parametrize("key", ["detector.model", "detector"])
def test_no_other_file_is_read_for_a_model(behind: Behind, tmp_path: Path, key: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hush-hush")
    value = str(secret) if key == "detector.model" else {"model": str(secret)}
    reply = behind.send("replays", asked({"key": key, "value": value}))
    assert reply.status == 403, reply.body
    assert b"settings file only" in reply.body


def test_settings_that_were_changed_meanwhile_are_read_again_first(behind: Behind) -> None:
    assert behind.send("replays", asked(digest="0" * 64)).status == 409
    begun(behind, digest=behind.settings()["digest"])


def test_all_zones_of_a_camera_can_be_tried(behind: Behind) -> None:
    corners = [[0.123456, n / 200] for n in range(100)] + [[0.9, 1 - n / 200] for n in range(100)]
    many = [{"name": f"z{n}", "polygon": corners} for n in range(64)]
    begun(behind, {"key": "camera[0].zone", "value": many})


def test_there_is_none_but_those_that_were_begun(behind: Behind) -> None:
    for method in ("GET", "DELETE"):
        assert ask(behind.page.port, "/api/v1/replays/nothing", method).status == 404


def test_where_no_recorder_is_nobody_knows_the_settings(page: Child) -> None:
    body = json.dumps(asked()).encode()
    assert ask(page.port, "/api/v1/replays", "POST", headers=JSON, body=body).status == 503


@pytest.mark.long
def test_pictures_are_looked_at_again_where_nobody_looked(filmed: Behind) -> None:
    """The real detector finds her; that is not enough where more is asked for."""
    seldom = {"key": "detector.fps", "value": 1.0}
    saved = {"digest": filmed.settings()["digest"], "changes": [seldom]}
    assert filmed.send("settings", saved, "PATCH").status == 200
    (found,) = replayed(filmed, {"key": "detector.min_confidence", "value": 0.99})["results"]
    assert (found["outcome"], found["evidence"], found["by_hand"]) == ("vanishes", "detector", True)
    assert 0.5 < found["now"]["score"] < 1
    assert (found["then"], found["then_best"]) == (None, None)


def test_one_at_a_time_and_it_gives_way_to_all_else(filmed: Behind) -> None:
    first = begun(filmed, *SLOW)
    process = process_of(filmed.page)
    while stat_of(Path(f"/proc/{process}/stat"))[NICE] != "19":
        assert told(filmed, first)["state"] == "running"
    busy = filmed.send("replays", asked(LOWER))
    assert busy.status == 409
    assert "instead" in json.loads(busy.body)["error"]["hint"]
    second = begun(filmed, *SLOW)
    wait_gone(process)
    assert told(filmed, first)["state"] == "cancelled"
    process = process_of(filmed.page)
    for _ in range(2):
        assert ask(filmed.page.port, f"/api/v1/replays/{second}", "DELETE").status == 204
    wait_gone(process)
    answer = told(filmed, second)
    assert (answer["state"], answer["results"], answer["error"]) == ("cancelled", [], None)


@pytest.mark.long
def test_it_ends_with_the_page(filmed: Behind) -> None:
    begun(filmed, *SLOW)
    process = process_of(filmed.page)
    filmed.page.process.kill()
    wait_gone(process)


def test_it_is_written_down_who_tried_what_and_no_value(
    tmp_path: Path, walked: dict[str, str]
) -> None:
    def said(guarded: Guarded, scope: Scope) -> Answer:
        changes = ({"key": "detector.min_confidence", "value": 0.4321},)
        return guarded.ask("replays", "POST", guarded.token(scope), asked(*changes))

    with guarded_in(tmp_path) as guarded:
        assert said(guarded, Scope.RECORD).status == 403
        assert said(guarded, Scope.ADMIN).status == 202
        entries = guarded.ask("audit", who=guarded.token(Scope.ADMIN)).body
        newest = json.loads(entries)["entries"][0]
    written = newest["who"], newest["action"], newest["object"], newest["outcome"]
    assert written == ("admin", "replay", "detector.min_confidence", "ok")
    assert b"4321" not in entries


def test_the_process_learns_no_password_and_no_address(tmp_path: Path) -> None:
    file = file_in(tmp_path)
    secret = "rtsp://me:s3cret@192.0.2.1/one"
    file.write_text(file.read_text().replace('source = "demo"', f'source = "{secret}"'))
    read = Settled(file).answer(OfSettings(Do.READ))
    wanted = ReplayAsked.model_validate(asked(LOWER, WHERE))
    question = question_of(read, wanted, tmp_path)
    said = json.dumps(question.as_json())
    assert "s3cret" not in said
    assert "192.0.2.1" not in said
    assert question.then.watched("cam0").zones == (Zone("hall", tuple(map(tuple, HALL))),)  # type: ignore[arg-type]
    assert (question.then.detector.min_confidence, question.now.detector.min_confidence) == (
        *(0.3, None),
    )
    with pytest.raises(ConfigChanged, match="changed meanwhile"):
        question_of(read, wanted.model_copy(update={"digest": "0" * 64}), tmp_path)


def test_a_relative_path_begins_at_the_settings_file(tmp_path: Path) -> None:
    read = Settled(file_in(tmp_path / "config")).answer(OfSettings(Do.READ))
    change = Change("detector.labels", "labels.txt").as_json()
    wanted = ReplayAsked.model_validate(asked(change))
    labels = question_of(read, wanted, tmp_path).then.detector.labels
    assert labels == str(tmp_path / "config" / "labels.txt")


AGAIN = "Try again later."
QUESTION = Question(Side(), Side(), only=("x" * 200_000,))
"""More than a pipe holds."""
WAITS = "import sys; sys.stdin.readline(); sys.stdin.read()"
"""Until nobody wants it any more."""
HANGS = """
import json, os, sys, time
sys.stdin.readline()
print(json.dumps({"progress": {"done": os.getpid(), "of": 0, "share": 0.0}}), flush=True)
while True: time.sleep(60)
"""
"""It says who it is, and does not notice that nobody wants it any more."""
SAYS = "import sys; sys.stdin.readline(); print({!r}, flush=True); sys.exit({})"


def stand_in(program: str, **patience: float) -> Replays:
    """Replays by another process."""
    return Replays((sys.executable, "-c", program), **patience)


async def came(holds: Callable[[], bool]) -> None:
    async def turned() -> None:
        while not holds():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(turned(), TIMEOUT)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def ran() -> None:
        await scenario()
        await came(lambda: all(thread.name != "replay" for thread in threading.enumerate()))

    asyncio.run(ran())


@pytest.mark.parametrize(
    ("program", "message", "hint"),
    [
        (
            SAYS.format('{"failed": {"message": "no model", "hint": "Get one."}}', 1),
            *("no model", "Get one."),
        ),
        (SAYS.format('{"progress": {"done": 1, "of": 2, "share": 0.5}}', 3), "status 3", "log"),
        (SAYS.format("no JSON", 0), "something else", "log"),
        (SAYS.format("3", 0), "something else", "log"),
        ("import os; os.abort()", "SIGABRT", "log"),
    ],
)
def test_a_process_that_fails_says_why_and_the_next_may_do(
    program: str, message: str, hint: str
) -> None:
    async def scenario() -> None:
        replays = stand_in(program)
        for _ in range(2):
            replay = replays.begin(QUESTION)
            await came(lambda: not replays.running)
            assert replay.state == "failed"
            assert replay.error is not None
            assert message in replay.error[0]
            assert hint in str(replay.error[1])

    run(scenario)


@pytest.mark.parametrize("last", ['{"sum": {}}', '{"failed": {"message": "no model"}}'])
def test_one_that_said_how_it_ended_is_no_error_however_late_that_is_heard(
    last: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        replays = stand_in(SAYS.format(last, 0))
        replays.begin(QUESTION)
        for thread in threading.enumerate():
            if thread.name == "replay":
                thread.join(TIMEOUT)  # meanwhile the loop hears nothing
        await came(lambda: not replays.running)

    run(scenario)
    assert not caplog.records


def test_names_that_are_no_utf8_can_be_told() -> None:
    plain = Outcome("clip", None, "cam0", "Front", None, False, Kind.UNKNOWN)
    outcome = replace(plain, why="/clips\udcff/a.mp4 does not exist").as_json()
    replay = Replay()
    replay.hear({"outcome": outcome})
    replay.hear({"failed": {"message": "no clips in /clips\udcff yet"}})
    told = told_of(replay, 0).model_dump_json()
    assert told.count(r"/clips\\udcff") == 2


def test_a_process_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    async def scenario() -> None:
        replays = Replays((str(tmp_path / "nothing"),))
        replay = replays.begin(QUESTION)
        await came(lambda: not replays.running)
        assert replay.error == ("cannot start a replay: No such file or directory", AGAIN)

    run(scenario)


def test_one_that_nobody_asks_about_is_ended() -> None:
    async def scenario() -> None:
        replays = stand_in(WAITS, unasked=0.1)
        replay = replays.begin(QUESTION)
        await came(lambda: not replays.running)
        assert (replay.state, replay.error) == ("cancelled", None)
        assert replays.asked(replay.key) is replay

    run(scenario)


def test_who_asks_keeps_it_going() -> None:
    async def scenario() -> None:
        replays = stand_in(WAITS, unasked=0.1)
        replay = replays.begin(QUESTION)
        for _ in range(1000):
            assert replays.asked(replay.key) is replay
        replays.cancel(replay)
        assert not replays.running

    run(scenario)


def test_what_has_ended_is_forgotten_after_a_while_and_only_so_much_is_kept() -> None:
    async def scenario() -> None:
        replays = stand_in(WAITS, kept=0.1)
        replay = replays.begin(QUESTION)
        replays.cancel(replay)
        await came(lambda: replays.asked(replay.key) is None)
        replays = stand_in(WAITS)
        made = [replays.begin(QUESTION) for _ in range(8)]
        keys = [each.key for each in made]
        there = [key for key in keys if replays.asked(key) is not None]
        assert len(there) == 4
        assert there == keys[-len(there) :]
        replays.cancel(made[-1])

    run(scenario)


def test_a_process_that_hangs_is_killed() -> None:
    async def scenario() -> None:
        replays = stand_in(HANGS)
        replay = replays.begin(QUESTION)
        await came(lambda: replay.done > 0)
        replays.cancel(replay)
        await asyncio.to_thread(wait_gone, replay.done)

    run(scenario)
