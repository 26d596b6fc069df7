"""The watching child with a window on a real X server."""

from dataclasses import replace

import pytest

from smartrec.media.watch import messages
from smartrec.media.watch.child import EXIT_SCREEN_LOST
from smartrec.model import Codec
from smartrec.units import Ns
from tests.media.clips import jpeg_format, jpeg_units, jpegs, stream_units
from tests.media.watch.watched import TIMEOUT, Watched
from tests.xserver import NOBODY, XServer

CAMERAS = (("cam0", "Door"), ("cam1", "Yard"))


def test_pictures_reach_the_window_and_are_counted(x_server: XServer) -> None:
    stream, coded = stream_units(Codec.H264, 30, 10, 0)
    with Watched(messages.Setup(CAMERAS, None, messages.ScreenSetup(fullscreen=False))) as watched:
        assert watched.until(messages.Hello).keys
        watched.link.send(messages.Format("cam0", jpeg_format()))
        watched.link.send(messages.Format("cam1", stream))
        for camera, _ in CAMERAS:
            watched.link.send(messages.CameraView(camera, "live"))
        shown: dict[str, int] = {}
        pts = 0
        # A window takes its time to be there; pictures that come before are skipped.
        while min(shown.get(camera, 0) for camera, _ in CAMERAS) < 1:
            for jpeg, unit in zip(jpeg_units(jpegs(30)), coded, strict=True):
                for camera, each in (("cam0", jpeg), ("cam1", unit)):
                    later = replace(each, pts=Ns(each.pts + pts), dts=Ns(each.dts + pts))
                    watched.link.send(messages.Unit(camera, later, show=True, look=False))
            pts += 2_000_000_000
            watched.until(messages.Health)
            shown = watched.health[-1].shown
        assert watched.end()[0] == 0


def test_it_ends_with_the_x_server_and_says_so(x_server: XServer) -> None:
    with Watched(messages.Setup(CAMERAS, None, messages.ScreenSetup())) as watched:
        assert watched.until(messages.Hello).screen
        x_server.kill()
        assert watched.process.wait(TIMEOUT) == EXIT_SCREEN_LOST


def test_without_a_server_it_goes_on_and_says_that_there_ought_to_be_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISPLAY", NOBODY)
    with Watched(messages.Setup(CAMERAS, None, messages.ScreenSetup())) as watched:
        hello = watched.until(messages.Hello)
        assert (hello.screen, hello.screen_missing) == ("", True)
        assert NOBODY in hello.screen_note
        watched.until(messages.Health)
        assert watched.end()[0] == 0
