"""Cameras on the network, by the whole program: exact clips, and no password anywhere."""

import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from smartrec.errors import CameraForbidden
from smartrec.units import SECOND
from tests.e2e.pictures import FPS, MILLISECOND, shown
from tests.e2e.recorder import Home, Recorder, Row, settings
from tests.faults.totals import Totals
from tests.media.rtsp_server import (
    HEIGHT,
    PASSWORD,
    USER,
    WIDTH,
    Server,
    needs_server,
    numbered,
    own_certificate,
    played,
)

PRE, POST = 1_300 * MILLISECOND, 900 * MILLISECOND
LENGTHS = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={POST / SECOND}s")
BENT = 200 * MILLISECOND
"""By so much times may bend while the camera's clock is found; the server sends a little ahead."""
PIN = f"#sha256={'0' * 64}"
WATCHED = {"SMARTREC_DETECTOR__ENABLED": "true", "SMARTREC_TRIGGER__PERSON": "false"}
SECRETS = (PASSWORD, quote(PASSWORD, safe=""), b64encode(f"{USER}:{PASSWORD}".encode()).decode())


def talkative(directory: Path) -> dict[str, str]:
    """GStreamer tells all that it knows of the connection, and draws its pipelines."""
    directory.mkdir()
    return {
        "GST_DEBUG": "rtsp*:9,GST_PROPERTIES:9,GST_ELEMENT_FACTORY:6,GST_PIPELINE:6",
        "GST_DEBUG_NO_COLOR": "1",
        "GST_DEBUG_FILE": str(directory / "gstreamer-%p.log"),
        "GST_DEBUG_DUMP_DOT_DIR": str(directory),
    }


def login(password: str = PASSWORD) -> str:
    return f"{quote(USER, safe='')}:{quote(password, safe='')}@"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def mounts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    needs_server()
    directory = tmp_path_factory.mktemp("films")
    films = {codec: numbered(directory / f"{codec}.mp4", codec, 1200) for codec in ("h264", "h265")}
    return {f"/{codec}": played(path, codec) for codec, path in films.items()}


def check(row: Row, begin: int, end: int) -> None:
    """All pictures of the interval follow each other; none before, none behind, none missing."""
    pictures = shown(Path(row["path"]), WIDTH, HEIGHT)
    drawn = [picture.number for picture in pictures]
    assert drawn[0] is not None
    assert drawn == list(range(drawn[0], drawn[0] + len(drawn)))
    frame = SECOND // FPS
    assert begin <= row["first_pts"] < begin + 2 * frame
    assert end - 2 * frame < row["last_pts"] < end
    assert abs(len(drawn) - (end - begin) / frame) <= 6
    counted = (row["frames_expected"], row["frames_written"], row["frames_lost"])
    assert counted == (len(drawn), len(drawn), 0), row["lost"]
    for picture, number in zip(pictures, range(len(drawn)), strict=True):
        assert abs(picture.time - pictures[0].time - number * frame) < BENT


def spilled(*places: Path) -> list[Path]:
    """Files that hold the password."""
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    secrets = [secret.encode() for secret in SECRETS]
    return [file for file in files if any(secret in file.read_bytes() for secret in secrets)]


def processes(running: Recorder) -> str:
    """The command lines of the recorder's own processes."""
    pids = [*running.finishers(), *filter(None, [running.watch()])]
    return "".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in pids)


@pytest.mark.parametrize("codec", ["h264", pytest.param("h265", marks=pytest.mark.long)])
def test_a_clip_is_exact_and_the_password_is_nowhere(
    home: Home, tmp_path: Path, mounts: dict[str, str], codec: str
) -> None:
    with Server(mounts, login=(USER, PASSWORD)) as server:
        config = settings(tmp_path / "net.toml", [server.address(f"/{codec}", login())])
        start = ("--log-level", "debug", "run", "--config", str(config), *LENGTHS)
        told = talkative(tmp_path / "gstreamer")
        with Recorder(home, start, environ={**WATCHED, **told}) as running:
            running.wait_live()
            running.wait_ring(1.5)
            at = time.monotonic_ns()
            running.trigger(pts=at)
            said = [str(running.status()), processes(running)]
            running.wait_ready()
            running.stop()
        clips = [
            home.run("clips", "show", "last"),
            home.run("clips", "show", "last", "--json"),
        ]
        shows = [
            running_config(home, config, *words)
            for words in (("config", "show"), ("config", "show", "--json"), ("graph",))
        ]
    (row,) = home.rows()
    assert row["codec"] == codec
    assert row["encoder"] == "remux"
    check(row, at - PRE, at + POST)
    everything = "\n".join([*said, running.everything, str(row), *clips, *shows])
    assert not any(secret in everything for secret in SECRETS)
    assert all(":***@127.0.0.1" in text for text in (said[0], *shows))
    config.unlink()
    assert spilled(tmp_path) == []


def running_config(home: Home, config: Path, *words: str) -> str:
    """What a command says of the settings."""
    done = subprocess.run(
        [sys.executable, "-m", "smartrec", *words, "--config", str(config)],
        env=home.environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    return done.stdout + done.stderr


@pytest.mark.long
def test_a_server_that_comes_back_is_recorded_again_and_the_other_camera_notices_nothing(
    home: Home, tmp_path: Path, mounts: dict[str, str]
) -> None:
    with Server(mounts) as server:
        config = settings(tmp_path / "two.toml", [server.address("/h264"), "demo"])
        with Recorder(home, ("run", "--config", str(config), *LENGTHS)) as running:
            running.wait_live(2)
            running.wait_ring(0.5)
            running.trigger("cam0")
            server.kill()
            running.wait_for(r"cam0.*lost.*127\.0\.0\.1")
            running.wait_ready()
            running.wait_until(lambda status: status["cameras"][1]["ring_s"] > 1.4)
            at = time.monotonic_ns()
            other = running.trigger("cam1", pts=at)
            server.mounts = {"/h264": mounts["/h265"]}
            server.start()
            running.wait_until(lambda status: status["cameras"][0]["ring_s"] > 1.4)
            again = time.monotonic_ns()
            second = running.trigger("cam0", pts=again)
            running.wait_ready(2)
            running.stop()
    rows = {row["clip_id"]: row for row in home.rows()}
    assert sorted(row["state"] for row in rows.values()) == ["camera-lost", "complete", "complete"]
    assert rows[str(other.clip_id)]["frames_lost"] == 0
    codecs = {row["state"]: row["codec"] for row in rows.values() if row["camera_id"] == "cam0"}
    assert codecs == {"camera-lost": "h264", "complete": "h265"}
    check(rows[str(second.clip_id)], again - PRE, again + POST)


@pytest.mark.long
def test_however_it_fails_no_password_is_shown(
    home: Home, tmp_path: Path, mounts: dict[str, str], certificate: Path, totals: Totals
) -> None:
    """One recorder with a camera for each way; the one that works is killed."""
    with (
        Server(mounts, login=(USER, PASSWORD)) as good,
        Server(mounts, login=(USER, PASSWORD)) as elsewhere,
        Server(mounts, login=(USER, "another")) as other,
        Server(mounts, login=(USER, "another"), digest=True) as digest,
        Server(mounts, login=(USER, PASSWORD), certificate=certificate) as secure,
    ):
        ways = {
            "lost": good.address("/h264", login()),
            "refuses this user": other.address("/h264", login()),
            "refuses this user and password": digest.address("/h264", login()),
            "the path is wrong": elsewhere.address("/nowhere", login()),
            "does not answer": f"rtsp://{login()}127.0.0.1:1/main",
            "a certificate other than": secure.address("/h264", login(), "rtsps") + PIN,
            "no known authority has signed": secure.address("/h264", login(), "rtsps"),
        }
        config = settings(tmp_path / "net.toml", list(ways.values()))
        told = talkative(tmp_path / "gstreamer")
        start = ("--log-level", "debug", "run", "--config", str(config))
        with Recorder(home, start, environ=told) as running:
            running.wait_live()
            good.kill()
            running.wait_until(lambda status: all(c["error"] for c in status["cameras"]))
            status = running.status()
            os.kill(running.pid, signal.SIGTERM)
            running.status_at_end()
    for camera, way in zip(status["cameras"], ways, strict=True):
        assert way in camera["error"] or way == "lost"
    assert not any(secret in running.everything + str(status) for secret in SECRETS)
    config.unlink()
    assert spilled(tmp_path) == []
    assert list((tmp_path / "gstreamer").glob("*.log"))
    totals("network camera: refused, lost, no camera", tried=len(ways), held=len(ways))


def test_a_wrong_password_is_told_and_not_shown(
    home: Home, tmp_path: Path, mounts: dict[str, str]
) -> None:
    with Server(mounts, login=(USER, "another")) as server:
        config = settings(tmp_path / "net.toml", [server.address("/h264", login())])
        start = ("--log-level", "debug", "run", "--config", str(config))
        with Recorder(home, start) as running:
            running.wait_for("refuses this user and password")
            status = str(running.status())
            os.kill(running.pid, signal.SIGTERM)
            assert running.status_at_end() == CameraForbidden.exit_code
    assert "refuses this user and password" in status
    assert not any(secret in running.everything + status for secret in SECRETS)
    config.unlink()
    assert spilled(tmp_path) == []
