"""What a real X server answers, and one that does not."""

import gc
import select
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.error import ConnectionClosedError
from Xlib.ext.screensaver import NotifyMask

from smartrec.errors import NoScreen
from smartrec.media.screen import xserver
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.xserver import Light, connect, has_manager, monitor
from tests.xserver import start


@pytest.fixture
def server(x_display: str) -> Iterator[Display]:
    display = connect(x_display)
    yield display
    display.close()


def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind("\0/tmp/.X11-unix/X999")
        mute.listen()
        with pytest.raises(NoScreen, match="not answered") as caught:
            connect(":999", within_s=0.5)
    assert caught.value.missing
    assert caught.value.hint


def test_who_is_thrown_out_by_a_server_that_resets_comes_again(
    x_display: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resets = [ConnectionClosedError("server"), ConnectionClosedError("server")]

    def opened(name: str) -> Display:
        if resets:
            raise resets.pop()
        return Display(name)

    monkeypatch.setattr(xserver, "Display", opened)
    connect(x_display).close()
    assert not resets


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_server_that_lets_nobody_in_is_told_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").write_bytes(cookie(b"a" * 16))
    (tmp_path / "right").write_bytes(cookie(b"b" * 16))
    guarded = start("", "-auth", str(tmp_path / "right"))
    monkeypatch.setenv("XAUTHORITY", str(tmp_path / "other"))
    with pytest.raises(NoScreen, match="uthorization") as caught:
        connect(guarded.display)
    assert "XAUTHORITY" in (caught.value.hint or "")
    assert caught.value.missing
    del caught
    gc.collect()  # python-xlib leaves its socket open where it is refused
    guarded.kill()


def cookie(secret: bytes) -> bytes:
    """An Xauthority file for every display: family "wild", no address, no number."""
    kind = b"MIT-MAGIC-COOKIE-1"
    entry = (b"", b"", kind, secret)
    return struct.pack(">H", 65535) + b"".join(struct.pack(">H", len(x)) + x for x in entry)


@pytest.mark.long
def test_the_screen_does_not_blank_while_it_is_used(x_display: str, server: Display) -> None:
    user = connect(x_display)
    Light(user).keep()
    user.sync()
    server.screen().root.screensaver_select_input(NotifyMask)
    server.set_screen_saver(1, 0, X.PreferBlanking, X.AllowExposures)
    server.sync()
    assert not select.select([server], [], [], 2.0)[0]
    user.close()
    assert select.select([server], [], [], 20)[0]
    assert server.next_event().state == 1


def test_without_window_manager_there_is_none(server: Display) -> None:
    assert not has_manager(server)


def test_a_window_manager_that_has_ended_is_none(server: Display) -> None:
    check = server.get_atom("_NET_SUPPORTING_WM_CHECK")
    root = server.screen().root
    left = root.create_window(0, 0, 1, 1, 0, server.screen().root_depth)
    root.change_property(check, Xatom.WINDOW, 32, [left.id])
    left.change_property(check, Xatom.WINDOW, 32, [left.id])
    assert has_manager(server)
    left.destroy()
    assert not has_manager(server)


def test_the_only_monitor_is_the_whole_screen(server: Display) -> None:
    assert monitor(server) == Rect(0, 0, 1280, 720)


def test_a_bad_request_is_noted_and_ends_nothing(
    server: Display, caplog: pytest.LogCaptureFixture
) -> None:
    server.create_resource_object("window", 0x7FFF).map()
    server.sync()
    assert "BadWindow" in caplog.text
    assert server.screen().width_in_pixels == 1280


def test_screen_with_a_table_of_colours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    server = start("", "-screen", "0", "640x480x8")
    monkeypatch.delenv("XAUTHORITY", raising=False)
    try:
        with pytest.raises(NoScreen, match="8 bits a pixel"):
            connect(server.display)
    finally:
        server.stop()
