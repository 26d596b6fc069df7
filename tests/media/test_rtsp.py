"""A camera on the network, as its capture sees it, with GStreamer's RTSP server as the camera."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from smartrec.errors import (
    CameraError,
    CameraForbidden,
    CameraGone,
    CameraUnusable,
    PipelineError,
    SmartrecError,
)
from smartrec.media.rtsp import RtspCapture, address_of, camera_error
from smartrec.model import AccessUnit, Codec
from smartrec.units import MILLISECOND, SECOND
from tests.media.rtsp_server import PASSWORD, TIMEOUT, USER, Server, needs_server, numbered, played

SOUND = "audiotestsrc is-live=true ! audioconvert ! alawenc ! rtppcmapay name="
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
PARTS = (PASSWORD, quote(PASSWORD, safe=""))


@pytest.fixture(scope="module")
def mounts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    needs_server()
    directory = tmp_path_factory.mktemp("films")
    films = {codec: numbered(directory / f"{codec}.mp4", codec, 900) for codec in ("h264", "h265")}
    short = numbered(directory / "short.mp4", "h264", 90)
    with_sound = played(films["h264"], "h264").replace("pay0", "pay1").removesuffix(")")
    return {
        "/h264": played(films["h264"], "h264"),
        "/h265": played(films["h265"], "h265"),
        "/short": played(short, "h264"),
        "/sound": f"( {SOUND}pay0 )",
        "/both": f"{with_sound} {SOUND}pay0 )",
        "/jpeg": "( videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0 )",
    }


@pytest.fixture(scope="module")
def server(mounts: dict[str, str]) -> Iterator[Server]:
    with Server(mounts) as running:
        yield running


@contextmanager
def running(uri: str) -> Iterator[RtspCapture]:
    capture = RtspCapture(uri, epoch=3, turn=(90, False))
    try:
        capture.start()
        yield capture
    finally:
        capture.stop()


def until(capture: RtspCapture, done: Callable[[list[AccessUnit]], bool]) -> list[AccessUnit]:
    units: list[AccessUnit] = []
    deadline = time.monotonic() + TIMEOUT
    while not done(units):
        assert time.monotonic() < deadline, f"only {len(units)} units came"
        problem = capture.problem()
        units += capture.drain()
        assert problem is None or done(units), problem
    return units


def trouble(capture: RtspCapture) -> SmartrecError:
    """Why it ends, waited for."""
    deadline = time.monotonic() + TIMEOUT
    while (problem := capture.problem()) is None:
        assert time.monotonic() < deadline, "no problem is told"
        capture.drain()
    assert not capture.ended()
    return problem


def of_uri(uri: str) -> SmartrecError:
    with running(uri) as capture:
        return trouble(capture)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_units_are_whole_and_on_the_one_timeline(server: Server, codec: Codec) -> None:
    before = time.monotonic_ns()
    with running(server.address(f"/{codec.value}")) as capture:
        units = until(capture, lambda units: len(units) >= 40)
    after = time.monotonic_ns()
    assert capture.format is not None
    assert (capture.format.codec, capture.format.width, capture.format.rotate) == (codec, 320, 90)
    assert capture.format.codec_private[0] == 1  # avcC and hvcC begin with their version
    assert [unit.keyframe for unit in units[:31]] == [n % 15 == 0 for n in range(31)]
    assert [unit.seq for unit in units] == list(range(len(units)))
    assert {unit.lost_before for unit in units} == {0}
    assert {unit.epoch for unit in units} == {3}
    assert before < units[0].pts < after
    # The server sends a little ahead, and the jitter buffer bends the first second by that.
    for number, unit in enumerate(units):
        away = unit.pts - units[0].pts - number * SECOND // 30
        assert abs(away) < 250 * MILLISECOND
    assert all(one.pts < other.pts for one, other in pairwise(units))
    for unit in units:  # lengths before each part, as MP4 has it
        assert int.from_bytes(unit.data[:4], "big") < len(unit.data)


def test_sound_beside_the_pictures_is_left_alone(server: Server) -> None:
    with running(server.address("/both")) as capture:
        until(capture, lambda units: len(units) >= 20)


@pytest.mark.parametrize("path", ["/sound", "/jpeg"])
def test_a_stream_without_a_codec_that_is_held_is_of_no_use(server: Server, path: str) -> None:
    error = of_uri(server.address(path))
    assert isinstance(error, CameraUnusable)
    assert "sends no H.264 and no H.265" in str(error)


def test_a_stream_that_ends_is_a_camera_that_is_gone(server: Server) -> None:
    with running(server.address("/short")) as capture:
        until(capture, bool)
        error = trouble(capture)  # the server says goodbye a second before its last picture
    assert isinstance(error, CameraGone)
    assert str(error).endswith("has ended the stream")


def test_a_path_that_is_not_there_is_told_so(server: Server) -> None:
    error = of_uri(server.address("/nowhere"))
    assert isinstance(error, CameraGone)
    assert "the path is wrong" in str(error)


def test_a_server_that_dies_takes_only_its_camera_and_comes_back(mounts: dict[str, str]) -> None:
    with Server(mounts) as server:
        uri = server.address("/h264")
        with running(uri) as capture:
            until(capture, lambda units: len(units) > 5)
            server.kill()
            assert isinstance(trouble(capture), CameraGone)
        error = of_uri(uri)
        assert isinstance(error, CameraGone)
        assert error.hint is not None
        assert "127.0.0.1" in error.hint
        server.start()
        with running(uri) as capture:
            assert until(capture, lambda units: len(units) > 5)[0].keyframe


def test_a_server_that_hangs_is_let_go_of_at_once(mounts: dict[str, str]) -> None:
    with Server(mounts) as server, running(server.address("/h264")) as capture:
        until(capture, lambda units: len(units) > 5)
        os.kill(server.pid, signal.SIGSTOP)
        begun = time.monotonic()
        capture.stop()
        assert time.monotonic() - begun < TIMEOUT / 2


@pytest.mark.parametrize("login", ["", "me:wrong@", f"{quote(USER, safe='')}:wrong@"])
def test_who_may_not_see_it_is_told_and_no_password_is(mounts: dict[str, str], login: str) -> None:
    with Server(mounts, login=(USER, PASSWORD)) as server:
        error = of_uri(server.address("/h264", login))
    assert isinstance(error, CameraForbidden)
    assert ("wants a user" in str(error)) is (not login)
    cause = error.__cause__
    assert isinstance(cause, PipelineError)
    assert "wrong" not in f"{error} {error.hint} {cause} {cause.debug}"


def test_a_password_of_odd_letters_opens_it(mounts: dict[str, str]) -> None:
    with (
        Server(mounts, login=(USER, PASSWORD)) as server,
        running(server.address("/h264", LOGIN)) as capture,
    ):
        until(capture, lambda units: len(units) > 3)


def test_a_certificate_that_nobody_trusts_is_refused(
    mounts: dict[str, str], tmp_path: Path
) -> None:
    pem = tmp_path / "server.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-keyout", str(pem), "-out", str(tmp_path / "c.pem")),
        ],
        check=False,
        capture_output=True,
    )
    assert made.returncode == 0, made.stderr
    pem.write_text(pem.read_text() + (tmp_path / "c.pem").read_text())
    with Server(mounts, certificate=pem) as server:
        error = of_uri(server.address("/h264", LOGIN, "rtsps"))
    assert isinstance(error, CameraGone)
    assert error.hint is not None
    assert "certificate" in error.hint
    assert not any(part in f"{error} {error.hint}" for part in PARTS)


def test_an_address_is_taken_apart_and_says_no_password() -> None:
    address = address_of(f"rtsp://{LOGIN}[::1]:8554/main?a=b")
    assert address.location == "rtsp://[::1]:8554/main?a=b"
    assert (address.user, address.password) == (USER, PASSWORD)
    assert address.shown == f"rtsp://{quote(USER, safe='')}:***@[::1]:8554/main?a=b"
    assert not any(part in repr(address) for part in PARTS)


@pytest.mark.parametrize(
    ("debug", "kind"),
    [
        ("gstrtspsrc.c(1): x\nForbidden (403)", CameraForbidden),
        ("gstrtspsrc.c(1): x\nService Unavailable (503)", CameraError),
    ],
)
def test_what_a_camera_answers_decides(debug: str, kind: type[CameraError]) -> None:
    error = camera_error(address_of("rtsp://cam"), PipelineError("source", "?", debug=debug))
    assert type(error) is kind


def test_a_stream_that_breaks_a_parser_is_no_lost_connection() -> None:
    error = camera_error(address_of("rtsp://cam"), PipelineError("h264parse0", "No caps"))
    assert type(error) is CameraError
    assert "h264parse0: No caps" in str(error)
