"""A real Wayland compositor without a monitor, and what it says is on its screen."""

import os
import select
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from shutil import which
from time import monotonic, monotonic_ns

import pytest
from PIL import Image

from smartrec.errors import PipelineError, ScreenLost
from smartrec.graph.recipes import RECIPES, Role
from smartrec.media.gst import Gst, has_element, launch
from smartrec.media.screen.displays import choose_display
from smartrec.media.screen.layout import Rect
from smartrec.media.screen.screen import open_screen
from smartrec.media.screen.wall import Wall
from smartrec.media.watch.messages import ScreenSetup
from smartrec.units import Ns
from tests.media.screen.desk import flat, format_of, sample_of

_PATIENCE_S = 20.0
SINK = next(row for row in RECIPES if (row.role, row.name) == (Role.DISPLAY, "wayland")).fragment()
RED, BLUE, BLACK = (255, 0, 0), (0, 0, 255), (0, 0, 0)


@pytest.fixture
def weston(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A compositor of 1280x720; WAYLAND_DISPLAY names it."""
    if which("weston") is None or not has_element("waylandsink"):
        pytest.skip("needs weston and waylandsink")
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    command = ["weston", "--backend=headless-backend.so", "--use-pixman", "--debug"]
    command += ["--width=1280", "--height=720", "--socket=screen", "--idle-time=0"]
    process = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    for line in process.stdout:
        if b"weston-desktop-shell" in line:
            break
    else:
        pytest.skip("weston does not start here")
    monkeypatch.setenv("WAYLAND_DISPLAY", "screen")
    try:
        yield process
    finally:
        process.kill()
        process.wait(_PATIENCE_S)
        process.stdout.close()


def painted(sink: str, colour: str, size: tuple[int, int]) -> Gst.Pipeline:
    """One still picture in a colour."""
    pipeline = launch(
        f"videotestsrc num-buffers=1 pattern={colour}"
        f" ! video/x-raw,width={size[0]},height={size[1]} ! {sink} sync=false"
    )
    pipeline.set_state(Gst.State.PLAYING)
    return pipeline


def on_screen(directory: Path, at: tuple[int, int]) -> tuple[int, ...]:
    before = set(directory.glob("*.png"))
    subprocess.run(["weston-screenshooter"], cwd=directory, timeout=_PATIENCE_S, check=True)
    (file,) = set(directory.glob("*.png")) - before
    with Image.open(file) as picture:
        pixel = picture.convert("RGB").getpixel(at)
    file.unlink()
    assert isinstance(pixel, tuple)
    return pixel


def alike(seen: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    """As near as pictures in planes come to a colour."""
    return all(abs(a - b) <= 12 for a, b in zip(seen, colour, strict=True))


def becomes(
    directory: Path,
    wanted: Mapping[tuple[int, int], tuple[int, ...]],
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    end = monotonic() + _PATIENCE_S
    seen = None
    while monotonic() < end:
        meanwhile()
        seen = {at: on_screen(directory, at) for at in wanted}
        if all(alike(seen[at], colour) for at, colour in wanted.items()):
            return
    pytest.fail(f"it is {seen}")


def test_pictures_lie_where_told_in_their_own_shape_and_stay(
    weston: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    wall = Wall(SINK, 2)
    shows = [painted(wall.cells[0], "red", (640, 360)), painted(wall.cells[1], "blue", (300, 600))]
    wide, high = wall.size
    wall.place({0: Rect(0, 0, wide // 2, high), 1: Rect(wide // 2, 0, wide // 2, high)})
    # The red one is as wide as its half, the blue one as high as the screen.
    becomes(
        tmp_path,
        {(320, 360): RED, (320, 60): BLACK, (960, 20): BLUE, (700, 360): BLACK, (960, 360): BLUE},
    )
    wall.place({1: Rect(0, 0, wide, high)})
    becomes(tmp_path, {(640, 360): BLUE, (320, 360): BLACK})
    assert list(wall.events()) == []
    for show in shows:
        show.set_state(Gst.State.NULL)
    wall.close()


def test_a_compositor_that_dies_is_told(weston: subprocess.Popen[bytes]) -> None:
    wall = Wall(SINK, 1)
    assert list(wall.events()) == []
    assert not select.select([wall], [], [], 0)[0]
    weston.kill()
    assert select.select([wall], [], [], _PATIENCE_S)[0]
    with pytest.raises(ScreenLost):
        list(wall.events())
    wall.close()
    wall.close()


@pytest.mark.parametrize("cameras", [1, 2])
def test_cameras_are_shown_until_the_compositor_dies(
    weston: subprocess.Popen[bytes], tmp_path: Path, cameras: int
) -> None:
    named = (("door", "Door"), ("yard", "Yard"))[:cameras]
    colours = {"door": RED, "yard": BLUE}
    setup = ScreenSetup(terminal_keys=True)
    screen = open_screen(setup, named, lambda _key, _camera: pytest.fail("a key"))
    assert screen.note.endswith("keys: in the terminal")
    assert not screen.keys
    samples = {each: sample_of(flat(1280, 720, colours[each])) for each, _ in named}

    def feed() -> None:
        for camera, sample in samples.items():
            screen.frame(camera, sample, Ns(monotonic_ns()), format_of(1280, 720))
        screen.turn(0.01)

    try:
        if cameras == 1:
            # One has the whole display.
            becomes(tmp_path, {(20, 700): RED, (1260, 20): RED}, feed)
        else:
            # Each has as much of its half as its shape fills.
            halves = {(320, 360): RED, (320, 60): BLACK, (960, 360): BLUE, (960, 660): BLACK}
            becomes(tmp_path, halves, feed)
        weston.kill()
        with pytest.raises(ScreenLost):
            awaits_the_end(feed)
    finally:
        screen.close()


def awaits_the_end(feed: Callable[[], None]) -> None:
    end = monotonic() + _PATIENCE_S
    while monotonic() < end:
        feed()


def test_where_there_is_none_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not has_element("waylandsink"):
        pytest.skip("needs waylandsink")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "nowhere")
    with pytest.raises(PipelineError):
        Wall(SINK, 1)


def test_without_an_x_server_wayland_is_chosen(weston: subprocess.Popen[bytes]) -> None:
    found = choose_display("auto", os.environ)
    assert (found.kind, found.recipe.name) == ("wayland", "wayland")
