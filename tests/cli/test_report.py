"""What `smartrec report` makes: whole, private, and without a secret in any of its bytes."""

import base64
import json
import os
import shlex
import stat
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner, Result

from smartrec.app.doctor.censor import Censor
from smartrec.app.doctor.report import Part, bundle, files
from smartrec.cli.report import report
from smartrec.errors import UsageError

IN_URL = "s3cret/in@url"
IN_FILE = "s3cret+in&file"
IN_ENVIRONMENT = "s3cret in environment"
SECRETS = (IN_URL, IN_FILE, IN_ENVIRONMENT)
PARTS = {
    "doctor.json", "settings.json", "machine.json", "cameras.json", "pipelines.txt",
    "recorder.json", "recorder.txt", "clips.json", "files.txt", "kernel.txt", "README.txt",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SMARTREC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("SMARTREC_DETECTOR__ENABLED", "false")
    monkeypatch.chdir(tmp_path)


def settings(tmp_path: Path, more: str = "") -> None:
    url = f"rtsp://me:{quote(IN_URL, safe='')}@127.0.0.1:1/live?password={quote(IN_FILE, safe='')}"
    (tmp_path / "smartrec.toml").write_text(f"{more}[[camera]]\nsource = '{url}'\n")


def made(tmp_path: Path, *options: str) -> tuple[Result, dict[str, bytes]]:
    out = tmp_path / "out.zip"
    result = CliRunner().invoke(report, ["--output", str(out), "--clips", str(tmp_path), *options])
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(out) as archive:
        return result, {name: archive.read(name) for name in archive.namelist()}


def writings(secret: str) -> set[bytes]:
    raw = secret.encode()
    coded = {base64.b64encode(raw), base64.b64encode(b"me:" + raw), raw.hex().encode()}
    quoted = {quote(secret).encode(), quote(secret, safe="").encode()}
    return {raw, *coded, *quoted, *(each.lower() for each in quoted)}


def test_a_report_says_what_is_in_it_and_that_it_is_to_be_looked_at(tmp_path: Path) -> None:
    settings(tmp_path)
    result, parts = made(tmp_path)
    assert set(parts) == PARTS
    said, look = result.stdout.rstrip("\n").split("Look at it before you send it: ")
    assert said.endswith("out.zip. ")
    subprocess.run(shlex.split(look), check=True)
    assert {path.name for path in (tmp_path / "out.d").iterdir()} == PARTS
    assert all(name in result.stdout for name in PARTS - {"README.txt"})
    assert all(name in parts["README.txt"].decode() for name in PARTS - {"README.txt"})
    assert json.loads(parts["doctor.json"])["findings"]
    assert json.loads(parts["machine.json"])["smartrec"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    settings(tmp_path)
    made(tmp_path)
    assert stat.S_IMODE((tmp_path / "out.zip").stat().st_mode) == 0o600


@pytest.mark.parametrize("mistake", ["", "[recording]\npre_rol = '5s'\n"])
def test_no_secret_is_in_any_byte_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    settings(tmp_path, mistake)
    monkeypatch.setenv("MQTT_PASSWORD", IN_ENVIRONMENT)
    monkeypatch.setenv("GST_DEBUG_FILE", f"/tmp/{IN_ENVIRONMENT}")
    lines = [piece.decode() for secret in SECRETS for piece in sorted(writings(secret))]
    log = tmp_path / f"log-of-{IN_ENVIRONMENT}.txt"
    log.write_text("\n".join(lines))
    (tmp_path / f"{IN_ENVIRONMENT}.mp4").touch()
    _, parts = made(tmp_path, "--log", str(log))
    assert b"***" in parts["log.txt"]
    for name, data in parts.items():
        for secret in SECRETS:
            for written in writings(secret):
                assert written not in data, (name, written)
                assert written.lower() not in data.lower(), (name, written)
    assert mistake == "" or b"pre_rol" in parts["settings.json"]


def test_no_picture_is_in_it(tmp_path: Path) -> None:
    settings(tmp_path)
    (tmp_path / "clip.jpg").write_bytes(b"\xff\xd8\xff\xe0picture")
    _, parts = made(tmp_path)
    assert b"clip.jpg" in parts["files.txt"]
    assert not any(b"\xff\xd8" in data for data in parts.values())


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied", "/x"), KeyError("Permission denied")]
)
def test_a_part_that_fails_says_why_and_the_others_are_there(
    tmp_path: Path, error: Exception
) -> None:
    def fails() -> str:
        raise error

    parts = [Part("a.txt", "fails", fails), Part("b.txt", "well", lambda: "well")]
    list(bundle(tmp_path / "r.zip", parts, Censor([])))
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        assert b"Permission denied" in archive.read("a.txt")
        assert archive.read("b.txt") == b"well"


def test_nothing_in_it_is_obeyed_by_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a\x1b[31m\nb.mp4").touch()
    parts = [
        Part("files.txt", "names", lambda: files(tmp_path / "clips")),
        Part("log.txt", "log", lambda: "one\x1b]0;x\x07\ntwo\n"),
    ]
    list(bundle(tmp_path / "r.zip", parts, Censor([])))
    with zipfile.ZipFile(tmp_path / "r.zip") as archive:
        assert rb"a\x1b[31m\nb.mp4" in archive.read("files.txt")
        assert archive.read("log.txt") == b"one\\x1b]0;x\\x07\ntwo\n"


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        list(bundle(tmp_path / "r.zip", [], Censor([])))
    assert (tmp_path / "r.zip").read_text() == "mine"


def test_half_a_report_is_none(tmp_path: Path) -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(bundle(tmp_path / "r.zip", [Part("a", "", interrupted)], Censor([])))
    assert list(tmp_path.iterdir()) == []
