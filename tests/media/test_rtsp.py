"""A camera on the network, as its capture sees it, with GStreamer's RTSP server as the camera."""

import hashlib
import os
import signal
import ssl
import threading
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
from smartrec.media.rtsp import TOLD_FROM, Network, RtspCapture
from smartrec.media.rtsp_address import address_of
from smartrec.media.rtsp_failure import camera_error
from smartrec.media.rtsp_redirect import Redirection
from smartrec.model import AccessUnit, Codec
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media.rtsp_server import (
    PASSWORD,
    TIMEOUT,
    USER,
    Server,
    needs_server,
    numbered,
    own_certificate,
    played,
)

SOUND = "audiotestsrc is-live=true ! audioconvert ! alawenc ! rtppcmapay name="
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"
PARTS = (PASSWORD, quote(PASSWORD, safe=""))
USUAL = Network()
HASTY = Ns(SECOND)


@pytest.fixture(scope="module")
def mounts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    needs_server()
    directory = tmp_path_factory.mktemp("films")
    films = {codec: numbered(directory / f"{codec}.mp4", codec, 900) for codec in ("h264", "h265")}
    short = numbered(directory / "short.mp4", "h264", 45)
    with_sound = played(films["h264"], "h264").replace("pay0", "pay1").removesuffix(")")
    return {
        "/h264": played(films["h264"], "h264"),
        "/h265": played(films["h265"], "h265"),
        "/lossy-h264": played(films["h264"], "h264", lossy=True),
        "/lossy-h265": played(films["h265"], "h265", lossy=True),
        "/short": played(short, "h264"),
        "/sound": f"( {SOUND}pay0 )",
        "/both": f"{with_sound} {SOUND}pay0 )",
        "/jpeg": "( videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0 )",
    }


@pytest.fixture(scope="module")
def server(mounts: dict[str, str]) -> Iterator[Server]:
    with Server(mounts) as running:
        yield running


def ignore(_: str) -> None: ...


@contextmanager
def running(
    uri: str, network: Network = USUAL, note: Callable[[str], None] = ignore
) -> Iterator[RtspCapture]:
    capture = RtspCapture(uri, network, epoch=3, turn=(90, False), note=note)
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


def test_a_server_that_dies_at_its_first_picture_leaves_nothing_that_hangs(
    mounts: dict[str, str],
) -> None:
    with Server(mounts) as server:
        for _ in range(4):
            capture = RtspCapture(server.address("/h264"), epoch=1)
            capture.start()
            until(capture, bool)
            server.kill()
            stopping = threading.Thread(target=capture.stop, daemon=True)
            stopping.start()
            server.start()
            stopping.join(TIMEOUT)
            assert not stopping.is_alive()


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_certificate(tmp_path_factory.mktemp("certificate"))


def test_a_certificate_of_its_own_is_trusted_only_when_it_is_named(
    mounts: dict[str, str], certificate: Path
) -> None:
    shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(_last_of(certificate))).hexdigest()
    with Server(mounts, login=(USER, PASSWORD), certificate=certificate) as server:
        address = server.address("/h264", LOGIN, "rtsps")
        refused = of_uri(address)
        assert isinstance(refused, CameraForbidden)
        assert refused.hint is not None
        assert f"#sha256={shown}'" in refused.hint
        assert not any(part in f"{refused} {refused.hint}" for part in PARTS)
        pinned = ":".join(shown[at : at + 2].upper() for at in range(0, 64, 2))
        with running(f"{address}#sha256={pinned}") as capture:
            until(capture, lambda units: len(units) > 3)
        other = of_uri(f"{address}#sha256={'0' * 64}")
    assert isinstance(other, CameraForbidden)
    assert "a certificate other than" in str(other)
    assert shown in str(other)


def _last_of(pem: Path) -> str:
    text = pem.read_text()
    return text[text.index("-----BEGIN CERTIFICATE") :]


def test_a_password_that_is_asked_for_by_digest_opens_it_too(mounts: dict[str, str]) -> None:
    with Server(mounts, login=(USER, PASSWORD), digest=True) as server:
        with running(server.address("/h264", LOGIN)) as capture:
            until(capture, lambda units: len(units) > 3)
        wrong = of_uri(server.address("/h264", f"{quote(USER, safe='')}:wrong@"))
    assert isinstance(wrong, CameraForbidden)


def test_an_address_may_be_of_version_6(mounts: dict[str, str]) -> None:
    with Server(mounts, host="::1") as server, running(server.address("/h264")) as capture:
        until(capture, lambda units: len(units) > 3)


@pytest.mark.parametrize(
    ("codec", "transport"),
    [
        ("h264", "udp"),
        *(
            pytest.param(*both, marks=pytest.mark.long)
            for both in (("h264", "tcp"), ("h265", "udp"), ("h265", "tcp"))
        ),
    ],
)
def test_what_is_lost_on_the_way_is_counted_and_what_it_spoils_is_damaged(
    mounts: dict[str, str], codec: str, transport: str
) -> None:
    with (
        Server(mounts, lose=(30, 61, 5, 9)) as server,
        running(server.address(f"/lossy-{codec}"), Network(transport)) as capture,
    ):
        units = until(capture, lambda units: len(units) > 60)
        assert (capture.damaged, capture.lost) == (
            sum(unit.damaged for unit in units),
            sum(unit.lost_before for unit in units),
        )
    assert sum(unit.lost_before for unit in units) > 0
    for before, unit in pairwise(units):
        # The film's keyframes: so the numbers are right, however many are missing.
        assert unit.keyframe is (unit.seq % 15 == 0 and not unit.damaged)
        spoiled = before.damaged or unit.lost_before > 0
        assert not spoiled or unit.keyframe or unit.damaged
        assert unit.damaged is (unit.data == b"")
    assert any(unit.keyframe for unit in units[1:])


def test_a_camera_that_refuses_udp_is_asked_by_tcp(mounts: dict[str, str]) -> None:
    with Server(mounts, transport="tcp") as server:
        uri = server.address("/h264")
        with running(uri, Network("auto")) as capture:
            until(capture, lambda units: len(units) > 3)
        with running(uri, Network("udp")) as capture:
            error = trouble(capture)
    assert isinstance(error, CameraUnusable)
    assert error.hint is not None
    assert 'transport = "auto"' in error.hint


def test_udp_that_brings_nothing_is_given_up_for_tcp(mounts: dict[str, str]) -> None:
    with Server(mounts, walled=True) as server:
        uri = server.address("/h264")
        with running(uri, Network("auto", HASTY)) as capture:
            assert until(capture, lambda units: len(units) > 3)[0].keyframe
        with running(uri, Network("udp", HASTY)) as capture:
            error = trouble(capture)
    assert isinstance(error, CameraGone)
    assert error.hint is not None
    assert 'transport = "tcp"' in error.hint


@pytest.mark.long
@pytest.mark.parametrize("ahead", [3.4, -7.3, -1e9])
def test_a_camera_whose_clock_is_wrong_is_told_and_its_pictures_stay_on_ours(
    mounts: dict[str, str], ahead: float
) -> None:
    notes: list[str] = []
    with Server(mounts, ahead=ahead) as server:
        before = time.monotonic_ns()
        with running(server.address("/h264"), note=notes.append) as capture:
            units = until(capture, lambda _: capture.behind is not None)
        after = time.monotonic_ns()
    assert capture.behind is not None
    assert abs(capture.behind / SECOND + ahead) < 1
    assert before < units[0].pts < units[-1].pts < after
    (note,) = notes
    wanted = "ahead of ours" if ahead > 0 else "behind ours"
    assert ("was never set" if ahead == -1e9 else wanted) in note


@pytest.mark.long
def test_a_camera_whose_clock_is_right_is_not_told_of(server: Server) -> None:
    notes: list[str] = []
    with running(server.address("/h264"), note=notes.append) as capture:
        until(capture, lambda _: capture.behind is not None)
    assert abs(capture.behind or 0) < TOLD_FROM
    assert notes == []


def test_an_address_is_taken_apart_and_says_no_password() -> None:
    address = address_of(f"rtsp://{LOGIN}[::1]:8554/main?a=b")
    assert address.location == "rtsp://[::1]:8554/main?a=b"
    assert (address.user, address.password) == (USER, PASSWORD)
    assert address.shown == f"rtsp://{quote(USER, safe='')}:***@[::1]:8554/main?a=b"
    assert not any(part in repr(address) for part in PARTS)


def _error_of(error: PipelineError) -> CameraError:
    address = address_of("rtsp://cam")
    return camera_error(address, error, None, Redirection(address))


@pytest.mark.parametrize(
    ("debug", "kind"),
    [
        ("gstrtspsrc.c(1): x\nForbidden (403)", CameraForbidden),
        ("gstrtspsrc.c(1): x\nService Unavailable (503)", CameraError),
    ],
)
def test_what_a_camera_answers_decides(debug: str, kind: type[CameraError]) -> None:
    error = _error_of(PipelineError("source", "?", debug=debug))
    assert type(error) is kind


def test_a_stream_that_breaks_a_parser_is_no_lost_connection() -> None:
    error = _error_of(PipelineError("h264parse0", "No caps"))
    assert type(error) is CameraError
    assert "h264parse0: No caps" in str(error)
