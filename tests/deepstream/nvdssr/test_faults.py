"""Disks that are full or gone, ends never told of: the clip is reported, and the next works."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smartrec.media.gst import GLib, Gst
from smartrec.media.nvdssr import NotRecorded, Recorded, SmartRecorder, SmartRecordLibrary
from smartrec.media.nvdssr_gate import Gate, Passed
from smartrec.units import SECOND, Ns
from tests.deepstream.nvdssr.conftest import Open
from tests.deepstream.nvdssr.stage import GOP, Stage, at, in_file, recorded


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process grows beyond 8 kB: writing fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class _Unwatched(SmartRecorder):
    close_within = 0.2  # it never goes

    def _watch(self, now: Ns) -> None:
        """Nobody looks after it."""


class _Trusting(SmartRecorder):
    def _trouble(self) -> str | None:
        return None


def _turns(stage: Stage, *seconds: int) -> None:
    for now in seconds:
        stage.recorder.turn(Ns(now * SECOND))


def _works_again(stage: Stage, first: int) -> None:
    """A clip can be recorded, whose pictures begin behind those so far."""
    stage.recorder.turn(Ns(1000 * SECOND))
    told = len(stage.told)
    begins = -(-first // 30) * 30
    stage.feed_to(begins + 40)
    stage.recorder.start("again", Ns(0), at(begins + 20))
    stage.recorder.stop("again", until=at(begins + 50))
    stage.feed_to(begins + 60)
    one = recorded(stage.hears(told + 1)[-1])
    assert one.clip == "again"
    assert in_file(one.path)[-1] == begins + 49


def _until_errors(stage: Stage) -> None:
    stage.until(lambda: stage.taken + len(stage.errors) > 0)


def _until_none_passes(stage: Stage, gate: Gate) -> None:
    """Feed until no picture passes: some do before every part has learnt of the error."""
    passed = -1
    while gate.passed.frames != passed:
        passed = gate.passed.frames
        stage.feed(GOP)


def test_a_full_disk_ends_the_clip_at_once_and_the_next_works(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    with full_disk():
        stage.recorder.start("a", Ns(2 * SECOND), at(99))
        stage.feed_to(160, wait=False)
        (told,) = stage.hears(1)
    assert isinstance(told, NotRecorded)
    assert told.clip == "a"
    assert "cannot be written" in told.why
    assert told.hint
    assert stage.errors == []
    stage.until(lambda: stage.came_in == 160)
    _works_again(stage, 160)


class _TakesAnyFile(SmartRecorder):
    def _is_cut_off(self, path: Path, passed: Passed) -> bool:
        return False


@pytest.mark.parametrize("kind", [SmartRecorder, _TakesAnyFile])
def test_a_full_disk_of_which_no_error_came_is_seen_by_the_file(
    stand_in: SmartRecordLibrary, open_stage: Open, kind: type[SmartRecorder]
) -> None:
    stage = open_stage(stand_in, kind)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(2 * SECOND), at(99))
    stage.feed_to(160)
    stage.written()
    part = stage.recorder._part
    assert part is not None
    part.path.unlink()  # what is written from now on is nowhere
    part.path.touch()
    stage.recorder.stop("a")
    (told,) = stage.hears(1)
    assert isinstance(told, NotRecorded) is (kind is SmartRecorder)
    if isinstance(told, NotRecorded):
        assert "cut off" in told.why
        _works_again(stage, 160)


def test_a_full_disk_whose_error_was_not_handed_in_is_seen_in_the_end(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.hands_errors_in = False
    stage.feed_to(100)
    with full_disk():
        stage.recorder.start("a", Ns(2 * SECOND), at(99))
        stage.feed_to(160, wait=False)
        _until_errors(stage)
        stage.recorder.stop("a")
        stage.feed_to(200, wait=False)
        stage.until(lambda: (part := stage.recorder._part) is None or part.stopping)
    _turns(stage, 0, 6)
    assert [type(one) for one in stage.told] == [NotRecorded]
    _works_again(stage, 200)


def test_a_directory_that_is_not_there_is_said_at_once_and_spoils_nothing(
    library: SmartRecordLibrary, open_stage: Open, tmp_path: Path
) -> None:
    stage = open_stage(library, directory=tmp_path / "clips")
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    (told,) = stage.told
    assert isinstance(told, NotRecorded)
    assert "is no directory" in told.why
    assert "ls -ld" in told.hint
    (tmp_path / "clips").mkdir()
    stage.recorder.start("b", Ns(0), at(99))
    stage.recorder.stop("b", until=at(110))
    stage.feed_to(120)
    assert in_file(recorded(stage.hears(2)[1]).path) == list(range(90, 110))


def test_a_recorder_that_took_a_bad_directory_is_made_anew(
    library: SmartRecordLibrary, open_stage: Open, tmp_path: Path
) -> None:
    stage = open_stage(library, _Trusting, directory=tmp_path / "clips")
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    (told,) = stage.hears(1)
    assert isinstance(told, NotRecorded)
    (tmp_path / "clips").mkdir()
    _works_again(stage, 100)


@pytest.mark.parametrize(("kind", "told"), [(SmartRecorder, 1), (_Unwatched, 0)])
def test_a_recorder_that_takes_no_pictures_is_given_up(
    library: SmartRecordLibrary,
    open_stage: Open,
    tmp_path: Path,
    kind: type[SmartRecorder],
    told: int,
) -> None:
    class Trusting(kind):  # type: ignore[misc, valid-type]
        def _trouble(self) -> str | None:
            return None

    stage = open_stage(library, Trusting, directory=tmp_path / "clips")
    stage.hands_errors_in = False
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    _until_errors(stage)
    gate = stage.recorder._engine.gate if stage.recorder._engine else None
    assert gate is not None
    _until_none_passes(stage, gate)
    _turns(stage, 0)
    had = gate.keyframes_in
    stage.feed(2 * GOP, wait=False)
    stage.until(lambda: gate.keyframes_in > had)
    _turns(stage, 9)
    assert stage.told == []
    _turns(stage, 11)
    assert [type(one) for one in stage.told] == [NotRecorded] * told


def test_a_camera_that_sends_nothing_is_no_fault_of_the_recorder(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(40)
    stage.recorder.start("a", Ns(0), at(39))
    _turns(stage, 0, 11, 60)
    assert stage.told == []
    stage.recorder.stop("a", until=at(50))
    stage.feed_to(60)
    assert in_file(recorded(stage.hears(1)[0]).path) == list(range(30, 50))


@pytest.mark.parametrize("kind", [SmartRecorder, _Unwatched])
def test_a_complete_file_whose_end_is_not_told_of_is_reported_all_the_same(
    stand_in: SmartRecordLibrary,
    open_stage: Open,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[SmartRecorder],
) -> None:
    """The library reads a file back, and if that takes it more than a second it says nothing."""
    monkeypatch.setenv("STAND_IN_SILENT", "1")
    stage = open_stage(stand_in, kind)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.recorder.stop("a", until=at(120))
    stage.feed_to(130)
    engine = stage.recorder._engine
    assert engine is not None
    stage.until(lambda: engine.parts.location == "/dev/null")
    _turns(stage, 0, 4)
    assert stage.told == []
    _turns(stage, 6)
    if kind is _Unwatched:
        assert stage.told == []
        return
    one = recorded(stage.told[0])
    assert in_file(one.path) == list(range(90, 120))
    assert one.duration == one.ended - one.began


def test_an_error_of_another_element_is_not_taken(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    error: GLib.Error = GLib.Error.new_literal(Gst.ResourceError.quark(), "gone", 1)
    assert not stage.recorder.error(Gst.Message.new_error(stage.source, error, ""))
    engine = stage.recorder._engine
    assert engine is not None
    assert stage.recorder.error(Gst.Message.new_error(engine.parts.filesink, error, ""))


def test_closing_does_not_wait_for_a_file_that_cannot_end(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    """NvDsSRDestroy waits for ever for the end of what it still records."""
    stage = open_stage(library)
    stage.hands_errors_in = False
    stage.feed_to(100)
    with full_disk():
        stage.recorder.start("a", Ns(2 * SECOND), at(99))
        stage.feed_to(160, wait=False)
        _until_errors(stage)
        engine = stage.recorder._engine
        assert engine is not None
        stage.recorder.close()
    assert engine.closed(0)
    assert [type(one) for one in stage.told] == [NotRecorded]


def test_pictures_go_on_while_a_directory_is_taken_away(
    library: SmartRecordLibrary, open_stage: Open, tmp_path: Path
) -> None:
    """An open file does not mind; the next clip is told of, and not recorded."""
    clips = tmp_path / "clips"
    clips.mkdir()
    stage = open_stage(library, directory=clips)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.feed_to(120)
    stage.written()
    shutil.rmtree(clips)
    stage.recorder.stop("a")
    stage.feed_to(200, wait=False)
    stage.until(lambda: stage.came_in == 200)
    stage.until(lambda: (part := stage.recorder._part) is None or part.stopping)
    stage.recorder.start("b", Ns(0), at(199))
    _turns(stage, 0, 6, 7)
    assert not any(isinstance(one, Recorded) for one in stage.told)
    assert {one.clip for one in stage.told} == {"a", "b"}
