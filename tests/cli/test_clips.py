"""`smartrec clips` says what the catalogue and the files say, and deletes nothing else."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smartrec.app import deleting
from smartrec.app.mounts import settle
from smartrec.cli.clips import clips, verified
from smartrec.clock import ClockQuality, Instant, SystemClock
from smartrec.errors import CatalogDamaged, ClipDamaged, DiskGone, SmartrecError, UsageError
from smartrec.media.journal import JournalWriter
from smartrec.model import ClipHead, ClipState, Trigger
from smartrec.store import keeping
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns
from tests.store.clips import INSTANT, closed, done, head


def add(directory: Path, *heads: ClipHead, **changes: object) -> None:
    with Catalog.open(directory, create=True) as catalog:
        for clip in heads:
            catalog.finished(closed(clip), done(directory, clip, **changes))


def add_open(directory: Path, clip: ClipHead) -> Path:
    journal = directory / ".open" / f"{clip.file_name}.mkv"
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.touch()
    with Catalog.open(directory, create=True) as catalog:
        catalog.opened(clip, journal)
    return journal


def ask(*args: str | Path, answer: str | None = None) -> Result:
    return CliRunner().invoke(clips, [str(arg) for arg in args], input=answer)


def said(*args: str | Path, answer: str | None = None) -> str:
    result = ask(*args, answer=answer)
    assert result.exception is None, result.exception
    return result.output


def refused(*args: str | Path) -> SmartrecError:
    error = ask(*args).exception
    assert isinstance(error, SmartrecError)
    return error


def names(directory: Path) -> set[str]:
    with Catalog.open(directory, create=False) as catalog:
        return {clip.file_name for clip in catalog.clips()}


def test_the_list_for_programs_has_the_fixed_words(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1))
    listed = json.loads(said("list", "--clips", tmp_path, "--json"))
    promised = {
        *("path", "camera", "trigger", "start", "duration_s", "asked_pre_s", "actual_pre_s"),
        *("asked_post_s", "actual_post_s", "frames_expected", "frames_written", "frames_lost"),
        "state",
    }
    assert len(listed) == 2
    assert promised <= set(listed[0])
    assert all(listed[0][key] is not None for key in promised)
    assert listed[0]["start"] == "2026-11-22T14:14:58.136Z"


def test_no_catalogue_is_an_empty_list_for_programs_and_an_error_for_people(tmp_path: Path) -> None:
    assert json.loads(said("list", "--clips", tmp_path / "none", "--json")) == []
    error = refused("list", "--clips", tmp_path / "none")
    assert isinstance(error, UsageError)
    assert f"no clips in {tmp_path / 'none'} yet" in str(error)
    assert not (tmp_path / "none").exists()


def test_a_disk_that_is_not_mounted_is_told_instead_of_no_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, state, table = tmp_path / "disk/clips", tmp_path / "state", tmp_path / "mountinfo"
    table.write_text(f"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / {tmp_path}/disk rw - ext4 b rw\n")
    settle(directory, state, new_disk=False, tables=(table, tmp_path / "fstab"))
    monkeypatch.setenv("SMARTREC_STATE_DIR", str(state))
    for options in ((), ("--json",)):
        error = refused("list", "--clips", directory, *options)
        assert isinstance(error, DiskGone)
        assert f"not mounted now, on {tmp_path}/disk" in str(error)


def test_the_table_has_a_line_a_clip_oldest_first(tmp_path: Path) -> None:
    add(tmp_path, head(1), head(0, camera_name="裏口"))
    add_open(tmp_path, head(2))
    headings, first, second, third = said("list", "--clips", tmp_path).splitlines()
    for line, clip in ((first, head(0)), (second, head(1)), (third, head(2))):
        assert clip.file_name in line
    assert headings.split()[:4] == ["TIME", "CAMERA", "TRIGGER", "LENGTH"]
    assert "裏口" in first
    assert "1.99/2.00" in second
    assert "120/120" in second
    assert "recording" in third
    assert "-/-" in third


def test_the_list_can_be_narrowed(tmp_path: Path) -> None:
    now = SystemClock().now().wall_ns

    def long_ago(hours: int) -> Instant:
        return replace(INSTANT, wall_ns=now - hours * 3600 * SECOND)

    add(tmp_path, head(0, instant=long_ago(50)), head(1, instant=long_ago(5)))
    add(tmp_path, head(2, instant=long_ago(3), camera_id="cam1", camera_name="Gate"))

    def chosen(*options: str) -> list[str]:
        listed = json.loads(said("list", "--clips", tmp_path, "--json", *options))
        return [clip["event_id"] for clip in listed]

    assert chosen("--camera", "Gate") == chosen("--camera", "cam1") == ["event-2"]
    assert chosen("--camera", "nobody") == []
    assert chosen("-n", "2") == ["event-1", "event-2"]
    assert chosen("--since", "4h") == ["event-2"]
    assert chosen("--since", "2d") == ["event-1", "event-2"]
    date = datetime.fromtimestamp(now // SECOND - 4 * 3600, timezone.utc)
    assert chosen("--since", f"{date:%Y-%m-%dT%H:%M:%SZ}") == ["event-2"]
    assert ask("list", "--clips", tmp_path, "--since", "tea time").exit_code == 2


def test_show_tells_the_proof_in_words(tmp_path: Path) -> None:
    lossy = head(0, lost={"driver": 2})
    add(tmp_path, lossy, frames_written=117)
    shown = said("show", "last", "--clips", tmp_path)
    assert "asked 2.000 s before, got 1.987 s\n" in shown
    assert "asked 2.000 s after, got 2.013 s\n" in shown
    assert "120 frames expected, 117 written, 3 lost" in shown
    assert "2 lost: between camera and driver" in shown
    assert "1 lost: for no known cause" in shown
    assert '+1.987 s  key-R  key: "R"' in shown


def test_show_says_when_there_was_less_than_asked(tmp_path: Path) -> None:
    add(tmp_path, head(0, asked_pre=Ns(10 * SECOND)))
    shown = said("show", "last", "--clips", tmp_path)
    assert "asked 10.000 s before, got 1.987 s: 8.013 s less" in shown


def test_show_admits_what_it_cannot_know_yet(tmp_path: Path) -> None:
    add_open(tmp_path, head(0))
    shown = said("show", "last", "--clips", tmp_path)
    assert "got: not known yet" in shown
    assert "? frames expected, written when it is finished" in shown
    assert json.loads(said("show", "last", "--clips", tmp_path, "--json"))["duration_s"] is None


def test_show_says_why_a_clip_failed(tmp_path: Path) -> None:
    add_open(tmp_path, head(0))
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.failed(head(0).clip_id, "no encoder reaches READY")
    assert "no encoder reaches READY" in said("show", "last", "--clips", tmp_path)


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "x" * 300, "\u202e", "\ud800", "a\0b", "é"])
def test_no_name_can_break_the_screen(tmp_path: Path, name: str) -> None:
    triggers = (
        Trigger("t", Ns(100 * SECOND), name, {name: name}),
        Trigger("u", Ns(100 * SECOND), "person", {"zone": name, "best": name}),
    )
    add(tmp_path, head(0, camera_id=name, camera_name=name, triggers=triggers))
    table = said("list", "--clips", tmp_path)
    shown = said("show", "last", "--clips", tmp_path)
    assert len(table.splitlines()) == 2
    assert all(c.isprintable() or c == "\n" for c in table + shown)
    assert json.loads(said("list", "--clips", tmp_path, "--json"))


def stand_in(directory: Path, name: str, *, status: int) -> None:
    """A player that notes its last argument and ends with `status`."""
    directory.mkdir(exist_ok=True)
    script = directory / name
    script.write_text(f'#!/bin/sh\nfor last; do :; done\necho "$last" > "$0.played"\nexit {status}')
    script.chmod(0o755)


def test_play_opens_the_file_with_the_first_player_that_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs, directory = tmp_path / "bin", tmp_path / "$(touch x); clips"
    stand_in(programs, "xdg-open", status=3)
    stand_in(programs, "ffplay", status=0)
    stand_in(programs, "gst-play-1.0", status=0)
    monkeypatch.setenv("PATH", str(programs))
    directory.mkdir()
    add(directory, head(0))
    assert said("play", "--clips", directory) == ""
    path = directory / f"{head(0).file_name}.mp4"
    assert (programs / "ffplay.played").read_text() == f"{path}\n"
    assert not (programs / "gst-play-1.0.played").exists()


def test_play_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, head(0))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    error = refused("play", "last", "--clips", tmp_path)
    assert "looked for xdg-open, mpv, ffplay, gst-play-1.0" in str(error)
    assert "apt install" in (error.hint or "")


def test_play_says_when_the_file_is_gone(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    (tmp_path / f"{head(0).file_name}.mp4").unlink()
    assert "is not there" in str(refused("play", "last", "--clips", tmp_path))


def test_verify_finds_nothing_wrong_with_whole_clips(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1))
    add_open(tmp_path, head(2))
    for name in ("foreign.mp4", f"{head(2).file_name}.mp4", f"{head(2).file_name}-1.mp4"):
        (tmp_path / name).touch()  # a clip has its name before its row says that it is finished
    lines = said("verify", "--clips", tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "ok", "still", "unlisted"]


@pytest.mark.parametrize(
    ("damage", "trouble"),
    [
        (lambda path: path.unlink(), "the file is not there"),
        (lambda path: path.write_bytes(b"short"), "has 5 bytes instead of"),
        (lambda path: path.write_bytes(path.read_bytes()[::-1]), "its content has changed"),
    ],
)
def test_verify_names_every_damaged_clip(tmp_path: Path, damage: object, trouble: str) -> None:
    assert callable(damage)
    add(tmp_path, head(0), head(1), head(2))
    damage(tmp_path / f"{head(1).file_name}.mp4")
    error = refused("verify", "--clips", tmp_path)
    assert isinstance(error, ClipDamaged)
    assert error.exit_code == 8
    assert "1 of 3 clips" in str(error)
    assert f"{head(1).file_name}: {trouble}" in str(error)
    assert said("verify", head(0).clip_id, head(2).file_name, "--clips", tmp_path)
    verdicts = json.loads(ask("verify", "--clips", tmp_path, "--json").stdout)
    assert [verdict["verified"] for verdict in verdicts] == [True, False, True]


def test_a_clip_that_is_deleted_while_others_are_verified_is_no_damage(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1), head(2))
    (tmp_path / f"{head(2).file_name}.mp4").unlink()
    with Catalog.open(tmp_path, create=False) as catalog:

        def chosen() -> Iterator[ClipRecord]:
            for clip in catalog.clips():
                deleting.delete(catalog, [head(0).clip_id])
                yield clip

        verdicts = [(clip.clip_id, trouble) for clip, trouble in verified(catalog, chosen())]
    assert verdicts == [(head(1).clip_id, None), (head(2).clip_id, "the file is not there")]


def test_verify_reports_a_clip_that_was_never_finished(tmp_path: Path) -> None:
    add_open(tmp_path, head(0))
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.failed(head(0).clip_id, "no encoder")
    assert "was never finished (no encoder)" in str(refused("verify", "--clips", tmp_path))


def test_delete_removes_file_thumbnail_and_entry_and_nothing_else(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1))
    said("delete", head(0).file_name, "--clips", tmp_path, "--yes")
    assert names(tmp_path) == {head(1).file_name}
    left = {path.name for path in tmp_path.iterdir() if path.suffix in (".mp4", ".jpg")}
    assert left == {f"{head(1).file_name}.mp4", f"{head(1).file_name}.jpg"}


@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("", 1), ("y\n", 0)])
def test_delete_asks_first(tmp_path: Path, answer: str, left: int) -> None:
    add(tmp_path, head(0))
    result = ask("delete", "last", "--clips", tmp_path, answer=answer)
    assert head(0).file_name in result.output
    assert len(names(tmp_path)) == left
    assert (result.exit_code == 0) == (left == 0)


def test_delete_refuses_a_clip_that_is_being_recorded_and_deletes_none(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    journal = add_open(tmp_path, head(1))
    error = refused("delete", head(0).clip_id, head(1).clip_id, "--clips", tmp_path, "--yes")
    assert "is still recording" in str(error)
    assert journal.exists()
    assert len(names(tmp_path)) == 2


def test_delete_finishes_a_deletion_that_was_interrupted(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    (tmp_path / f"{head(0).file_name}.mp4").unlink()
    said("delete", "last", "--clips", tmp_path, "--yes")
    assert names(tmp_path) == set()


def test_delete_takes_the_journal_of_a_failed_clip_wherever_it_is(tmp_path: Path) -> None:
    journal = tmp_path / "memory" / "j.mkv"
    JournalWriter(journal, head(0)).abandon()
    with Catalog.open(tmp_path / "clips", create=True) as catalog:
        catalog.opened(head(0), journal)
        catalog.failed(head(0).clip_id, "no encoder")
    said("delete", "last", "--clips", tmp_path / "clips", "--yes")
    assert not journal.exists()


def test_delete_leaves_alone_what_lies_outside(tmp_path: Path) -> None:
    outside = tmp_path / "precious.mp4"
    outside.write_bytes(b"precious")
    (tmp_path / "clips").mkdir()
    with Catalog.open(tmp_path / "clips", create=True) as catalog:
        made = done(tmp_path / "clips", head(0))
        catalog.finished(closed(head(0)), replace(made, path=str(outside)))
    error = refused("delete", "last", "--clips", tmp_path / "clips", "--yes")
    assert "will not delete" in str(error)
    assert outside.exists()


@pytest.mark.parametrize("content", ["precious", "another clip's journal"])
def test_delete_leaves_alone_what_a_failed_clip_only_claims(tmp_path: Path, content: str) -> None:
    outside = tmp_path / "precious.mkv"
    if content == "precious":
        outside.write_bytes(b"precious")
    else:
        JournalWriter(outside, head(1)).abandon()
    with Catalog.open(tmp_path / "clips", create=True) as catalog:
        catalog.opened(head(0), outside)
        catalog.failed(head(0).clip_id, "no encoder")
    error = refused("delete", "last", "--clips", tmp_path / "clips", "--yes")
    assert "will not delete" in str(error)
    assert outside.exists()


def test_what_lies_outside_is_neither_read_nor_played(tmp_path: Path) -> None:
    outside = tmp_path / "secret.mp4"
    outside.write_bytes(b"secret")
    (tmp_path / "clips").mkdir()
    with Catalog.open(tmp_path / "clips", create=True) as catalog:
        made = done(tmp_path / "clips", head(0))
        catalog.finished(closed(head(0)), replace(made, path=str(outside)))
    assert "will not open" in str(refused("play", "last", "--clips", tmp_path / "clips"))
    assert "outside" in str(refused("verify", "--clips", tmp_path / "clips"))


def test_a_row_that_makes_no_sense_is_a_clear_error(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite3")) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("UPDATE clips SET state = 'weird'")
        database.commit()
    error = refused("list", "--clips", tmp_path)
    assert isinstance(error, CatalogDamaged)
    assert error.hint


def test_a_damaged_catalogue_is_a_clear_error(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    (tmp_path / "catalog.sqlite3").write_bytes(b"garbage" * 1000)
    error = refused("list", "--clips", tmp_path)
    assert isinstance(error, CatalogDamaged)
    assert error.hint


def test_the_directory_comes_from_the_settings_if_not_said(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    add(tmp_path / "there", head(0))
    settings = tmp_path / "smartrec.toml"
    settings.write_text(f'[recording]\ndirectory = "{tmp_path / "there"}"\n')
    assert len(json.loads(said("list", "--config", settings, "--json"))) == 1


def test_listing_a_said_directory_needs_no_settings_library(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    script = (
        "import sys; from smartrec.cli.clips import clips;"
        "clips(['list', '--clips', sys.argv[1]], standalone_mode=False);"
        "print(sorted(m for m in ('pydantic', 'gi', 'numpy') if m in sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert ended.stdout.splitlines()[-1] == "[]"


def test_states_of_clips_that_ended_early_are_listed(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        for n, state in enumerate((ClipState.STOPPED, ClipState.DISK_FULL, ClipState.CAMERA_LOST)):
            catalog.finished(closed(head(n), state), done(tmp_path, head(n)))
    listed = json.loads(said("list", "--clips", tmp_path, "--json"))
    assert [clip["state"] for clip in listed] == ["stopped", "disk-full", "camera-lost"]


def test_a_pinned_clip_is_shown_so_and_is_not_deleted_before_it_is_unpinned(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1))
    name = head(0).file_name
    assert said("pin", name, "--clips", tmp_path) == "pinned 1 clip\n"
    _, first, second = said("list", "--clips", tmp_path).splitlines()
    assert "complete, pinned" in first
    assert ", pinned" not in second
    assert "pinned" in said("show", name, "--clips", tmp_path)
    listed = json.loads(said("list", "--clips", tmp_path, "--json"))
    assert [clip["pinned"] for clip in listed] == [True, False]
    error = refused("delete", "--yes", name, "last", "--clips", tmp_path)
    assert f"clips unpin {name}" in (error.hint or "")
    assert len(names(tmp_path)) == 2
    assert said("unpin", name, "last", "--clips", tmp_path) == "unpinned 2 clips\n"
    assert said("delete", "--yes", name, "last", "--clips", tmp_path) == "deleted 2 clips\n"
    assert names(tmp_path) == set()


def test_a_clip_is_pinned_while_it_is_recorded(tmp_path: Path) -> None:
    add_open(tmp_path, head())
    said("pin", "last", "--clips", tmp_path)
    assert "recording, pinned" in said("list", "--clips", tmp_path)


def test_a_note_is_shown_replaced_and_taken_away(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    said("note", "last", "the courier,\nat last", "--clips", tmp_path)
    shown = said("show", "last", "--clips", tmp_path)
    assert "  note        the courier,\n              at last\n" in shown
    (listed,) = json.loads(said("list", "--clips", tmp_path, "--json"))
    assert listed["note"] == "the courier,\nat last"
    said("note", "last", "", "--clips", tmp_path)
    assert "  note  " not in said("show", "last", "--clips", tmp_path)


def test_a_note_is_only_text(tmp_path: Path) -> None:
    add(tmp_path, head(0))
    assert "control" in str(refused("note", "last", "\x1b[2J", "--clips", tmp_path))
    assert "too long" in str(refused("note", "last", "x" * 2001, "--clips", tmp_path))


def test_a_clip_in_the_trash_is_listed_there_alone_and_restored(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1))
    with Catalog.open(tmp_path, create=False) as catalog:
        keeping.trash(catalog, [head(0).clip_id], INSTANT.wall_ns)
    listed = json.loads(said("list", "--clips", tmp_path, "--json"))
    assert [(clip["event_id"], clip["trashed"]) for clip in listed] == [("event-1", None)]
    (listed,) = json.loads(said("list", "--trash", "--clips", tmp_path, "--json"))
    assert (listed["event_id"], listed["trashed"]) == ("event-0", "2026-11-22T14:15:00.123Z")
    assert "clips restore" in said("show", head(0).file_name, "--clips", tmp_path)
    assert "no clip" in str(refused("pin", head(0).file_name, "--clips", tmp_path))
    assert "no clip" in str(refused("restore", head(1).file_name, "--clips", tmp_path))
    assert said("restore", head(0).file_name, "--clips", tmp_path) == "restored 1 clip\n"
    assert len(names(tmp_path)) == 2


def test_a_clip_in_the_trash_may_be_deleted_at_once(tmp_path: Path) -> None:
    add(tmp_path, head(0), head(1))
    with Catalog.open(tmp_path, create=False) as catalog:
        keeping.trash(catalog, [head(1).clip_id], INSTANT.wall_ns)
    assert said("delete", "--yes", head(1).file_name, "--clips", tmp_path) == "deleted 1 clip\n"
    assert "is empty" in ask("list", "--trash", "--clips", tmp_path).output
    assert [path.name for path in tmp_path.glob("*.mp4")] == [f"{head(0).file_name}.mp4"]


def test_how_far_a_clock_may_be_off_is_said_only_where_it_is_known(tmp_path: Path) -> None:
    adrift = replace(INSTANT, clock=ClockQuality("adjtimex", False, 16_000_000))
    add(tmp_path, head(0, instant=adrift))
    assert "not synchronised, off by an unknown time" in said("show", "last", "--clips", tmp_path)
    known = replace(INSTANT, clock=ClockQuality("adjtimex", True, 1_500))
    add(tmp_path, head(1, instant=known))
    assert "synchronised, off by at most 1.5 ms" in said("show", "last", "--clips", tmp_path)
