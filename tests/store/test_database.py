"""Old, new, foreign and damaged files are told apart, and only ours are ever touched."""

import hashlib
import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from smartrec.errors import CatalogDamaged, CatalogTooNew, DiskReadOnly, StoreError, UsageError
from smartrec.model import Trigger
from smartrec.store import database, keeping
from smartrec.store.catalog import Catalog, exists
from smartrec.units import SECOND, Ns
from tests.store.clips import LOOKS, WALL, FixedClock, closed, done, head


def fill(directory: Path, clips: int = 1) -> Path:
    with Catalog.open(directory, create=True) as catalog:
        for n in range(clips):
            catalog.finished(closed(head(n)), done(directory, head(n)))
    return directory / database.FILE_NAME


def state_of(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()
    }


def test_no_catalogue_is_made_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no clips in .* yet"):
        Catalog.open(tmp_path, create=False)
    assert not exists(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a b", "ä?x=1#y%20", "line\nbreak", "x" * 255, "\udcff"])
def test_the_directory_may_have_any_name(tmp_path: Path, name: str) -> None:
    fill(tmp_path / name)
    with Catalog.open(tmp_path / name, create=False) as catalog:
        path = catalog.clip("last").path
    assert path is not None
    assert path.exists()


def test_it_is_in_wal_mode_and_says_who_wrote_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(fill(tmp_path))) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("SELECT value FROM meta WHERE key = 'written_by'").fetchone()
        assert db.execute("PRAGMA user_version").fetchone() == (database.VERSION,)


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_catalogue_is_refused_and_not_touched(tmp_path: Path, create: bool) -> None:
    path = fill(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE meta SET value = '9.9.9'")
        db.commit()
        db.execute(f"PRAGMA user_version = {database.VERSION + 1}")
    before = state_of(tmp_path)
    with pytest.raises(CatalogTooNew, match=r"written by smartrec 9\.9\.9") as caught:
        Catalog.open(tmp_path, create=create, repair=True)
    assert "Update smartrec" in (caught.value.hint or "")
    assert state_of(tmp_path) == before


def test_a_newer_catalogue_of_a_killed_recorder_is_refused_too(tmp_path: Path) -> None:
    path = fill(tmp_path)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute(f"PRAGMA user_version = {database.VERSION + 1}")
        assert Path(f"{path}-wal").stat().st_size > 0
        with pytest.raises(CatalogTooNew):
            Catalog.open(tmp_path, create=False)


def add_weather(db: sqlite3.Connection) -> None:
    db.execute("ALTER TABLE clips ADD COLUMN weather TEXT")


def fail(db: sqlite3.Connection) -> None:
    add_weather(db)
    raise KeyboardInterrupt


def test_an_older_catalogue_is_brought_up_to_date_with_all_its_clips(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    migrations = {database.VERSION: add_weather}
    with closing(database.connect(tmp_path, create=True, migrations=migrations)) as db:
        assert [row[0] for row in db.execute("SELECT weather FROM clips")] == [None, None]
        header = (tmp_path / database.FILE_NAME).read_bytes()[60:64]
        assert int.from_bytes(header, "big") == database.VERSION + 1
    with pytest.raises(CatalogTooNew):
        Catalog.open(tmp_path, create=False)


def fill_version(directory: Path, version: int) -> Path:
    """The file that an earlier smartrec left of one clip, by its own schema and statements."""
    path = directory / database.FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA application_id = {0x736D7263}")
        db.executescript((Path(__file__).parent / f"schema_{version}.sql").read_text())
        db.execute("INSERT INTO meta VALUES ('written_by', '0.1.0')")
        for table, row in VERSION_1.items():
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()])
        db.execute(f"PRAGMA user_version = {version}")
        db.commit()
    return path


VERSION_1: dict[str, dict[str, object]] = {
    "clips": {
        **dict.fromkeys(("clip_id", "event_id", "station_id", "camera_id", "camera_name"), "c"),
        **dict.fromkeys(("file_name", "boot_id", "clock_source", "config_digest"), "f"),
        **dict.fromkeys(("part", "clock_synced", "start_pts", "frames_expected"), 1),
        **dict.fromkeys(("width", "height", "fps", "frames_surplus"), 2),
        **dict.fromkeys(("wall_ns", "mono_ns", "start_wall_ns", "first_pts"), 10**18),
        **dict.fromkeys(("end_pts", "duration_ns", "created_ns", "updated_ns"), 5 * 10**9),
        **dict.fromkeys(("asked_pre_ns", "asked_post_ns"), 10**9),
        **dict.fromkeys(("engine", "software_version", "sha256"), "0"),
        **{"state": "complete", "codec": "jpeg", "frames_written": 1},
    },
    "triggers": {
        **{"clip_id": "c", "trigger_id": "t", "position": 0, "pts": 10**18 + 10**9},
        **{"reason": "key-R", "why": '{"key": "R"}', "start_pts": 7},
    },
    "losses": {"clip_id": "c", "cause": "driver", "count": 3},
    "locations": {"clip_id": "c", "kind": "local", "uri": "f.mp4"},
}


def columns_of(directory: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(directory / database.FILE_NAME)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema ORDER BY name")]
        return {
            table: [
                *db.execute(f"PRAGMA table_xinfo('{table}')"),
                *db.execute(f"PRAGMA foreign_key_list('{table}')"),
                *db.execute("SELECT wr, strict FROM pragma_table_list WHERE name = ?", (table,)),
            ]
            for table in tables
        }


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_catalogue_becomes_what_a_new_one_is(tmp_path: Path, version: int) -> None:
    (tmp_path / "old").mkdir()
    path = fill_version(tmp_path / "old", version)
    Catalog.open(tmp_path / "old", create=False).close()
    fill(tmp_path / "new")
    assert columns_of(tmp_path / "old") == columns_of(tmp_path / "new")
    assert "tracks" in columns_of(tmp_path / "old")
    assert int.from_bytes(path.read_bytes()[60:64], "big") == database.VERSION


def test_the_clips_of_version_1_are_kept_and_go_on(tmp_path: Path) -> None:
    fill_version(tmp_path, 1)
    with Catalog.open(tmp_path, create=True) as catalog:
        (clip,) = catalog.clips()
        assert clip.triggers == (
            Trigger("t", Ns(10**18 + 10**9), "key-R", {"key": "R"}, start=Ns(7)),
        )
        assert clip.lost == {"driver": 3}
        assert clip.path == tmp_path / "f.mp4"
        assert clip.actual_post == 4 * SECOND
        assert catalog.looks("c") == ()
        assert catalog.looked("c", LOOKS)
        assert catalog.looks("c") == LOOKS


def test_clips_of_version_2_are_not_pinned_and_as_old_as_they_are(tmp_path: Path) -> None:
    fill_version(tmp_path, 2)
    with Catalog.open(tmp_path, create=True) as catalog:
        assert not catalog.clip("last").pinned
        (clip,) = keeping.held(catalog)
        assert (clip.dated, clip.pinned) == (10**18 + 5 * SECOND, False)


def test_a_card_of_version_1_that_cannot_be_written_can_be_read(small_disk: Path) -> None:
    fill_version(small_disk, 1)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before = state_of(small_disk)
    with Catalog.open(small_disk, create=False) as catalog:
        assert [trigger.reason for trigger in catalog.clip("last").triggers] == ["key-R"]
        assert catalog.looks("c") == ()
        with pytest.raises(StoreError, match="Read-only"):
            keeping.pin(catalog, "c", pinned=True)
    assert state_of(small_disk) == before


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_catalogue_is_read_as_it_lies_without_a_byte_written(
    tmp_path: Path, version: int
) -> None:
    fill_version(tmp_path, version)
    before = state_of(tmp_path)
    with Catalog(database.as_it_lies(tmp_path), tmp_path, FixedClock(), writes=False) as catalog:
        assert [clip.clip_id for clip in keeping.held(catalog)] == ["c"]
    assert state_of(tmp_path) == before


def test_a_catalogue_with_a_log_is_not_read_without_it(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.finished(closed(head(1)), done(tmp_path, head(1)))
        with pytest.raises(StoreError, match="as it lies"):
            database.as_it_lies(tmp_path)


def test_an_update_that_fails_changes_nothing(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    with pytest.raises(KeyboardInterrupt):
        database.connect(tmp_path, create=True, migrations={database.VERSION: fail})
    with Catalog.open(tmp_path, create=True) as catalog:
        assert len(catalog.clips()) == 2


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / database.FILE_NAME)) as db:
        db.execute("PRAGMA user_version = 1")
        db.execute("CREATE TABLE bookmarks (url)")
    before = state_of(tmp_path)
    with pytest.raises(StoreError, match="another program's"):
        Catalog.open(tmp_path, create=True, repair=True)
    assert state_of(tmp_path) == before


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "text": lambda data: b"not a database at all" * 100,
    "short": lambda data: data[:50],
    "torn": lambda data: data[: len(data) // 2],
    "zeros": lambda data: data[:4096] + bytes(len(data) - 4096),
    "last page": lambda data: data[:-4096] + bytes(4096),
    "noise": lambda data: data[:4096] + os.urandom(len(data) - 4096),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_catalogue_is_set_aside_only_when_asked(tmp_path: Path, damage: str) -> None:
    path = fill(tmp_path)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    broken = path.read_bytes()
    with pytest.raises(CatalogDamaged, match="damaged") as caught:
        Catalog.open(tmp_path, create=True)
    assert caught.value.hint
    with Catalog.open(tmp_path, create=True, repair=True, clock=FixedClock()) as catalog:
        assert catalog.clips() == []
        assert [clip.name for clip in catalog.unlisted()] == [f"{head().file_name}.mp4"]
        catalog.finished(closed(head()), done(tmp_path, head()))
        assert len(catalog.clips()) == 1
    assert Path(f"{path}.damaged-{WALL // 1_000_000}").read_bytes() == broken


def test_the_log_of_a_damaged_catalogue_is_set_aside_with_it(tmp_path: Path) -> None:
    path = fill(tmp_path)
    with Catalog.open(tmp_path, create=True) as writer:
        writer.finished(closed(head(1)), done(tmp_path, head(1)))
        copies = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal")}
    path.write_bytes(b"not a database")
    Path(f"{path}-wal").write_bytes(copies["-wal"])
    with Catalog.open(tmp_path, create=True, repair=True, clock=FixedClock()) as catalog:
        assert catalog.clips() == []
    aside = f"{path}.damaged-{WALL // 1_000_000}"
    assert Path(f"{aside}-wal").read_bytes() == copies["-wal"]


def test_a_catalogue_whose_writer_died_moving_its_log_in_is_whole(tmp_path: Path) -> None:
    """The first page says already how large the file would have become."""
    path = fill(tmp_path)
    with Catalog.open(tmp_path, create=True) as writer:
        for n in range(1, 20):
            writer.finished(closed(head(n)), done(tmp_path, head(n)))
        copies = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in ("", "-wal")}
    first_page = path.read_bytes()[:4096]
    assert int.from_bytes(first_page[28:32], "big") * 4096 > len(copies[""])
    path.write_bytes(first_page + copies[""][4096:])
    Path(f"{path}-wal").write_bytes(copies["-wal"])
    with Catalog.open(tmp_path, create=True, repair=True, clock=FixedClock()) as catalog:
        assert len(catalog.clips()) == 20
    assert not list(tmp_path.glob("*.damaged-*"))


def test_the_log_stays_small_however_much_is_written(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        made = done(tmp_path, head(0))
        for n in range(150):
            catalog.finished(closed(head(n)), made)
        assert (tmp_path / f"{database.FILE_NAME}-wal").stat().st_size < 1 << 20


def test_a_card_that_cannot_be_written_can_be_read(small_disk: Path) -> None:
    fill(small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Catalog.open(small_disk, create=False) as catalog:
        assert len(catalog.clips()) == 1
        with pytest.raises(DiskReadOnly, match="Read-only") as caught:
            keeping.note(catalog, head().clip_id, "seen")
        assert "remount,rw" in (caught.value.hint or "")
    with pytest.raises(DiskReadOnly):
        Catalog.open(small_disk, create=True)


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot make"):
        Catalog.open(tmp_path / "file" / "clips", create=True)


def test_every_column_is_explained() -> None:
    script = (Path(database.__file__).parent / "schema.sql").read_text()
    columns = [line for line in script.splitlines() if line.startswith("    ")]
    unexplained = [c for c in columns if "--" not in c and not c.strip().startswith("PRIMARY KEY")]
    assert len(columns) > 40
    assert unexplained == []
