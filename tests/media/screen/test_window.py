"""A real window on a real X server, with keys from xdotool."""

import select
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TypeVar

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

from smartrec.errors import NoScreen, ScreenLost
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.window import Closed, Event, Pressed, Resized, Window
from tests.xserver import NOBODY, XServer, run

_PATIENCE_S = 20.0
_T = TypeVar("_T")


@pytest.fixture
def window(x_display: str) -> Iterator[Window]:
    opened = Window.open("smartrec", fullscreen=True, cells=4)
    yield opened
    opened.close()


@pytest.fixture
def other(x_display: str) -> Iterator[Display]:
    """What another program sees."""
    display = Display(x_display)
    yield display
    display.close()


def awaited(window: Window, wanted: Callable[[Event], bool]) -> list[Event]:
    """All events up to the one wanted."""
    seen: list[Event] = []
    end = monotonic() + _PATIENCE_S
    while monotonic() < end:
        for event in window.events():
            seen.append(event)
            if wanted(event):
                return seen
        select.select([window.fileno()], [], [], 0.5)
    pytest.fail(f"it never came, but {seen}")


def keys(window: Window, *names: str) -> list[str]:
    """What the window makes of keys, the last of which it must know."""
    run("xdotool", "key", *names)
    pressed = awaited(window, lambda event: isinstance(event, Pressed) and event.key == "q")
    return [event.key for event in pressed if isinstance(event, Pressed)][:-1]


def shown(display: Display, name: str = "smartrec") -> tuple[int, int, int, int]:
    """Where another program sees the window of that title: x, y, width, height."""
    for each in display.screen().root.query_tree().children:
        if each.get_wm_name() == name:
            at = each.get_geometry()
            assert each.get_attributes().map_state == X.IsViewable
            return at.x, at.y, at.width, at.height
    pytest.fail("it is not there")


def test_full_screen_covers_a_screen_without_window_manager(window: Window, other: Display) -> None:
    assert shown(other) == (0, 0, 1280, 720)
    assert window.size == (1280, 720)
    assert window.fullscreen


def test_it_takes_the_keyboard_where_nobody_gives_it(window: Window) -> None:
    assert keys(window, "r", "q") == ["r"]


def test_all_keys_arrive_in_order_those_of_the_keypad_too(window: Window) -> None:
    pressed = keys(window, "r", "R", "s", "f", "Escape", "0", "9", "KP_1", "KP_0", "x", "F5", "q")
    assert pressed == ["r", "r", "s", "f", "esc", "0", "9", "1", "0"]


def test_keys_with_ctrl_alt_or_the_logo_are_not_ours(window: Window) -> None:
    assert keys(window, "ctrl+r", "alt+s", "super+f", "q") == []


def test_keys_sent_to_the_window_itself_arrive(window: Window) -> None:
    (xid,) = run("xdotool", "search", "--name", "^smartrec$").split()
    run("xdotool", "key", "--window", xid, "r", "r")
    awaited(window, lambda event: event == Pressed("r"))
    assert window.cells


def test_a_key_held_down_counts_once(window: Window) -> None:
    run("xdotool", "keydown", "r", "sleep", "1.2", "keyup", "r")
    assert keys(window, "q") == ["r"]


def test_keys_arrive_while_the_pointer_is_over_a_cell(window: Window) -> None:
    window.place({0: Rect(0, 0, 1280, 720)})
    run("xdotool", "mousemove", "400", "300")
    assert keys(window, "s", "q") == ["s"]


def test_full_screen_comes_and_goes(window: Window, other: Display) -> None:
    window.toggle_fullscreen()
    awaited(window, lambda event: event == Resized(1024, 576))
    assert shown(other) == (128, 72, 1024, 576)
    assert not window.fullscreen
    window.toggle_fullscreen()
    awaited(window, lambda event: event == Resized(1280, 720))
    assert shown(other) == (0, 0, 1280, 720)
    assert keys(window, "f", "q") == ["f"]


def test_a_window_that_changes_its_size_says_so(window: Window, other: Display) -> None:
    (xid,) = run("xdotool", "search", "--name", "^smartrec$").split()
    run("xdotool", "windowsize", xid, "800", "600")
    awaited(window, lambda event: event == Resized(800, 600))
    assert window.size == (800, 600)


def test_without_window_manager_it_follows_another_resolution(
    window: Window, other: Display
) -> None:
    root = other.screen().root
    have = root.xrandr_get_screen_resources()
    for crtc in have.crtcs:
        other.xrandr_set_crtc_config(crtc, have.config_timestamp, 0, 0, 0, 1, [])
    root.xrandr_set_screen_size(800, 600, 200, 150)
    other.flush()
    awaited(window, lambda event: event == Resized(800, 600))
    assert shown(other) == (0, 0, 800, 600)


def test_closing_it_politely_is_told_and_leaves_it_there(window: Window, other: Display) -> None:
    (xid,) = run("xdotool", "search", "--name", "^smartrec$").split()
    target = other.create_resource_object("window", int(xid))
    words = [other.get_atom("WM_DELETE_WINDOW"), X.CurrentTime, 0, 0, 0]
    kind = other.get_atom("WM_PROTOCOLS")
    target.send_event(ClientMessage(window=target, client_type=kind, data=(32, words)))
    other.flush()
    awaited(window, lambda event: event == Closed())
    assert shown(other)


def test_cells_lie_where_told_and_the_others_are_hidden(window: Window, other: Display) -> None:
    window.place({0: Rect(0, 0, 100, 50), 2: Rect(200, 100, 300, 150)})
    seen = {each: cell(other, xid) for each, xid in enumerate(window.cells)}
    assert seen == {0: (0, 0, 100, 50), 1: None, 2: (200, 100, 300, 150), 3: None}
    window.place({2: Rect(0, 0, 1280, 720)})
    assert [cell(other, xid) for xid in window.cells] == [None, None, (0, 0, 1280, 720), None]


def cell(display: Display, xid: int) -> tuple[int, int, int, int] | None:
    window = display.create_resource_object("window", xid)
    if window.get_attributes().map_state != X.IsViewable:
        return None
    at = window.get_geometry()
    return at.x, at.y, at.width, at.height


def test_a_server_that_dies_is_told_at_once_and_again(x_server: XServer, window: Window) -> None:
    x_server.kill()
    with pytest.raises(ScreenLost):
        awaited(window, lambda _: False)
    with pytest.raises(ScreenLost):
        window.place({})
    with pytest.raises(ScreenLost):
        window.toggle_fullscreen()
    window.close()


def test_a_window_that_another_program_kills_is_lost(window: Window, other: Display) -> None:
    other.create_resource_object("window", window.cells[0]).kill_client()
    other.flush()
    with pytest.raises(ScreenLost):
        awaited(window, lambda _: False)


def test_a_display_that_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", NOBODY)
    with pytest.raises(NoScreen, match=NOBODY) as caught:
        Window.open("smartrec", fullscreen=True, cells=1)
    assert caught.value.missing
    assert "XAUTHORITY" in (caught.value.hint or "")


def test_a_name_that_is_no_display_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", "nonsense")
    with pytest.raises(NoScreen, match="'nonsense'"):
        Window.open("smartrec", fullscreen=True, cells=1)
