"""Clips by NvDsSR: what was asked for is in the files, picture by picture."""

import gc
from pathlib import Path

import pytest

from smartrec.errors import EngineMissing
from smartrec.media.nvdssr import (
    NotRecorded,
    Recorded,
    SmartRecorder,
    SmartRecordLibrary,
    find_library,
)
from smartrec.media.nvdssr_abi import FILE_NAME
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.deepstream.nvdssr import libraries
from tests.deepstream.nvdssr.conftest import Open
from tests.deepstream.nvdssr.stage import at, in_file, recorded
from tests.media.clips import FRAME

TWO_SECONDS = Ns(2 * SECOND)


def test_a_clip_begins_with_the_keyframe_before_its_pre_roll_and_ends_where_it_shall(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(200)
    stage.recorder.start("a", TWO_SECONDS, at(199))  # from 139 on
    stage.recorder.stop("a", until=at(251))
    stage.feed_to(300)
    one = recorded(stage.hears(1)[0])
    assert (one.clip, one.last) == ("a", True)
    assert in_file(one.path) == list(range(120, 251))
    assert (one.began, one.ended, one.frames) == (at(120), at(251), 131)
    assert abs(one.duration - 131 * FRAME) <= 2 * MILLISECOND
    assert one.path.name.startswith("cam0_")


def test_a_clip_whose_end_is_set_late_ends_at_once(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(95))
    stage.feed_to(150)
    stage.recorder.stop("a")
    one = recorded(stage.hears(1)[0])
    assert in_file(one.path) == list(range(90, 150))


def test_a_clip_for_later_begins_with_the_pictures_of_then(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library, gop=1)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.recorder.stop("a", until=at(120))
    stage.feed_to(130)
    one = recorded(stage.hears(1)[0])
    # The library counts in seconds, so that much more may be in front.
    assert at(99) - SECOND <= one.began <= at(99)
    assert one.ended == at(120)


def test_an_mp4_can_be_read_as_well(library: SmartRecordLibrary, open_stage: Open) -> None:
    stage = open_stage(library, container="mp4")
    stage.feed_to(100)
    stage.recorder.start("a", TWO_SECONDS, at(99))
    stage.recorder.stop("a", until=at(120))
    stage.feed_to(130)
    one = recorded(stage.hears(1)[0])
    assert one.path.suffix == ".mp4"
    assert in_file(one.path) == list(range(30, 120))


def test_a_clip_that_is_started_again_while_it_is_recorded_goes_on(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.recorder.stop("a", until=at(110))
    stage.recorder.start("a", Ns(0), at(100))
    stage.feed_to(150)
    stage.recorder.stop("a", until=at(160))
    stage.feed_to(170)
    assert in_file(recorded(stage.hears(1)[0]).path) == list(range(90, 160))


def test_a_clip_that_must_wait_begins_with_the_first_keyframe_behind_the_other(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.feed_to(140)
    stage.recorder.start("b", TWO_SECONDS, at(139))
    stage.recorder.stop("a", until=at(150))
    stage.recorder.stop("b", until=at(200))
    stage.feed_to(160)
    assert recorded(stage.hears(1)[0]).ended == at(150)
    stage.records("b")
    stage.feed_to(210)
    one = recorded(stage.hears(2)[1])
    assert one.clip == "b"
    assert in_file(one.path) == list(range(150, 200))


def test_a_clip_that_ends_before_the_other_is_told_of_and_not_recorded(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.feed_to(130)
    stage.recorder.start("b", Ns(0), at(129))
    stage.recorder.stop("b", until=at(135))
    stage.recorder.stop("a", until=at(150))
    stage.feed_to(160)
    first, second = stage.hears(2)
    assert recorded(first).clip == "a"
    assert isinstance(second, NotRecorded)
    assert (second.clip, "another clip" in second.why, bool(second.hint)) == ("b", True, True)


def test_a_clip_that_grows_too_long_is_several_files_and_no_picture_is_missing(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library, longest=TWO_SECONDS)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    for number in range(101, 401):  # one by one: a camera does not run ahead of the main loop
        stage.feed_to(number)
    stage.recorder.stop("a", until=at(395))
    told = [recorded(one) for one in stage.hears(5)]
    assert [n for one in told for n in in_file(one.path)] == list(range(90, 400))
    assert [one.last for one in told] == [False, False, False, False, True]
    assert {one.clip for one in told} == {"a"}
    assert all(one.ended - one.began <= 3 * SECOND + FRAME for one in told)


def test_closing_finishes_the_file(library: SmartRecordLibrary, open_stage: Open) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    stage.recorder.start("b", Ns(0), at(99))
    stage.feed_to(130)
    stage.written()
    stage.recorder.close()
    ends = {one.clip: type(one) for one in stage.told}
    assert ends == {"a": Recorded, "b": NotRecorded}
    one = next(recorded(one) for one in stage.told if one.clip == "a")
    assert in_file(one.path) == list(range(90, 130))
    stage.recorder.start("c", Ns(0), at(130))
    assert isinstance(stage.told[-1], NotRecorded)


def test_what_is_recorded_is_told_in_the_main_loop_and_may_start_the_next(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library)
    recorder = stage.recorder
    once = iter((True,))

    class Again(list[Recorded | NotRecorded]):
        def append(self, one: Recorded | NotRecorded) -> None:
            super().append(one)
            if next(once, False):
                recorder.start("b", Ns(0), at(160))
                recorder.stop("b", until=at(190))

    stage.told = Again()
    recorder._outbox._done = stage.told.append
    stage.feed_to(100)
    recorder.start("a", Ns(0), at(99))
    recorder.stop("a", until=at(120))
    stage.feed_to(161)
    stage.hears(1)
    stage.records("b")
    stage.feed_to(200)
    assert in_file(recorded(stage.hears(2)[1]).path) == list(range(150, 190))


def test_the_callback_outlives_whoever_asked(library: SmartRecordLibrary, open_stage: Open) -> None:
    stage = open_stage(library)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(99))
    gc.collect()
    stage.recorder.stop("a", until=at(110))
    stage.feed_to(120)
    assert recorded(stage.hears(1)[0]).clip == "a"


def test_times_are_those_of_the_pipeline_whatever_the_encoder_writes(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    """x264enc writes pts 1000 hours late and a segment that says so."""
    stage = open_stage(library)
    stage.shift = Ns(3_600_000 * SECOND)
    stage.feed_to(100)
    stage.recorder.start("a", TWO_SECONDS, at(99))
    stage.recorder.stop("a", until=at(110))
    stage.feed_to(120)
    one = recorded(stage.hears(1)[0])
    assert (one.began, one.ended, one.frames) == (at(30), at(110), 80)


def test_the_library_is_found_where_deepstream_puts_it(tmp_path: Path) -> None:
    for version in ("deepstream-7.1", "deepstream-9.1"):
        (tmp_path / version / "lib").mkdir(parents=True)
        (tmp_path / version / "lib" / FILE_NAME).symlink_to(libraries.compiled())
    assert find_library(None, tmp_path).path == str(tmp_path / "deepstream-9.1/lib" / FILE_NAME)
    (tmp_path / "deepstream").symlink_to("deepstream-7.1")
    assert find_library(None, tmp_path).path == str(tmp_path / "deepstream/lib" / FILE_NAME)


def test_the_library_of_the_deepstream_that_is_named_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("mine", "nvidia/deepstream"):
        (tmp_path / place / "lib").mkdir(parents=True)
        (tmp_path / place / "lib" / FILE_NAME).symlink_to(libraries.compiled())
    monkeypatch.setenv("SMARTREC_DEEPSTREAM", str(tmp_path / "mine"))
    found = find_library(None, tmp_path / "nvidia")
    assert found.path == str(tmp_path / "mine/lib" / FILE_NAME)


def test_half_a_library_is_told_and_does_not_end_the_process(tmp_path: Path) -> None:
    # Its headers promise pages that are not there, so that reading them ends in SIGBUS.
    (tmp_path / FILE_NAME).write_bytes(libraries.compiled().read_bytes()[:3000])
    with pytest.raises(EngineMissing, match=r"cannot be used: .* when it is loaded"):
        find_library(tmp_path)


def test_a_library_that_is_missing_or_another_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="there is no such file") as missing:
        find_library(tmp_path / "nowhere.so")
    assert missing.value.hint
    (tmp_path / FILE_NAME).write_text("no library")
    with pytest.raises(EngineMissing, match="cannot be used"):
        find_library(tmp_path)
    with pytest.raises(EngineMissing, match="NvDsSRCreate"):
        SmartRecordLibrary("libgobject-2.0.so.0")


def test_two_cameras_record_side_by_side(library: SmartRecordLibrary, open_stage: Open) -> None:
    stages = [open_stage(library, SmartRecorder, prefix=f"cam{n}") for n in range(2)]
    for n, stage in enumerate(stages):
        stage.feed_to(100 + n)
        stage.recorder.start(f"clip{n}", Ns(0), at(99))
        stage.recorder.stop(f"clip{n}", until=at(110 + n))
    for n, stage in enumerate(stages):
        stage.feed_to(120)
        one = recorded(stage.hears(1)[0])
        assert (one.clip, one.ended) == (f"clip{n}", at(110 + n))
        assert one.path.name.startswith(f"cam{n}_")
