"""The catalogue keeps what it was told, through repeats, full disks, crashes and strange names."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartrec.errors import CatalogDamaged, DiskFull, UsageError
from smartrec.model import ClipHead, ClipState, Trigger
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns
from tests.store.clips import LOOKS, WALL, FixedClock, closed, done, head

ANY_TEXT = st.text(st.characters(), max_size=300)


def begin(catalog: Catalog, clip: ClipHead) -> None:
    catalog.opened(clip, catalog.directory / ".open" / f"{clip.file_name}.mkv")


def finish(catalog: Catalog, clip: ClipHead, **changes: object) -> ClipRecord:
    catalog.finished(closed(clip), done(catalog.directory, clip, **changes))
    return catalog.clip(clip.clip_id)


def fill(directory: Path, clips: int) -> None:
    with Catalog.open(directory, create=True) as catalog:
        for n in range(clips):
            begin(catalog, head(n))
            finish(catalog, head(n))


def test_a_clip_being_recorded_shows_its_journal_and_nothing_it_cannot_know(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        clip = catalog.clip("last").as_json()
    assert clip["state"] == "recording"
    assert clip["path"] == str(tmp_path / ".open" / f"{head().file_name}.mkv")
    assert clip["asked_pre_s"] == 2.0
    unknown = ("duration_s", "actual_pre_s", "actual_post_s", "bytes", "sha256", "encoder")
    numbers = ("frames_expected", "frames_written", "frames_lost")
    assert {clip[key] for key in unknown + numbers} == {None}


def test_a_closed_clip_is_finishing_until_it_is_finished(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        longer = head(triggers=(*head().triggers, Trigger("t2", Ns(101 * SECOND), "cli")))
        catalog.changed(longer)
        assert [t.reason for t in catalog.clip("last").triggers] == ["key-R", "cli"]
        catalog.changed(closed(longer, ClipState.STOPPED))
        assert catalog.clip("last").state is ClipState.FINISHING
        assert catalog.clip("last").expected == 120
        catalog.finished(closed(longer, ClipState.STOPPED), done(tmp_path, longer))
        assert catalog.clip("last").state is ClipState.STOPPED


def test_a_finished_clip_has_its_whole_proof(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        clip = finish(catalog, head()).as_json()
    path = tmp_path / f"{head().file_name}.mp4"
    assert clip["path"] == str(path)
    assert clip["thumbnail"] == str(path.with_suffix(".jpg"))
    assert clip["camera"] == "Front door"
    assert clip["trigger"] == "key-R"
    assert clip["start"] == "2026-11-22T14:14:58.136Z"
    assert clip["actual_pre_s"] == 1.987
    assert clip["actual_post_s"] == pytest.approx(4 - 1.987, abs=1e-5)
    assert clip["duration_s"] == pytest.approx(4, abs=1e-5)
    assert (clip["frames_expected"], clip["frames_written"], clip["frames_lost"]) == (120, 120, 0)
    assert clip["clock"] == {"source": "adjtimex", "synced": True, "max_error_us": 900}
    assert clip["triggers"] == [
        {
            "trigger_id": "trigger-0",
            "reason": "key-R",
            "time": "2026-11-22T14:15:00.123Z",
            "pts": 100 * SECOND,
            "last": None,
            "last_pts": None,
            "why": {"key": "R"},
        }
    ]


@pytest.mark.parametrize(
    ("expected", "written", "lost", "surplus"),
    [
        (120, 120, {}, 0),
        (120, 113, {"driver": 3, "decoder": 1, "unknown": 3}, 0),
        (110, 113, {"driver": 3, "decoder": 1}, 7),
    ],
)
def test_every_missing_picture_has_a_cause_and_every_surplus_shows(
    tmp_path: Path, expected: int, written: int, lost: dict[str, int], surplus: int
) -> None:
    known = {"driver": 3} if lost else {}
    clip = replace(closed(head(), expected=expected), lost=known)
    late = {"decoder": 1} if lost else {}
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.finished(clip, done(tmp_path, clip, frames_written=written, lost=late))
        shown = catalog.clip("last").as_json()
    assert shown["lost"] == lost
    assert shown["frames_lost"] == sum(lost.values())
    assert shown["frames_surplus"] == surplus


def test_repeats_change_nothing_and_late_news_do_not_reopen_a_clip(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True, clock=FixedClock()) as catalog:
        begin(catalog, head())
        once = finish(catalog, head())
        assert finish(catalog, head()) == once
        begin(catalog, head())
        catalog.changed(closed(head()))
        assert catalog.clips() == [once]


def test_a_failed_clip_keeps_its_journal_and_may_be_tried_again(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        catalog.failed(head().clip_id, "no encoder")
        clip = catalog.clip("last")
        assert (clip.state, clip.error) == (ClipState.FAILED, "no encoder")
        assert clip.path is not None
        assert clip.path.parent.name == ".open"
        begin(catalog, closed(head()))
        assert catalog.clip("last").state is ClipState.FINISHING
        clip = finish(catalog, head())
        assert (clip.state, clip.error) == (ClipState.COMPLETE, None)


def test_a_clip_finished_without_being_opened_is_listed_all_the_same(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        assert finish(catalog, head()).state is ClipState.COMPLETE


def test_a_clip_without_pictures_has_no_lengths(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        nothing = {"frames_written": 0, "first_pts": None, "last_pts": None, "thumbnail": None}
        clip = finish(catalog, head(), **nothing, duration=Ns(0)).as_json()
    assert (clip["actual_pre_s"], clip["actual_post_s"], clip["thumbnail"]) == (None, None, None)
    assert clip["lost"] == {"unknown": 120}


def test_a_directory_that_was_named_from_where_one_stood_may_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clips = Path("clips")
    with Catalog.open(clips, create=True) as catalog:
        catalog.finished(closed(head()), done(clips, head()))
    clips.rename("elsewhere")
    with Catalog.open(Path("elsewhere"), create=False) as catalog:
        (clip,) = catalog.clips()
        assert catalog.unlisted() == []
    assert clip.path == tmp_path / "elsewhere" / f"{head().file_name}.mp4"
    assert clip.thumbnail is not None
    assert clip.thumbnail.exists()


def test_the_directory_may_be_moved(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    fill(tmp_path / "here", 1)
    shutil.move(tmp_path / "here", tmp_path / "there")
    with Catalog.open(tmp_path / "there", create=False) as catalog:
        path = catalog.clip("last").path
    assert path is not None
    assert path.exists()


def test_clips_are_listed_by_time_and_chosen_by_camera_time_and_number(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n in (2, 0, 1):
            finish(catalog, head(n, camera_id=f"cam{n}", camera_name=f"Camera {n}"))
        assert [clip.camera_id for clip in catalog.clips()] == ["cam0", "cam1", "cam2"]
        assert [clip.camera_id for clip in catalog.clips(limit=2)] == ["cam1", "cam2"]
        assert [clip.camera_id for clip in catalog.clips(since=WALL)] == ["cam1", "cam2"]
        assert [clip.camera_id for clip in catalog.clips(camera="cam1")] == ["cam1"]
        assert [clip.camera_id for clip in catalog.clips(camera="Camera 2")] == ["cam2"]


@pytest.mark.parametrize(
    "wanted",
    [
        "last",
        "0192b1c0-0002-7000-8000-000000000000",
        "0192b1c0-0002",
        "cam0_20261122T141700.123Z_key-R",
        "cam0_20261122T141700.123Z_key-R.mp4",
        "SmartRecDir/cam0_20261122T141700.123Z_key-R.mkv",
        "cam0_20261122T1417",
    ],
)
def test_a_clip_is_found_by_id_name_or_their_beginning(tmp_path: Path, wanted: str) -> None:
    fill(tmp_path, 3)
    with Catalog.open(tmp_path, create=False) as catalog:
        assert catalog.clip(wanted).event_id == "event-2"


@pytest.mark.parametrize("wanted", ["", "nothing", "%", "_", "\ud800", "\0", "/"])
def test_a_clip_that_is_not_there_is_said_so(tmp_path: Path, wanted: str) -> None:
    fill(tmp_path, 2)
    with (
        Catalog.open(tmp_path, create=False) as catalog,
        pytest.raises(UsageError, match="no clip"),
    ):
        catalog.clip(wanted)


def test_an_ambiguous_beginning_lists_the_candidates(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    with Catalog.open(tmp_path, create=False) as catalog, pytest.raises(UsageError) as caught:
        catalog.clip("0192b1c0")
    assert all(head(n).clip_id in str(caught.value) for n in range(2))


def test_only_a_clip_that_ended_may_be_deleted(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        assert keeping.mark(catalog, [head().clip_id]) == []
        finish(catalog, head())
        for _ in range(2):
            keeping.mark(catalog, [head().clip_id])
            keeping.forget(catalog, [head().clip_id])
        assert catalog.clips() == []
        for table in ("triggers", "losses", "locations"):
            assert catalog._db.execute(f"SELECT * FROM {table}").fetchall() == []


def test_clip_files_without_a_row_are_told(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    (tmp_path / "found.mp4").touch()
    (tmp_path / "note.txt").touch()
    with Catalog.open(tmp_path, create=False) as catalog:
        assert catalog.unlisted() == [tmp_path / "found.mp4"]


@settings(deadline=None, max_examples=40)
@given(name=ANY_TEXT, reason=ANY_TEXT, why=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=3))
def test_any_name_can_be_kept(
    tmp_path_factory: pytest.TempPathFactory, name: str, reason: str, why: dict[str, object]
) -> None:
    trigger = Trigger("t", Ns(100 * SECOND), reason, why)
    clip = head(camera_id=name, camera_name=name, triggers=(trigger,))
    with Catalog.open(tmp_path_factory.mktemp("any"), create=True) as catalog:
        begin(catalog, clip)
        (kept,) = catalog.clips(camera=name)
    storable = name.encode("utf-8", "replace").decode()
    assert kept.camera_name == storable
    assert kept.triggers[0].reason == reason.encode("utf-8", "replace").decode()
    assert kept.triggers[0].why == why


def test_a_full_disk_refuses_a_row_and_takes_it_when_there_is_room(small_disk: Path) -> None:
    with Catalog.open(small_disk, create=True) as catalog:
        finish(catalog, head(0))
        with (small_disk / "ballast").open("wb", buffering=0) as ballast:
            while ballast_room(small_disk):
                ballast.write(bytes(ballast_room(small_disk)))
        with pytest.raises(DiskFull, match="full"):
            begin_many(catalog, 50)
        listed = len(catalog.clips())
        assert 1 <= listed < 50
        (small_disk / "ballast").unlink()
        begin(catalog, head(listed))
        assert len(catalog.clips()) == listed + 1


def begin_many(catalog: Catalog, clips: int) -> None:
    for n in range(1, clips):
        begin(catalog, head(n))


def ballast_room(directory: Path) -> int:
    room = os.statvfs(directory)
    return room.f_bavail * room.f_frsize


def test_no_room_to_make_a_catalogue_is_a_full_disk(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(ballast_room(small_disk)))
    with pytest.raises(DiskFull):
        Catalog.open(small_disk, create=True)


@pytest.mark.parametrize("anew", [False, True])
def test_a_directory_that_was_deleted_is_made_again(tmp_path: Path, anew: bool) -> None:
    directory = tmp_path / "clips"
    with Catalog.open(directory, create=True) as catalog:
        begin(catalog, head(0))
        shutil.rmtree(directory)
        if anew:
            fill(directory, 1)
        begin(catalog, head(1))
        begin(catalog, head(2))
        with Catalog.open(directory, create=False) as reader:
            assert [clip.event_id for clip in reader.clips()][-2:] == ["event-1", "event-2"]
            assert len(reader.clips()) == (3 if anew else 2)


READER = """
import sys
from pathlib import Path
from smartrec.store.catalog import Catalog
with Catalog.open(Path(sys.argv[1]), create=False) as catalog:
    for _ in sys.stdin:
        print(len(catalog.clips()), flush=True)
"""


def test_a_reader_in_another_process_never_waits_for_the_writer(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        finish(catalog, head(0))
        with subprocess.Popen(
            [sys.executable, "-c", READER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as reader:
            assert reader.stdin is not None
            assert reader.stdout is not None

            def seen() -> str:
                assert reader.stdin is not None
                assert reader.stdout is not None
                reader.stdin.write("\n")
                reader.stdin.flush()
                return reader.stdout.readline().strip()

            with catalog.transaction(durable=True) as db:
                db.execute("DELETE FROM clips")
                assert seen() == "1"
            assert seen() == "0"
            begin(catalog, head(1))
            assert seen() == "1"
            reader.stdin.close()


WRITER = """
import itertools, sys
from pathlib import Path
from smartrec.store.catalog import Catalog
from tests.store.clips import closed, done, head
directory = Path(sys.argv[1])
with Catalog.open(directory, create=True) as catalog:
    for n in itertools.count():
        clip = head(n)
        catalog.opened(clip, directory / ".open" / "j.mkv")
        catalog.finished(closed(clip), done(directory, clip))
        print(n, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_killed_writer_leaves_every_clip_it_reported(tmp_path: Path, after: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(after)]
        writer.send_signal(signal.SIGKILL)
        reported += [int(line) for line in writer.stdout.read().split()]
    with Catalog.open(tmp_path, create=True) as catalog:
        clips = catalog.clips()
        begin(catalog, head(1000))
    whole = [clip.event_id for clip in clips if clip.state is ClipState.COMPLETE]
    assert whole[: len(reported)] == [f"event-{n}" for n in reported]
    assert len(clips) <= len(reported) + 2
    assert all(clip.path is not None for clip in clips)


MID_TRANSACTION = """
import os, signal, sys
from pathlib import Path
from smartrec.store.catalog import Catalog
with Catalog.open(Path(sys.argv[1]), create=True) as catalog:
    with catalog.transaction(durable=True) as db:
        db.execute("UPDATE clips SET state = 'recording'")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_killed_in_mid_transaction_changed_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    ended = subprocess.run([sys.executable, "-c", MID_TRANSACTION, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Catalog.open(tmp_path, create=True) as catalog:
        assert [clip.state for clip in catalog.clips()] == [ClipState.COMPLETE] * 2


def test_a_catalogue_that_is_closed_leaves_another_of_the_same_process_its_log(
    tmp_path: Path,
) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        Catalog.open(tmp_path, create=True).close()
        look_from_outside(tmp_path)
        begin(catalog, head())
        finish(catalog, head())
        assert look_from_outside(tmp_path) == [head().clip_id]


def look_from_outside(directory: Path) -> list[str]:
    """The clips that another process sees, which then closes the catalogue."""
    code = (
        "import sys; from pathlib import Path; from smartrec.store.catalog import Catalog\n"
        "with Catalog.open(Path(sys.argv[1]), create=False) as catalog:\n"
        "    print(*(clip.clip_id for clip in catalog.clips()))"
    )
    seen = subprocess.run([sys.executable, "-c", code, directory], check=True, capture_output=True)
    return seen.stdout.decode().split()


def test_looks_are_kept_with_their_clip_by_time(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        assert catalog.looked(head().clip_id, LOOKS[2:])
        assert catalog.looked(head().clip_id, LOOKS[:2])
        assert catalog.looked(head().clip_id, [])
        assert catalog.looks(head().clip_id) == LOOKS
        assert catalog.looks("another clip") == ()


def test_a_repeated_chunk_of_looks_takes_the_place_of_the_first(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        for chunk in (LOOKS[:1], LOOKS[:2], LOOKS, LOOKS):
            assert catalog.looked(head().clip_id, chunk)
        assert catalog.looks(head().clip_id) == LOOKS


def test_looks_of_a_clip_that_is_not_known_are_not_kept(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        assert not catalog.looked(head().clip_id, LOOKS)
        begin(catalog, head())
        assert catalog.looks(head().clip_id) == ()


def test_looks_stay_however_often_the_clip_changes_and_go_with_it(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for clip in (head(0), head(1)):
            begin(catalog, clip)
            assert catalog.looked(clip.clip_id, LOOKS)
        catalog.changed(head(0, asked_post=Ns(9 * SECOND)))
        catalog.failed(head(0).clip_id, "no encoder")
        begin(catalog, head(0))
        finish(catalog, head(0))
        assert catalog.looks(head(0).clip_id) == LOOKS
        keeping.mark(catalog, [head(0).clip_id])
        keeping.forget(catalog, [head(0).clip_id])
        assert catalog.looks(head(0).clip_id) == ()
        assert catalog.looks(head(1).clip_id) == LOOKS


def test_damaged_looks_are_a_clear_error_and_the_clip_is_still_listed(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        catalog.looked(head().clip_id, LOOKS)
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite3")) as db:
        db.execute("UPDATE tracks SET looks = x'00'")
        db.commit()
    with Catalog.open(tmp_path, create=False) as catalog:
        with pytest.raises(CatalogDamaged, match="what no smartrec wrote"):
            catalog.looks(head().clip_id)
        assert len(catalog.clips()) == 1


def test_a_trigger_that_lasts_is_followed_by_the_post_roll(tmp_path: Path) -> None:
    at = head().triggers[0].pts
    lasting = Trigger("t", at, "person", last=Ns(at + SECOND))
    with Catalog.open(tmp_path, create=True) as catalog:
        begin(catalog, head())
        clip = finish(catalog, head(triggers=(*head().triggers, lasting)))
    assert clip.triggers[1] == lasting
    assert clip.actual_post == pytest.approx(SECOND + 13_000_000, abs=10_000)
    triggers = clip.as_json()["triggers"]
    assert isinstance(triggers, list)
    assert triggers[1]["last"] == "2026-11-22T14:15:01.123Z"
    assert triggers[1]["last_pts"] == at + SECOND
