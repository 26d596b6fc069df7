"""A file that another recorder wrote becomes the clip only if it is as good as the journal."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import event, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from smartrec.errors import ClipDamaged
from smartrec.media.adopt import ENCODER, adopt
from smartrec.media.gst import Gst, launch
from smartrec.media.journal import JournalWriter
from smartrec.media.mp4 import Movie, identity
from smartrec.media.orders import Recording
from smartrec.media.proof import Fed
from smartrec.model import SOUND, AccessUnit, ClipState, Trigger
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media import clips, numbered
from tests.media.clips import FRAME, START, Shop
from tests.sounds import clicking, ffmpeg_heard, gst_heard, worst

PICTURES = 60
GOP = 15
WANTED = range(20, 50)
"""The clip's pictures; the file's begin at the keyframe before them."""
FILE = range(15, 51)


@cache
def units() -> tuple[AccessUnit, ...]:
    return tuple(clips.jpeg_units(clips.jpegs(PICTURES)))


def pts(n: int) -> Ns:
    return Ns(START + n * FRAME)


def shop(directory: Path, wanted: range = WANTED, trigger: int = 30, **changes: object) -> Shop:
    """A journal of exactly the wanted pictures."""
    head = clips.head(
        clips.jpeg_format(**changes),
        units(),
        start=pts(wanted.start),
        end=Ns(pts(wanted.stop - 1) + 1),
        triggers=(Trigger("trigger-1", pts(trigger), "key-R"),),
        expected=len(wanted),
        state=ClipState.COMPLETE,
    )
    here = Shop(directory, head)
    here.write(units()[wanted.start : wanted.stop])
    return here


def record(path: Path, which: Sequence[int] = FILE) -> Path:
    """The numbered pictures in H.264, written as NvDsSR does: to an MP4 with its index behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pipeline = launch(
        "appsrc name=source format=time max-bytes=0 ! videoconvert ! video/x-raw,format=I420"
        f" ! x264enc speed-preset=veryfast pass=qual quantizer=18 bframes=0 key-int-max={GOP}"
        " ! h264parse ! mp4mux ! filesink name=file"
    )
    source, file = clips._source(pipeline), pipeline.get_by_name("file")
    assert file is not None
    file.set_property("location", str(path))
    source.set_caps(Gst.Caps.from_string(clips.raw_caps()))
    pipeline.set_state(Gst.State.PLAYING)
    for n in which:
        buffer = Gst.Buffer.new_wrapped(numbered.i420(n))
        buffer.pts, buffer.duration = pts(n), FRAME
        source.push_buffer(buffer)
    source.end_of_stream()
    bus = pipeline.get_bus()
    assert bus is not None
    ended = bus.timed_pop_filtered(20 * SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    assert ended is not None
    assert ended.type == Gst.MessageType.EOS
    return path


def told(path: Path, which: Sequence[int] = FILE) -> dict[str, object]:
    """What is said of a file of those pictures."""
    fields = {"began": pts(which[0]), "ended": pts(which[-1]), "frames": len(which)}
    return {"path": str(path), **fields}


def given() -> list[Fed]:
    return [Fed(unit.pts, unit.duration) for unit in units()[WANTED.start : WANTED.stop]]


def recording(path: Path, which: Sequence[int] = FILE) -> Recording:
    return Recording(path, pts(which[0]), pts(which[-1]), len(which))


def test_a_good_file_becomes_the_clip_and_shows_exactly_its_interval(tmp_path: Path) -> None:
    here = shop(tmp_path)
    file = record(tmp_path / ".open" / "nvdssr" / "cam0_00001.mp4")
    done = here.finish(recording=told(file)).finished
    assert done["encoder"] == ENCODER
    assert (done["frames_written"], done["lost"]) == (len(WANTED), {})
    assert (done["first_pts"], done["last_pts"]) == (pts(WANTED.start), pts(WANTED.stop - 1))
    clip = Path(done["path"])
    assert clips.numbers(clips.gst_frames(clip)) == list(WANTED)
    assert clips.numbers(clips.ffmpeg_frames(clip)) == list(WANTED)
    assert identity(clip)["clip_id"] == here.head.clip_id
    # The journal is the catalogue's to delete.
    assert here.files() == {f"{clip.name}", f"{clip.stem}.jpg", ".open/journal.mkv"}


def test_the_journals_sound_is_added_to_a_file_that_has_none(tmp_path: Path) -> None:
    here = shop(tmp_path)
    here.journal.unlink()
    here.head = replace(here.head, sound=SOUND)
    wanted = units()[WANTED.start : WANTED.stop]
    clicks = [unit.pts for unit in wanted[5::10]]
    writer = JournalWriter(here.journal, here.head)
    writer.write(wanted, clicking(wanted[0].pts, len(wanted) * FRAME, clicks))
    writer.close(here.head)
    done = here.finish(recording=told(record(tmp_path / "file.mp4"))).finished
    assert (done["encoder"], done["silent"]) == (ENCODER, 0)
    path = Path(done["path"])
    moments = [click - pts(WANTED.start) for click in clicks]
    assert worst(ffmpeg_heard(path), moments) < 5 * MILLISECOND
    assert worst(gst_heard(path), moments) < 5 * MILLISECOND
    assert clips.numbers(clips.ffmpeg_frames(path)) == list(WANTED)


def test_what_smart_record_missed_is_counted_as_its_own(tmp_path: Path) -> None:
    here = shop(tmp_path)
    late = range(WANTED.start + 4, FILE.stop)
    file = record(tmp_path / "file.mp4", late)
    done = here.finish(recording=told(file, late)).finished
    assert (done["encoder"], done["frames_written"]) == (ENCODER, len(WANTED) - 4)
    assert done["lost"] == {"smart-record": 4}
    assert clips.numbers(clips.gst_frames(Path(done["path"]))) == list(late)[:-1]


def test_a_clip_made_again_of_its_journal_replaces_the_adopted_one(tmp_path: Path) -> None:
    """Its recorder was killed before the catalogue knew of it."""
    here = shop(tmp_path)
    here.finish(recording=told(record(tmp_path / "file.mp4")))
    done = here.finish().finished
    assert done["encoder"] != ENCODER
    assert len([name for name in here.files() if name.endswith(".mp4")]) == 1


def test_an_upright_file_of_a_turned_camera_is_not_turned_again(tmp_path: Path) -> None:
    here = shop(tmp_path, rotate=180)
    done = here.finish(recording=told(record(tmp_path / "file.mp4"))).finished
    shown = clips.ffmpeg_frames(Path(done["path"]), turn=True)
    assert clips.numbers(shown) == list(WANTED)


@pytest.mark.parametrize(
    ("which", "why"),
    [
        (range(WANTED.start + 12, FILE.stop), "after what triggered it"),
        (range(FILE.start, FILE.stop - 4), "are missing within it"),
        ([*range(15, 30), *range(32, 51)], "are missing within it"),
    ],
    ids=["begins-late", "ends-early", "hole"],
)
def test_a_file_that_lacks_what_the_journal_has_is_no_clip(
    tmp_path: Path, which: Sequence[int], why: str
) -> None:
    here = shop(tmp_path)
    finisher = here.finish(recording=told(record(tmp_path / "file.mp4", which), which))
    assert clips.numbers(clips.gst_frames(Path(finisher.finished["path"])))
    declined = [line["declined"] for line in finisher.lines if "declined" in line]
    assert why in declined[0]
    assert finisher.finished["lost"] == {}


def break_index(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def break_pictures(path: Path) -> None:
    """The index is whole; what it points at is not."""
    data = path.read_bytes()
    at = data.index(b"mdat") + 4
    path.write_bytes(data[:at] + bytes(2000) + data[at + 2000 :])


def write_garbage(path: Path) -> None:
    path.write_bytes(b"\xff\x00 no video at all " * 500)


def leave_empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "harm", [break_index, break_pictures, write_garbage, leave_empty, Path.unlink]
)
def test_whatever_is_wrong_with_a_file_the_clip_is_made_of_the_journal(
    tmp_path: Path, harm: object
) -> None:
    here = shop(tmp_path)
    file = record(tmp_path / "nvdssr" / "file.mp4")
    assert callable(harm)
    harm(file)
    finisher = here.finish(recording=told(file))
    assert [line for line in finisher.lines if line.get("declined")]
    assert finisher.finished["encoder"] != ENCODER
    assert clips.numbers(clips.gst_frames(Path(finisher.finished["path"]))) == list(WANTED)
    assert not file.exists()


@pytest.mark.parametrize("changes", [{"frames": 37}, {"frames": 0}, {"ended": pts(59)}])
def test_a_file_that_is_not_what_was_said_of_it_is_declined(
    tmp_path: Path, changes: dict[str, int]
) -> None:
    here = shop(tmp_path)
    file = record(tmp_path / "file.mp4")
    finisher = here.finish(recording={**told(file), **changes})
    assert [line for line in finisher.lines if line.get("declined")]
    assert clips.numbers(clips.gst_frames(Path(finisher.finished["path"]))) == list(WANTED)


def test_more_than_a_second_that_is_missing_is_too_much(tmp_path: Path) -> None:
    here = shop(tmp_path, range(0, 60), trigger=50)
    late = range(31, 60)
    file = record(tmp_path / "file.mp4", late)
    with pytest.raises(ClipDamaged, match="31 of 60 pictures are not in it"):
        adopt(recording(file, late), here.head, [Fed(u.pts, u.duration) for u in units()])


def test_pictures_that_nobody_gave_are_no_clip(tmp_path: Path) -> None:
    here = shop(tmp_path)
    file = record(tmp_path / "file.mp4")
    with pytest.raises(ClipDamaged, match="that the camera did not give"):
        adopt(recording(file), here.head, given()[::2] + given()[-1:])


def test_the_copied_file_of_another_name_is_left_alone(tmp_path: Path) -> None:
    """A name that another clip has is never taken."""
    here = shop(tmp_path)
    file = record(tmp_path / "nvdssr" / "file.mp4")
    other = tmp_path / f"{here.head.file_name}.mp4"
    shutil.copy(file, other)
    done = here.finish(recording=told(file)).finished
    assert done["path"].endswith("-2.mp4")
    assert identity(other) == {}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return record(tmp_path_factory.mktemp("nvdssr") / "file.mp4").read_bytes()


@settings(max_examples=60, deadline=None)
@examples(
    first=st.integers(0, 45),
    length=st.integers(1, 59),
    trigger=st.integers(0, 59),
    away=st.integers(-40, 40),
    more=st.sampled_from([0, 0, 0, -1, 1]),
    undelivered=st.sets(st.integers(0, 59), max_size=10),
)
def test_what_is_adopted_holds_all_but_a_second_of_what_was_given(
    tmp_path_factory: pytest.TempPathFactory,
    written: bytes,
    first: int,
    length: int,
    trigger: int,
    away: int,
    more: int,
    undelivered: set[int],
) -> None:
    path = tmp_path_factory.mktemp("adopted") / "file.mp4"
    path.write_bytes(written)
    pictures = [n for n in range(first, min(first + length, PICTURES)) if n not in undelivered]
    head = clips.head(
        clips.jpeg_format(),
        units(),
        start=pts(first),
        end=pts(first + length),
        triggers=(Trigger("trigger-1", pts(trigger), "key-R"),),
    )
    shift = Ns(away * FRAME // 20)
    offered = recording(path)
    offered = replace(
        offered,
        began=Ns(offered.began + shift),
        ended=Ns(offered.ended + shift),
        frames=offered.frames + more,
    )
    try:
        proof = adopt(offered, head, [Fed(pts(n), FRAME) for n in pictures])
    except ClipDamaged:
        return
    missing = len(pictures) - proof.frames
    assert more == 0
    assert 0 <= missing * FRAME <= SECOND + FRAME
    assert proof.lost == ({"smart-record": missing} if missing else {})
    assert len(Movie(path).track().presented()) == proof.frames
    assert {proof.first, proof.last} <= {pts(n) for n in pictures}
    if first <= trigger < first + length:
        assert proof.first <= max(pts(trigger), pts(pictures[0]))
    event("adopted")
