"""Facts arrive all and in order, states only newest; the envelope is what the schema says."""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.bus import Bus, Subscription
from smartrec.app.console import Console, Repeats, line
from smartrec.app.envelope import Published, envelope, rfc3339, schema
from smartrec.app.events import (
    FACTS,
    STATES,
    CameraBack,
    CameraLost,
    CameraState,
    ClipOpened,
    ClipReady,
    CommandRefused,
    Event,
    Fact,
    Overrun,
    PicturesLost,
    RecordingState,
    StationStopped,
)
from smartrec.clock import SystemClock
from smartrec.units import SECOND, Ns

SCHEMA = Path(__file__).parents[2] / "docs/reference/events.schema.json"
KINDS: tuple[type[Event], ...] = (*FACTS, *STATES)
events = st.one_of(*(st.builds(kind) for kind in KINDS))


def refused(n: int) -> CommandRefused:
    return CommandRefused(str(n), "cam0", "the camera is lost")


def state(camera: str, n: int) -> CameraState:
    return CameraState(camera, 30.0, 20.0, 1, n, 0, 0)


def waiting(subscription: Subscription) -> list[Published]:
    """All that can be read now."""
    got = []
    while published := subscription.get(timeout=0):
        got.append(published)
    return got


def of(subscription: Subscription) -> list[Event]:
    return [published.event for published in waiting(subscription)]


@given(st.lists(events, max_size=40))
def test_every_fact_arrives_in_order_and_the_newest_state_of_each_subject(
    sent: list[Event],
) -> None:
    bus = Bus(SystemClock())
    everything, durable = bus.subscribe(), bus.subscribe(durable_only=True)
    for event in sent:
        bus.publish(event)
    facts = [event for event in sent if isinstance(event, Fact)]
    newest = {(event.type, event.subject): event for event in sent if not isinstance(event, Fact)}
    got = of(everything)
    assert got[: len(facts)] == facts
    assert {(event.type, event.subject): event for event in got[len(facts) :]} == newest
    assert len(got) == len(facts) + len(newest)
    assert of(durable) == facts


def test_facts_are_numbered_without_gaps_and_states_count_for_nothing() -> None:
    bus = Bus(SystemClock())
    reader = bus.subscribe(durable_only=True)
    for n in range(5):
        bus.publish(refused(n))
        bus.publish(state("cam0", n))
    got = waiting(reader)
    assert [published.seq for published in got] == [1, 2, 3, 4, 5]
    assert len({published.id for published in got}) == 5


def test_a_slow_reader_is_told_how_much_it_missed() -> None:
    bus = Bus(SystemClock())
    slow, other = bus.subscribe(backlog=10), bus.subscribe()
    for n in range(25):
        bus.publish(refused(n))
    got = waiting(slow)
    assert got[0].event == Overrun(15)
    assert [published.event for published in got[1:]] == [refused(n) for n in range(15, 25)]
    assert [published.seq for published in got] == [15, *range(16, 26)]
    assert of(other) == [refused(n) for n in range(25)]


def test_a_waiting_reader_on_another_thread_gets_everything() -> None:
    bus = Bus(SystemClock())
    reader = bus.subscribe()
    got: list[Event] = []

    def read() -> None:
        while published := reader.get(timeout=30):
            got.append(published.event)

    thread = threading.Thread(target=read)
    thread.start()
    for n in range(1000):
        bus.publish(refused(n))
    bus.close()
    thread.join(30)
    assert got == [refused(n) for n in range(1000)]


def test_a_closed_subscription_gets_nothing_more_and_is_forgotten() -> None:
    bus = Bus(SystemClock())
    reader = bus.subscribe()
    bus.publish(refused(1))
    reader.close()
    bus.publish(refused(2))
    assert bus.subscribe() is not reader
    assert of(reader) == [refused(1)]


def resolve(part: Mapping[str, object]) -> Mapping[str, object]:
    if "$ref" not in part:
        return part
    *_, name = str(part["$ref"]).split("/")
    return cast("dict[str, Mapping[str, object]]", schema()["$defs"])[name]


TYPES: dict[object, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def fits(value: object, part: Mapping[str, object]) -> bool:
    """Whether a value is what the schema says; all keywords that ours uses."""
    part = resolve(part)
    if "const" in part and value != part["const"]:
        return False
    if "type" in part and not isinstance(value, TYPES[part["type"]]):
        return False
    if "pattern" in part and not re.search(str(part["pattern"]), str(value)):
        return False
    if not all(
        fits(value, each) for each in cast("list[dict[str, object]]", part.get("allOf", []))
    ):
        return False
    if "anyOf" in part:
        return any(fits(value, each) for each in cast("list[dict[str, object]]", part["anyOf"]))
    if isinstance(value, list):
        return all(fits(each, cast("dict[str, object]", part["items"])) for each in value)
    if isinstance(value, dict):
        known = cast("dict[str, dict[str, object]]", part.get("properties", {}))
        missing = set(cast("list[str]", part.get("required", []))) - set(value)
        return not missing and all(
            fits(value[name], known[name]) for name in known if name in value
        )
    return True


@given(events)
def test_an_envelope_is_json_that_fits_the_schema_of_its_type_and_no_other(event: Event) -> None:
    published = Bus(SystemClock()).publish(event)
    sent = json.loads(json.dumps(envelope(published, "0193")))
    kinds = cast("list[dict[str, object]]", schema()["oneOf"])
    assert [kind["title"] for kind in kinds if fits(sent, kind)] == [event.type]
    at = sent["data"].pop("at")
    assert at == asdict(published.at)
    assert set(sent["data"]) == {each.name for each in fields(event)}


def test_types_are_versioned_and_each_is_used_once() -> None:
    types = [kind.type for kind in KINDS]
    assert len(set(types)) == len(types)
    assert all(re.fullmatch(r"smartrec\.[a-z]+\.[a-z]+\.v[1-9]", each) for each in types)
    assert not [kind for kind in KINDS if "at" in kind.__dataclass_fields__]


def test_the_published_schema_is_in_step() -> None:
    """If not: ``python -m smartrec.app.envelope > docs/reference/events.schema.json``."""
    assert json.loads(SCHEMA.read_text()) == schema()


@pytest.mark.parametrize(
    ("wall_ns", "text"),
    [
        (0, "1970-01-01T00:00:00.000000000Z"),
        (1_795_356_900_123_456_789, "2026-11-22T14:15:00.123456789Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_times_keep_their_nanoseconds(wall_ns: int, text: str) -> None:
    assert rfc3339(wall_ns) == text


@given(events)
def test_every_fact_has_one_line_and_no_state_has(event: Event) -> None:
    assert bool(line(event)) == isinstance(event, Fact)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            ClipOpened("cam0", "c", "e", "t", "key-R", 10.0, 10.0),
            "cam0: recording (key-R) from 10.0 s before it",
        ),
        (
            ClipOpened("cam0", "c", "e", "t", "key-R", 3.2, 10.0),
            "cam0: recording (key-R) from 3.2 s before it (10.0 s asked)",
        ),
        (
            ClipReady("cam0", "c", "e", "S/a.mp4", "complete", 20.0, 600, 600),
            "cam0: clip ready S/a.mp4  20.0 s, 600 of 600 frames",
        ),
        (
            ClipReady(
                "cam0", "c", "e", "S/a.mp4", "stopped", 2.0, 60, 58, {"driver": 2, "ring": 0}
            ),
            "cam0: clip ready S/a.mp4  2.0 s, 58 of 60 frames (lost: 2 driver) [stopped]",
        ),
        (
            CameraLost("cam0", "unplugged", "plug it in", 2.0),
            "cam0: lost: unplugged; trying again in 2.0 s - plug it in",
        ),
        (
            CameraLost("cam0", "unplugged", "plug it in", seen_before=False),
            "cam0: no picture yet: unplugged - plug it in",
        ),
        (StationStopped("ESC", 1), "stopped (ESC): 1 clip"),
        (StationStopped("ESC", 2, 7), "stopped (ESC): 2 clips, 7 pictures lost"),
    ],
)
def test_lines_read_well(event: Event, text: str) -> None:
    assert line(event) == text


def test_what_repeats_is_told_at_once_then_counted_then_told_again() -> None:
    repeats = Repeats(Ns(10 * SECOND))
    lost = [PicturesLost("cam0", "driver", n) for n in range(1, 5)]
    assert repeats.take(lost[0], Ns(0)) == "cam0: 1 picture lost: driver"
    assert repeats.take(lost[1], Ns(SECOND)) == repeats.take(lost[2], Ns(2 * SECOND)) == ""
    assert repeats.take(PicturesLost("cam0", "ring", 1), Ns(SECOND))
    assert repeats.take(PicturesLost("cam1", "driver", 1), Ns(SECOND))
    assert repeats.due(Ns(9 * SECOND)) == []
    again = "cam0: 3 pictures lost: driver  (2 times in 10s)"
    assert repeats.due(Ns(10 * SECOND)) == [again]
    assert repeats.due(Ns(20 * SECOND)) == []
    assert repeats.take(lost[3], Ns(21 * SECOND)) == "cam0: 4 pictures lost: driver"
    assert repeats.take(lost[2], Ns(22 * SECOND)) == ""
    assert repeats.due(Ns(31 * SECOND)) == ["cam0: 3 pictures lost: driver"], "once is no count"


@given(st.lists(st.tuples(st.sampled_from([CameraBack("a", 1.0), refused(1)]), st.integers(0, 5))))
def test_no_kind_is_told_more_than_once_a_window_and_none_is_forgotten(
    sent: list[tuple[Event, int]],
) -> None:
    repeats, now, told, counted = Repeats(Ns(10)), 0, 0, 0
    shown: dict[str, list[int]] = {}

    def note(lines: list[str]) -> None:
        nonlocal told, counted
        for text in lines:
            repeated = re.search(r"\((\d+) times", text)
            counted += int(repeated[1]) if repeated else 1
            shown.setdefault(text.split("  (")[0], []).append(now)

    for event, pause in sent:
        now += pause
        note(repeats.due(Ns(now)))
        note([text] if (text := repeats.take(event, Ns(now))) else [])
    for times in shown.values():
        assert all(later - sooner >= 10 for sooner, later in pairwise(times))
    note(repeats.due(Ns(now), all_=True))
    assert counted == len(sent)


def test_a_clips_lines_are_never_held_back() -> None:
    repeats = Repeats()
    opened = ClipOpened("cam0", "c", "e", "t", "cli", 10.0, 10.0)
    assert repeats.take(opened, Ns(0)) == repeats.take(opened, Ns(0)) != ""


def test_the_console_writes_everything_to_the_end() -> None:
    bus, lines = Bus(SystemClock()), list[str]()
    console = Console(bus.subscribe(), lines.append, SystemClock())
    console.start()
    for n in range(3):
        bus.publish(refused(n))
        bus.publish(RecordingState("cam0", None))
    bus.publish(StationStopped("ESC"))
    bus.close()
    console.join(30)
    said = "cam0: refused: the camera is lost"
    assert lines == [said, "stopped (ESC): 0 clips", f"{said}  (2 times in 10s)"]


def test_a_terminal_that_is_held_up_holds_up_nobody() -> None:
    bus, free = Bus(SystemClock()), threading.Event()
    console = Console(bus.subscribe(backlog=5), lambda _: free.wait(30), SystemClock())
    console.start()
    for n in range(1000):
        bus.publish(refused(n))
    free.set()
    bus.close()
    console.join(30)
    assert not console.is_alive()


def test_a_closed_pipe_ends_the_console_and_nothing_else() -> None:
    def write(_: str) -> None:
        raise BrokenPipeError

    bus = Bus(SystemClock())
    reader = bus.subscribe()
    console = Console(reader, write, SystemClock())
    console.start()
    bus.publish(refused(1))
    console.join(30)
    assert reader.closed
    bus.publish(refused(2))
