"""The same recorder through an nvurisrcbin's actions and signal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.media.gst import GLib, Gst
from smartrec.media.nvdssr import NotRecorded, SmartRecordLibrary, UriRecorder
from smartrec.units import SECOND, Ns
from tests.deepstream.nvdssr.stage import Stage, at, in_file, recorded, settings
from tests.deepstream.nvdssr.uri_source import UriSource


@pytest.fixture
def source(library: SmartRecordLibrary) -> UriSource:
    UriSource.library = library
    return UriSource()


@pytest.fixture
def stage(source: UriSource, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(lambda done: UriRecorder(source, settings(tmp_path), done))
    source.ready()
    stage.play(source)
    stage.recorder.turn(Ns(0))
    yield stage
    stage.close()
    source.destroy()


def test_it_is_set_up_before_it_makes_its_record_bin(
    stage: Stage, source: UriSource, tmp_path: Path
) -> None:
    assert source.set == {
        "smart-record": 2,
        "smart-rec-dir-path": str(tmp_path),
        "smart-rec-file-prefix": "cam0",
        "smart-rec-container": 1,
        "smart-rec-default-duration": 299,
        "smart-rec-cache": 6,
    }


def test_clips_are_exact_and_follow_each_other(stage: Stage, source: UriSource) -> None:
    stage.feed_to(200)
    stage.recorder.start("a", Ns(2 * SECOND), at(199))
    stage.recorder.start("b", Ns(2 * SECOND), at(199))
    stage.recorder.stop("a", until=at(240))
    stage.feed_to(250)
    stage.hears(1)
    stage.records("b")
    stage.recorder.stop("b", until=at(300))
    stage.feed_to(310)
    first, second = (recorded(one) for one in stage.hears(2))
    assert (first.clip, in_file(first.path)) == ("a", list(range(120, 240)))
    assert (second.clip, in_file(second.path)) == ("b", list(range(240, 300)))
    assert {after for _, after in source.asked} == {299}


def test_before_there_is_a_record_bin_a_clip_is_told_of_and_not_recorded(
    source: UriSource, tmp_path: Path
) -> None:
    told: list[object] = []
    recorder = UriRecorder(source, settings(tmp_path), told.append)
    recorder.start("a", Ns(0), Ns(0))
    recorder.turn(Ns(0))
    assert [type(one) for one in told] == [NotRecorded]
    recorder.close()


def test_a_record_bin_that_failed_stays_so_and_says_it(stage: Stage) -> None:
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    engine = stage.recorder._engine
    assert engine is not None
    error: GLib.Error = GLib.Error.new_literal(Gst.ResourceError.quark(), "no room", 1)
    assert not stage.recorder.error(Gst.Message.new_error(stage.source, error, ""))
    assert stage.recorder.error(Gst.Message.new_error(engine.parts.filesink, error, ""))
    assert isinstance(stage.recorder, UriRecorder)
    assert stage.recorder.stuck
    stage.recorder.start("b", Ns(0), at(99))
    stage.recorder.turn(Ns(0))
    assert [type(one) for one in stage.told] == [NotRecorded, NotRecorded]
