"""Cameras on the network in hard times, by the whole program: what a clip then holds and claims."""

import os
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import FPS, film, shown
from tests.e2e.recorder import Home, Recorder, Row, pause_until, settings
from tests.e2e.test_rtsp import BENT, LENGTHS, POST, PRE, check
from tests.faults.leaks import Ledger
from tests.faults.totals import Totals
from tests.media.rtsp_server import CODECS, HEIGHT, WIDTH, Server, needs_server, numbered, played

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By codec; ``sparse`` has a keyframe every 10 s."""
    needs_server()
    directory = tmp_path_factory.mktemp("films")
    lengths = {"h264": 900, "h265": 450}
    made = {codec: numbered(directory / f"{codec}.mp4", codec, n) for codec, n in lengths.items()}
    options = CODECS["h264"].replace("-g 15", "-g 300").split()
    sparse = film(directory / "sparse.mp4", 600, *options, width=WIDTH, height=HEIGHT)
    return {**made, "sparse": sparse}


def recorder(
    home: Home, directory: Path, server: Server, transport: str = "tcp", post_roll: str = ""
) -> Recorder:
    """Of the server's one camera."""
    config = settings(directory / "net.toml", [server.address("/main")])
    config.write_text(f'{config.read_text()}transport = "{transport}"\n')
    lengths = (*LENGTHS, *([f"--post-roll={post_roll}"] if post_roll else []))
    return Recorder(home, ("run", "--config", str(config), *lengths))


def in_time(row: Row) -> list[int]:
    """Numbers of a clip's pictures: each at its time, and whole for a strict decoder."""
    path = Path(row["path"])
    strict = ("ffmpeg", "-y", "-v", "error", "-xerror", "-err_detect", "explode", "-i", str(path))
    decoded = subprocess.run(
        [*strict, "-vf", "setpts=N", "-f", "rawvideo", "/dev/null"],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (decoded.returncode, decoded.stderr) == (0, "")
    pictures = shown(path, WIDTH, HEIGHT)
    numbers = [picture.number for picture in pictures if picture.number is not None]
    assert len(numbers) == len(pictures)
    for picture, number in zip(pictures, numbers, strict=True):
        at = (number - numbers[0]) * SECOND // FPS
        assert abs(picture.time - pictures[0].time - at) < BENT
    return numbers


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_clip_that_udp_has_holes_in_claims_no_picture_that_cannot_be_decoded(
    home: Home, tmp_path: Path, films: dict[str, Path], codec: str, totals: Totals
) -> None:
    mounts = {"/main": played(films[codec], codec, lossy=True)}
    with (
        Server(mounts, lose=(60, 97, 5, 9), transport="udp") as server,
        recorder(home, tmp_path, server, "udp") as running,
    ):
        running.wait_live()
        running.wait_ring(2.0)
        running.trigger()
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    numbers = in_time(row)
    assert row["frames_written"] == len(numbers)
    assert row["frames_expected"] == row["frames_written"] + row["frames_lost"]
    assert set(row["lost"]) == {"driver", "damaged"}
    # Whatever is missing lies between pictures that are there, or at the ends.
    missing = sum(later - earlier - 1 for earlier, later in pairwise(numbers))
    assert 0 < missing <= row["frames_lost"]
    assert abs(row["frames_expected"] - (PRE + POST) / SECOND * FPS) <= 6
    assert row["frames_surplus"] == 0
    totals("network camera: UDP with holes", tried=1, held=1, note="each picture decodes")


def test_a_camera_that_pauses_loses_nothing_and_one_that_hangs_is_asked_again(
    home: Home, tmp_path: Path, films: dict[str, Path], totals: Totals
) -> None:
    mounts = {"/main": played(films["h264"], "h264")}
    with (
        Server(mounts) as server,
        recorder(home, tmp_path, server, post_roll="4s") as running,
    ):
        running.wait_live()
        running.wait_ring(1.4)
        running.trigger()
        os.kill(server.pid, signal.SIGSTOP)
        pause_until(time.monotonic_ns() + 3 * SECOND)
        os.kill(server.pid, signal.SIGCONT)
        running.wait_ready()
        os.kill(server.pid, signal.SIGSTOP)
        running.wait_for("has sent nothing for")
        os.kill(server.pid, signal.SIGCONT)
        running.wait_until(lambda status: status["cameras"][0]["phase"] == "live")
        running.wait_ring(0.5)
        running.trigger()
        running.wait_ready()
        running.stop()
    paused, later = home.rows()
    for row in (paused, later):
        assert (row["state"], row["frames_lost"]) == ("complete", 0)
        numbers = in_time(row)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    totals("network camera: silent for 3 s and for good", tried=2, held=2)


def test_a_clip_of_a_camera_with_few_keyframes_and_a_slow_clock_is_exact_too(
    home: Home, tmp_path: Path, films: dict[str, Path]
) -> None:
    mounts = {"/main": played(films["sparse"], "h264")}
    with Server(mounts, ahead=-3_600) as server, recorder(home, tmp_path, server) as running:
        running.wait_live()
        running.wait_ring(5.0)  # far behind the first keyframe, and before the second
        running.wait_for("the clock of rtsp://127.* is (1h|59m).* behind ours")
        (camera,) = running.status()["cameras"]
        assert abs(camera["clock_behind_s"] - 3_600) < 2
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    check(row, at - PRE, at + POST)
    assert row["codec"] == "h264"


def test_a_server_that_dies_again_and_again_leaves_no_thread_and_no_socket_behind(
    home: Home, tmp_path: Path, films: dict[str, Path], totals: Totals
) -> None:
    rounds, cameras = 6, 3
    with Server({"/main": played(films["h264"], "h264")}) as server:
        config = settings(tmp_path / "net.toml", [server.address("/main")] * cameras)
        with Recorder(home, ("run", "--config", str(config), *LENGTHS)) as running:
            running.wait_live(cameras)
            before = Ledger(running)
            for _ in range(rounds):
                server.kill()
                running.wait_until(lambda s: all(c["phase"] == "lost" for c in s["cameras"]))
                server.start()
                # At the first pictures of one, while others connect.
                running.wait_until(lambda s: any(c["phase"] == "live" for c in s["cameras"]))
            running.wait_until(lambda s: all(c["phase"] == "live" for c in s["cameras"]))
            before.check()
            running.stop()
    totals("network camera: killed at its first pictures", tried=rounds, held=rounds)
