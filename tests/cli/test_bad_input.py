"""Whatever a user can get wrong: what, why and the command that mends it, and never a traceback.

The real program, as a child; in this process where it refuses before it begins anything, for a
child takes a second to start. Nothing here opens a camera.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from smartrec.app.identity import DirectoryLock
from smartrec.cli.main import cli, status_of
from smartrec.store.catalog import Catalog

HOMES = ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
Typed = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """What the program does with a command line, in this process."""
    monkeypatch.chdir(tmp_path)
    for name in HOMES:
        monkeypatch.setenv(name, str(tmp_path))

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        status = status_of(
            lambda: cli.main(list(arguments), prog_name="smartrec", standalone_mode=False)
        )
        return subprocess.CompletedProcess(arguments, status, *capsys.readouterr())

    return run


def smartrec(*arguments: str, cwd: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    home = dict.fromkeys(HOMES, str(cwd))
    return subprocess.run(
        [sys.executable, "-m", "smartrec", *arguments],
        cwd=cwd,
        env={**os.environ, **home, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def refused(done: "subprocess.CompletedProcess[str]", status: int, *words: str) -> None:
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("file:no.mp4", ["no.mp4 does not exist", "ls"]),
        ("file:text.txt", ["text.txt is no video", "file"]),
        ("usb:/dev/video99", ["/dev/video99 is not there", "smartrec cameras"]),
        ("usb:/dev/null", ["/dev/null", "smartrec cameras"]),
    ],
)
def test_a_source_that_never_gives_a_picture(tmp_path: Path, source: str, words: list[str]) -> None:
    (tmp_path / "text.txt").write_text("no video\n" * 1000)
    done = smartrec("run", "--headless", "--for", "1s", "--source", source, cwd=tmp_path)
    refused(done, 4, *words)


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("pre_roll = ", ["smartrec.toml:1", "smartrec config example"]),
        ("[recording]\npre_rol = '3s'", ["smartrec.toml:2", "did you mean 'pre_roll'"]),
        ("[recording]\npre_roll = '3 weeks'\npost_roll = -1", ["smartrec.toml:2", "toml:3"]),
        ("[recording]\npre_roll = 0\npost_roll = 0", ["both 0", "recording"]),
        ("[[camera]]\nname = 'Door'\n[[camera]]\nname = 'Door'", ["Door"]),
        ('[[camera]]\nname = "a\\nb"', ["smartrec.toml:2", "name"]),
        ("[[camera]]\nid = 'a/b'", ["smartrec.toml:2", "id"]),
        ("[[camera]]\n[[camera.zone]]\nname = 'a'\npolygon = [[0, 0], [1, 1]]", ["toml:4", "3 to"]),
        ("[trigger]\nframes = 4", ["smartrec.toml:1", "more than of, 3"]),
        (f"[[camera]]\nname = '{'x' * 300}'", ["smartrec.toml:2", "100"]),
    ],
    ids=[
        "no TOML",
        "misspelt",
        "two mistakes",
        "nothing to hold",
        "one name twice",
        "newline",
        "slash",
        "zone of two corners",
        "frames of too few",
        "too long",
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, typed: Typed, toml: str, words: list[str]) -> None:
    (tmp_path / "smartrec.toml").write_text(toml)
    refused(typed("demo", "--for", "1s"), 2, *words)


def test_settings_that_are_wrong_end_the_program(tmp_path: Path) -> None:
    (tmp_path / "smartrec.toml").write_text("[recording]\npre_rol = '3s'")
    done = smartrec("demo", "--for", "1s", cwd=tmp_path)
    refused(done, 2, "smartrec.toml:2", "did you mean 'pre_roll'")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--min-confidence", "50"], ["command line: detector.min_confidence", "at most 1"]),
        (["--min-confidence", "half"], ["--min-confidence"]),
        (["--model", ""], ["command line: detector.model", "the name of a file"]),
        (["--headless", "--window"], ["leave one of the two out"]),
    ],
    ids=["percent", "words", "an empty path", "two that contradict"],
)
def test_options_that_are_wrong(typed: Typed, options: list[str], words: list[str]) -> None:
    refused(typed("demo", "--for", "1s", *options), 2, *words)


@pytest.mark.parametrize("format_", ["mp4", "copy"])
def test_names_that_only_people_can_read_are_no_trouble(tmp_path: Path, format_: str) -> None:
    (tmp_path / "smartrec.toml").write_text(
        f"[recording]\nformat = '{format_}'\n[[camera]]\nsource = 'demo'\nname = 'Tür / 門 …'\n"
    )
    done = smartrec("config", "check", cwd=tmp_path)
    assert done.returncode == 0


def test_a_clip_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "clips").write_text("a file")
    refused(smartrec("demo", "--for", "1s", "--clips", "clips", cwd=tmp_path), 6, "clips", "mv ")


def test_a_second_recorder_names_the_first(tmp_path: Path) -> None:
    with DirectoryLock.acquire(tmp_path / "clips"):
        done = smartrec("demo", "--for", "1s", "--clips", "clips", cwd=tmp_path)
    refused(done, 6, str(os.getpid()))


def test_a_catalogue_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Catalog.open(tmp_path / "clips", create=True).close()
    path = tmp_path / "clips" / "catalog.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    before = path.read_bytes()
    refused(smartrec("demo", "--for", "1s", "--clips", "clips", cwd=tmp_path), 6, "newer")
    refused(smartrec("clips", "list", "--clips", "clips", cwd=tmp_path), 6, "newer")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--sorce", "demo"),
        ("run", "--source", "cinema"),
        ("run", "--for", "soon"),
        ("run", "--size", "big"),
        ("run", "--config", "nowhere.toml"),
        ("clips", "show", "no-such-clip"),
        ("trigger", "--camera", ""),
        ("demo", "--clips", ""),
        ("clips", "list", "--clips", ""),
        ("frobnicate",),
    ],
    ids=" ".join,
)
def test_a_command_line_that_means_nothing(typed: Typed, arguments: tuple[str, ...]) -> None:
    done = typed(*arguments)
    refused(done, done.returncode)
    assert done.returncode in (2, 7)
    assert done.stderr


def test_nobody_answers(tmp_path: Path) -> None:
    refused(smartrec("trigger", cwd=tmp_path), 7, "no recorder is running", "smartrec run")


@pytest.mark.parametrize(
    "redirection",
    [
        pytest.param(">&-", marks=pytest.mark.long),
        ">/dev/full",
        "<&- >&- 2>&-",
        pytest.param("| true", marks=pytest.mark.long),
    ],
)
def test_a_recorder_does_not_need_to_be_read(tmp_path: Path, redirection: str) -> None:
    command = f"{sys.executable} -m smartrec demo --headless --for 1s {redirection}"
    done = shell(f"{command}; echo status ${{PIPESTATUS[0]}} >&3", cwd=tmp_path)
    assert done.stdout == "status 0\n"
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_a_list_that_cannot_be_printed_is_no_success(tmp_path: Path) -> None:
    command = f"{sys.executable} -m smartrec clips list --json --clips ."
    done = shell(f"{command} >/dev/full; echo status $? >&3", cwd=tmp_path)
    assert done.stdout == "status 6\n"
    assert "cannot write: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def shell(command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a bash command that may close what it has; what it writes to 3 is the output."""
    return subprocess.run(
        ["bash", "-c", f"{{ {command}; }} 3>&1"],
        cwd=cwd,
        env={**os.environ, "XDG_RUNTIME_DIR": str(cwd), "XDG_STATE_HOME": str(cwd)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
