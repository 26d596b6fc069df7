"""Each guard keeps a fault of the library's away; without it, the fault is there to see."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import pytest

from smartrec.media.gst import Gst, GstVideo
from smartrec.media.nvdssr import (
    NotRecorded,
    Recorded,
    SmartRecorder,
    SmartRecordLibrary,
)
from smartrec.media.nvdssr_abi import RecordingInfo, Told
from smartrec.media.nvdssr_gate import Gate, Hold, Parts
from smartrec.media.nvdssr_values import Part, Want
from smartrec.units import SECOND, Ns
from tests.deepstream.nvdssr.conftest import Open
from tests.deepstream.nvdssr.stage import Stage, at, in_file, recorded

TWO_SECONDS = Ns(2 * SECOND)


def _clip(stage: Stage, name: str, first: int, now: int, end: int) -> Recorded:
    """Record a clip that is wanted from picture `first`, triggered at `now`, until `end`."""
    told = len(stage.told)
    stage.feed_to(now + 1)
    stage.recorder.start(name, Ns(at(now) - at(first)), at(now))
    stage.recorder.stop(name, until=at(end))
    stage.feed_to(end + 20)
    return recorded(stage.hears(told + 1)[-1])


# What empties the cache


class _OpenGate(Gate):
    def _guard_queue(self, record: Gst.Pad) -> None:
        """Everything gets in."""


class _LetsEventsIn(SmartRecorder):
    def _new_gate(self, parts: Parts) -> Gate:
        return _OpenGate(parts, self._wake)


def _tag() -> Gst.Event:
    tags = Gst.TagList.new_empty()
    tags.add_value(Gst.TagMergeMode.APPEND, Gst.TAG_BITRATE, 123_456)
    return Gst.Event.new_tag(tags)


def _force_key_unit() -> Gst.Event:
    return GstVideo.video_event_new_downstream_force_key_unit(0, 0, 0, True, 1)


EMPTIERS: dict[str, Callable[[], Gst.Event]] = {
    "tag": _tag,
    "force-key-unit": _force_key_unit,
    "gap": lambda: Gst.Event.new_gap(at(90), 0),
}


def _first_after(stage: Stage, kind: str) -> Ns:
    """Where a clip begins that is wanted from picture 100 on, with an event behind 150."""
    stage.feed_to(150)
    sink = stage.recorder._engine.parts.record if stage.recorder._engine else None
    peer = sink.get_peer() if sink else None
    assert peer is not None
    peer.push_event(EMPTIERS[kind]())
    return _clip(stage, "a", 100, 160, 190).began


@pytest.mark.parametrize("kind", EMPTIERS)
def test_no_event_empties_the_cache(
    library: SmartRecordLibrary, open_stage: Open, kind: str
) -> None:
    assert _first_after(open_stage(library), kind) == at(90)


@pytest.mark.parametrize("kind", EMPTIERS)
def test_an_event_that_gets_in_empties_the_cache(
    library: SmartRecordLibrary, open_stage: Open, kind: str
) -> None:
    stage = open_stage(library, _LetsEventsIn)
    stage.feed_to(155)
    engine = stage.recorder._engine
    assert engine is not None
    assert engine.parts.cache is not None
    peer = engine.parts.record.get_peer()
    assert peer is not None
    peer.push_event(EMPTIERS[kind]())
    cache = engine.parts.cache
    stage.until(lambda: cache.get_property("current-level-buffers") == 0)
    assert _clip(stage, "a", 100, 160, 200).began == at(180)  # 0.7 s behind its trigger


def _ask(stage: Stage) -> bool:
    """A serialized query; whether the record bin answered it."""
    engine = stage.recorder._engine
    assert engine is not None
    peer = engine.parts.record.get_peer()
    assert peer is not None
    return bool(peer.peer_query(Gst.Query.new_drain()))


def test_no_query_empties_the_cache(library: SmartRecordLibrary, open_stage: Open) -> None:
    stage = open_stage(library)
    stage.feed_to(150)
    _ask(stage)
    assert _clip(stage, "a", 100, 160, 190).began == at(90)


def test_a_query_that_gets_in_empties_the_cache(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library, _LetsEventsIn)
    stage.feed_to(155)
    _ask(stage)
    assert _clip(stage, "a", 100, 160, 200).began == at(180)


# How much is asked for


class _AsksForThePreRoll(SmartRecorder):
    def _back(self, gate: Gate, since: Ns) -> int:
        assert gate.newest is not None
        return (gate.newest - since) // SECOND


def test_a_clip_that_is_asked_for_by_its_pre_roll_begins_late(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    assert _clip(open_stage(library), "a", 100, 160, 190).began == at(90)
    assert _clip(open_stage(library, _AsksForThePreRoll), "a", 100, 160, 190).began == at(150)


def test_more_than_is_kept_is_not_asked_for(library: SmartRecordLibrary, open_stage: Open) -> None:
    asked: list[int] = []

    class _Asks(SmartRecorder):
        def _back(self, gate: Gate, since: Ns) -> int:
            asked.append(super()._back(gate, since))
            return asked[-1]

    stage = open_stage(library, _Asks, cache=Ns(2 * SECOND + 1))
    assert _clip(stage, "a", 0, 200, 220).began == at(120)
    assert asked == [3]


class _ShortDefault(SmartRecordLibrary):
    """The time that stands for "no time of its own" is a second."""

    def create(self, *of: object, **by: object):  # type: ignore[no-untyped-def]
        into, where, cache, _after, wake = of
        return super().create(into, where, cache, 1, wake)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", [0, 300])
def test_a_duration_that_does_not_count_ends_the_file_after_the_default(
    library: SmartRecordLibrary, open_stage: Open, asked: int
) -> None:
    class _Asks(SmartRecorder):
        def _after(self) -> int:
            return asked

    short = _ShortDefault(library.path)
    unguarded, guarded = open_stage(short, _Asks, prefix="u"), open_stage(short)
    for stage in (guarded, unguarded):
        stage.feed_to(100)
        stage.recorder.start("a", Ns(0), at(99))
        stage.written()
    assert recorded(unguarded.hears(1)[0]).last is False  # nobody stopped it
    assert guarded.told == []  # started before, and goes on
    guarded.recorder.stop("a", until=at(110))
    guarded.feed_to(120)
    assert recorded(guarded.hears(1)[0]).ended == at(110)


# One file after the other


class _IsNeverBusy(SmartRecorder):
    def _busy(self) -> bool:
        return False


@pytest.mark.parametrize(("kind", "whole"), [(SmartRecorder, True), (_IsNeverBusy, False)])
def test_a_start_while_it_records_waits_or_spoils_the_other(
    library: SmartRecordLibrary, open_stage: Open, kind: type[SmartRecorder], whole: bool
) -> None:
    stage = open_stage(library, kind)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.feed_to(120)
    stage.written()
    stage.recorder.start("b", Ns(0), at(119))
    stage.recorder.stop("a")
    stage.recorder.stop("b", until=at(150))
    stage.feed_to(180, wait=False)
    if whole:
        stage.hears(1)
    stage.recorder.close()
    a = next(one for one in stage.told if one.clip == "a")
    assert (isinstance(a, Recorded) and in_file(a.path) == list(range(90, 120))) is whole


class _TakesNo(SmartRecorder):
    def _refused(self, want: Want) -> None:
        self._outbox.fail(want.clip, "refused")


@pytest.mark.parametrize(("kind", "result"), [(SmartRecorder, Recorded), (_TakesNo, NotRecorded)])
def test_a_start_right_behind_a_file_is_tried_until_it_is_taken(
    stand_in: SmartRecordLibrary,
    open_stage: Open,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[SmartRecorder],
    result: type,
) -> None:
    monkeypatch.setenv("STAND_IN_RESET_MS", "150")
    stage = open_stage(stand_in, kind)
    _clip(stage, "a", 90, 100, 110)
    stage.recorder.start("b", Ns(0), at(129))
    if kind is SmartRecorder:
        stage.records("b")
        stage.recorder.stop("b", until=at(160))
        stage.feed_to(170)
    assert isinstance(stage.hears(2)[1], result)


class _CutsAnywhere(SmartRecorder):
    def _new_gate(self, parts: Parts) -> Gate:
        class Loose(Gate):
            def _wait(self, begins: Ns, keyframe: bool) -> None:
                hold = self._order[0]
                if hold is not None and hold.takes(begins, keyframe=True):
                    self.overdue = True
                    self._wake()

        return Loose(parts, self._wake)


@pytest.mark.parametrize(("kind", "missing"), [(SmartRecorder, False), (_CutsAnywhere, True)])
def test_between_the_files_of_a_clip_nothing_is_missing_as_they_meet_at_a_keyframe(
    library: SmartRecordLibrary, open_stage: Open, kind: type[SmartRecorder], missing: bool
) -> None:
    stage = open_stage(library, kind, longest=TWO_SECONDS)
    stage.feed_to(101)
    stage.recorder.start("a", Ns(0), at(100))
    for number in range(102, 200):
        stage.feed_to(number)
        stage.written_or_between()
    stage.recorder.close()
    told = [one for one in stage.told if isinstance(one, Recorded)]
    numbers = [n for one in told for n in in_file(one.path)]
    assert len(told) > 1
    assert (numbers != list(range(90, numbers[-1] + 1))) is missing


class _StaysNarrow(SmartRecorder):
    def _widen(self, parts: Parts) -> None:
        """It holds what was asked for."""


@pytest.mark.parametrize(("kind", "all_there"), [(SmartRecorder, True), (_StaysNarrow, False)])
def test_a_writer_that_is_slow_for_a_moment_costs_no_picture(
    library: SmartRecordLibrary, open_stage: Open, kind: type[SmartRecorder], all_there: bool
) -> None:
    stage = open_stage(library, kind)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.feed_to(110)
    stage.written()
    engine = stage.recorder._engine
    assert engine is not None
    block = engine.parts.encode.add_probe(
        Gst.PadProbeType.BLOCK | Gst.PadProbeType.BUFFER, lambda _pad, _info: Gst.PadProbeReturn.OK
    )
    stage.feed_to(200)  # three seconds
    engine.parts.encode.remove_probe(block)
    stage.written()
    stage.recorder.stop("a")
    one = recorded(stage.hears(1)[0])
    assert (in_file(one.path) == list(range(90, 200))) is all_there
    assert (one.frames == 110) is all_there  # what is missing is known


# What is told


class _Listens(SmartRecorder):
    heard = 0

    def _hear(self, told: Told) -> None:
        self.heard += 1
        super()._hear(told)


class _BelievesAnything(_Listens):
    def _is_mine(self, told: Told, part: Part) -> bool:
        return True


@pytest.mark.parametrize(("kind", "whole"), [(_Listens, True), (_BelievesAnything, False)])
def test_a_file_that_is_told_of_late_is_not_taken_for_the_next(
    stand_in: SmartRecordLibrary,
    open_stage: Open,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[_Listens],
    whole: bool,
) -> None:
    monkeypatch.setenv("STAND_IN_TELL_MS", "700")
    stage = open_stage(stand_in, kind)
    stage.feed_to(101)
    stage.recorder.start("a", Ns(0), at(100))
    stage.recorder.stop("a", until=at(110))
    stage.feed_to(130)
    engine = stage.recorder._engine
    assert engine is not None
    stage.until(lambda: engine.parts.location == "/dev/null")
    for now in (0, 6):  # so long after its end it is taken as finished
        stage.recorder.turn(Ns(now * SECOND))
    assert recorded(stage.told[0]).ended == at(110)
    recorder = stage.recorder
    assert isinstance(recorder, _Listens)
    stage.recorder.start("b", Ns(0), at(129))
    stage.until(lambda: recorder.heard == 1)
    assert (len(stage.told) == 1) is whole  # else "b" is over before anyone stopped it


def test_what_the_library_says_is_copied_before_it_is_freed(
    stand_in: SmartRecordLibrary, open_stage: Open
) -> None:
    kept: list[tuple[str, int]] = []

    class Keeps(SmartRecordLibrary):
        @staticmethod
        def _copy(info: int) -> Told:
            pointer = RecordingInfo.filename.offset
            kept.append(
                (Told.of(info).name, ctypes.c_void_p.from_address(info + pointer).value or 0)
            )
            return Told.of(info)

    one = _clip(open_stage(Keeps(stand_in.path)), "a", 90, 100, 110)
    name, address = kept[0]
    assert name == one.path.name
    stage_name = b"X" * len(name)
    late = ctypes.string_at(address)
    while late != stage_name:  # its thread is about to scribble over it
        late = ctypes.string_at(address)


# What becomes of the camera's pipeline


class _PassesItOn(SmartRecorder):
    close_within = 0.2  # it never goes

    def _isolate(self, sink: Gst.GhostPad) -> None:
        """What the record bin answers goes upstream."""

    def _trouble(self) -> str | None:
        return None


class _TriesAnyDirectory(SmartRecorder):
    close_within = 0.2  # it never goes

    def _trouble(self) -> str | None:
        return None


@pytest.mark.parametrize(("kind", "lives"), [(_TriesAnyDirectory, True), (_PassesItOn, False)])
def test_a_file_that_cannot_be_opened_does_not_end_the_camera(
    library: SmartRecordLibrary,
    open_stage: Open,
    tmp_path: Path,
    kind: type[SmartRecorder],
    lives: bool,
) -> None:
    stage = open_stage(library, kind, directory=tmp_path / "nowhere")
    stage.hands_errors_in = False
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.until(lambda: len(stage.errors) > 0)
    stage.feed_to(300, wait=False)
    source = stage.source.get_static_pad("src")
    assert source is not None
    stopped = Gst.FlowReturn.FLUSHING
    stage.until(lambda: stage.came_in == 300 or source.get_last_flow_return() == stopped)
    assert (stage.came_in == 300) is lives


def test_a_hold_takes_the_first_picture_behind_the_end_or_a_keyframe_to_cut_at() -> None:
    hold = Hold(Ns(50), Ns(30))
    assert [hold.takes(Ns(n), keyframe=False) for n in (20, 40, 50, 60)] == [0, 0, 1, 1]
    assert [hold.takes(Ns(n), keyframe=True) for n in (20, 30, 40)] == [0, 1, 1]
    assert not Hold(None, Ns(30)).takes(Ns(99), keyframe=False)
