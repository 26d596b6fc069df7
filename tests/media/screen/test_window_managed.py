"""The window among others, with a real window manager."""

import select
import subprocess
from collections.abc import Iterator
from shutil import which
from time import monotonic

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window as XWindow

from smartrec.media.screen.window import Closed, Pressed, Resized, Window
from smartrec.media.screen.xserver import has_manager
from tests.media.screen.test_window import awaited
from tests.xserver import run

_PATIENCE_S = 20.0


@pytest.fixture
def managed(x_display: str) -> Iterator[Display]:
    """What another program sees of a screen with a window manager."""
    if which("openbox") is None:
        pytest.skip("needs openbox")
    display = Display(x_display)
    root = display.screen().root
    root.change_attributes(event_mask=X.PropertyChangeMask)
    display.sync()
    manager = subprocess.Popen(
        ["openbox", "--sm-disable"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = monotonic() + _PATIENCE_S
        while not has_manager(display):
            assert monotonic() < end, "openbox did not start"
            if not display.pending_events():
                select.select([display], [], [], 1)
            while display.pending_events():
                display.next_event()
        yield display
    finally:
        manager.terminate()
        manager.wait(_PATIENCE_S)
        display.close()


def test_full_screen_and_back_are_asked_of_the_window_manager(managed: Display) -> None:
    window = Window.open("smartrec", fullscreen=False, cells=1)
    mine = active(managed, window)
    assert window.size == (1024, 576)
    window.toggle_fullscreen()
    awaited(window, lambda event: event == Resized(1280, 720))
    assert states(managed, mine) == ["_NET_WM_STATE_FULLSCREEN"]
    window.toggle_fullscreen()
    awaited(window, lambda event: event == Resized(1024, 576))
    assert states(managed, mine) == []
    window.close()


def test_it_begins_full_screen_with_the_keyboard_and_can_be_made_smaller(managed: Display) -> None:
    window = Window.open("smartrec", fullscreen=True, cells=1)
    active(managed, window)
    assert window.size == (1280, 720)
    run("xdotool", "key", "r")
    awaited(window, lambda event: event == Pressed("r"))
    window.toggle_fullscreen()
    awaited(window, lambda event: event == Resized(1024, 576))
    window.close()


def test_a_wish_to_close_it_is_told(managed: Display) -> None:
    window = Window.open("smartrec", fullscreen=False, cells=1)
    active(managed, window)
    run("xdotool", "key", "alt+F4")
    awaited(window, lambda event: event == Closed())
    window.close()


def active(display: Display, window: Window) -> XWindow:
    """Our window, once the window manager says that it is the active one."""
    root, name = display.screen().root, display.get_atom("_NET_ACTIVE_WINDOW")
    end = monotonic() + _PATIENCE_S
    while monotonic() < end:
        list(window.events())
        named = root.get_full_property(name, X.AnyPropertyType)
        if named is not None and named.value[0]:
            found = display.create_resource_object("window", named.value[0])
            if found.get_wm_name() == "smartrec":
                return found
        select.select([display], [], [], 0.2)
        while display.pending_events():
            display.next_event()
    pytest.fail("it never became the active window")


def states(display: Display, window: XWindow) -> list[str]:
    named = window.get_full_property(display.get_atom("_NET_WM_STATE"), X.AnyPropertyType)
    atoms = [] if named is None else [display.get_atom_name(atom) for atom in named.value]
    return [atom for atom in atoms if atom.endswith("FULLSCREEN")]
