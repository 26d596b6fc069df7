"""Every command passes the gate: obeyed once, or refused with a reason."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.gate import REMEMBERED, Gate
from smartrec.clock import ClockQuality, Instant
from smartrec.errors import StoreError
from smartrec.model import Action, Answer, Command, Verdict
from smartrec.units import SECOND, Ns

NOW = 1_800_000_000 * SECOND
MONO = Ns(5_000 * SECOND)


class StandInClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.wall_ns = NOW

    def monotonic(self) -> Ns:
        return MONO

    def now(self) -> Instant:
        return Instant(self.wall_ns, MONO, "boot", ClockQuality("adjtimex", True, 1))


class Cameras:
    """Two cameras that accept everything and remember what they were told."""

    def __init__(self) -> None:
        self.obeyed: list[Command] = []

    def __call__(self, command: Command) -> tuple[Answer, ...]:
        self.obeyed.append(command)
        names = ("cam0", "cam1") if command.camera is None else (command.camera,)
        clip = f"clip-{len(self.obeyed)}"
        return tuple(Answer(command.id, name, Verdict.ACCEPTED, clip_id=clip) for name in names)


def gate() -> tuple[Gate, Cameras]:
    cameras = Cameras()
    return Gate(cameras, StandInClock()), cameras


def start(id_: str = "a", camera: str | None = None) -> Command:
    return Command(id_, camera, Action.START)


times = st.one_of(st.none(), st.integers(NOW - 5_000 * SECOND, NOW + 5_000 * SECOND))
commands = st.builds(
    Command,
    id=st.sampled_from(["a", "b", "c"]),
    camera=st.sampled_from([None, "cam0"]),
    action=st.sampled_from(Action),
    pts=st.one_of(st.none(), st.integers(-SECOND, 2 * MONO).map(Ns)),
    start=times,
    end=times,
    expires=times,
)


@given(st.lists(commands, max_size=30))
def test_an_id_is_obeyed_at_most_once_and_always_gets_the_same_answers(sent: list[Command]) -> None:
    door, cameras = gate()
    seen: dict[str, tuple[Answer, ...]] = {}
    for command in sent:
        answers = door.handle(command)
        assert answers
        assert seen.setdefault(command.id, answers) == answers
    ids = [command.id for command in cameras.obeyed]
    assert len(ids) == len(set(ids))


@given(commands)
def test_what_is_obeyed_is_well_formed_and_what_is_not_says_why(command: Command) -> None:
    door, cameras = gate()
    answers = door.handle(command)
    if cameras.obeyed:
        assert command.expires is None or command.expires >= NOW
        if command.start is not None and command.end is not None:
            assert 0 < command.end - command.start <= 3_600 * SECOND
        assert command.action is Action.START or command.start is command.end is None
    else:
        (answer,) = answers
        assert answer.verdict is Verdict.REFUSED
        assert answer.reason


@given(st.integers(1, 40))
def test_exactly_the_last_thousand_ids_are_remembered(extra: int) -> None:
    door, cameras = gate()
    total = REMEMBERED + extra
    for n in range(total):
        door.handle(start(str(n)))
    door.handle(start(str(extra)))
    assert len(cameras.obeyed) == total
    door.handle(start(str(extra - 1)))
    assert len(cameras.obeyed) == total + 1


def test_an_id_that_keeps_coming_is_not_forgotten() -> None:
    door, cameras = gate()
    for n in range(2 * REMEMBERED):
        door.handle(start("again"))
        door.handle(start(str(n)))
    assert sum(command.id == "again" for command in cameras.obeyed) == 1


def test_a_refusal_is_remembered_too_though_the_clock_goes_back() -> None:
    cameras, clock = Cameras(), StandInClock()
    door = Gate(cameras, clock)
    late = replace(start(), expires=NOW - 2 * SECOND)
    (answer,) = first = door.handle(late)
    assert answer.reason == "it expired 2s ago"
    clock.wall_ns = NOW - 60 * SECOND
    assert door.handle(late) == first
    assert not cameras.obeyed


def at(
    start: float | None = None, end: float | None = None, expires: float | None = None
) -> Callable[[Command], Command]:
    """Set times of a command, in seconds from now."""

    def wall(seconds: float | None) -> int | None:
        return None if seconds is None else NOW + round(seconds * SECOND)

    return lambda it: replace(it, start=wall(start), end=wall(end), expires=wall(expires))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (at(start=-1, end=-1), "its interval ends before it begins"),
        (at(start=-1, end=-2), "its interval ends before it begins"),
        (at(end=-0.5), "its interval ends before it begins"),
        (at(start=-1, end=3_600), "its interval is 1h1s long, more than 1h"),
        (at(start=-3_601), "its interval is 1h1s long, more than 1h"),
        (at(start=-7_200, end=-7_199), "its interval begins 2h before its moment, more than 1h"),
        (at(start=5, end=6), "its interval begins 5s after its moment"),
        (lambda it: replace(it, pts=Ns(MONO + 60 * SECOND)), "its moment is 1m in the future"),
        (lambda it: replace(it, pts=Ns(-1)), "its moment is before this machine was started"),
        (lambda it: at(end=9)(replace(it, action=Action.STOP)), "to stop has no interval"),
        (lambda it: at(end=9)(replace(it, action=Action.DISARM)), "to disarm has no interval"),
        (lambda it: replace(it, id=""), "its id is empty"),
        (lambda it: replace(it, id="x" * 129), "its id is longer than 128 characters"),
        (lambda it: replace(it, camera=""), "its camera is empty"),
        (
            lambda it: replace(it, reason="\x1b[2J"),
            "its reason has characters that cannot be printed",
        ),
        (
            lambda it: replace(it, reply_to="\ud800"),
            "its reply_to has characters that cannot be printed",
        ),
    ],
)
def test_nonsense_is_refused_in_words(change: Callable[[Command], Command], reason: str) -> None:
    door, cameras = gate()
    (answer,) = door.handle(change(start()))
    assert (answer.verdict, answer.reason) == (Verdict.REFUSED, reason)
    assert not cameras.obeyed


@pytest.mark.parametrize(
    "change",
    [
        at(start=-60, end=-30),
        at(start=-1, end=3_599),
        at(end=0.001),
        at(expires=0),
        lambda it: replace(it, pts=Ns(0)),
        lambda it: at(end=-0.5)(replace(it, pts=Ns(MONO - SECOND))),
    ],
)
def test_what_makes_sense_is_obeyed(change: Callable[[Command], Command]) -> None:
    door, cameras = gate()
    command = change(start())
    assert {answer.verdict for answer in door.handle(command)} == {Verdict.ACCEPTED}
    assert cameras.obeyed == [command]


def test_a_condition_of_the_recorder_is_an_answer_too() -> None:
    def obey(_: Command) -> tuple[Answer, ...]:
        raise StoreError("the clip directory is gone")

    (answer,) = Gate(obey, StandInClock()).handle(start())
    assert (answer.verdict, answer.reason) == (Verdict.REFUSED, "the clip directory is gone")


def test_a_station_without_cameras_says_so() -> None:
    (answer,) = Gate(lambda _: (), StandInClock()).handle(start())
    assert (answer.verdict, answer.reason) == (Verdict.REFUSED, "there is no camera")
