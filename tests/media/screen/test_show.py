"""A picture fits its cell whatever its kind, size and turn; one that fails takes no other along."""

from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from Xlib.display import Display

from smartrec.errors import PipelineError, ScreenLost
from smartrec.media.gst import Gst
from smartrec.media.screen import paint
from smartrec.media.watch.messages import CameraView, StationView
from smartrec.model import Box
from smartrec.units import Ns
from tests.media.screen.desk import (
    GRAY,
    GREEN,
    bare_desk,
    desk,
    flat,
    format_of,
    lines,
    resize,
    sample_of,
    shows,
    windows,
)
from tests.xserver import Pixels

pytestmark = pytest.mark.usefixtures("x_display")


@pytest.mark.parametrize("size", [(64, 36), (37, 211), (320, 40)])
def test_tiny_windows_show_what_fits(size: tuple[int, int]) -> None:
    with desk("Door", "Yard", low_disk=10) as at:
        for camera in ("door", "yard"):
            at.feed(camera, sample_of(flat(1280, 720)))
            at.persons(camera, (Box(0.0, 0.0, 1.0, 1.0), 0.99))
            at.screen.view(CameraView(camera, "live", recording_since=at.clock.at, pre_roll_s=10.0))
        at.screen.station(StationView(5))
        at.until(shows(paint.BOX, least=500), "a box")
        resize(*size)
        at.until(
            lambda seen: bool(seen.any()) and not bool(seen[size[1] + 4 :].any()), "a tiny picture"
        )


def test_turned_cameras_stand_upright() -> None:
    red, blue, yellow = (170, 50, 50), (50, 60, 170), (190, 180, 60)
    picture = np.concatenate(
        [
            np.concatenate([flat(160, 90, red), flat(160, 90, GREEN)], axis=1),
            np.concatenate([flat(160, 90, blue), flat(160, 90, yellow)], axis=1),
        ]
    )
    sample = sample_of(picture, "Y42B")
    with desk("Door") as at:
        for quarters in range(4):
            for flip in (False, True):
                at.feed("door", sample, rotate=90 * quarters, flip=flip)
                upright = np.rot90(picture, -quarters)
                upright = upright[:, ::-1] if flip else upright
                height, width = upright.shape[:2]
                expected = [
                    tuple(int(value) for value in upright[y, x])
                    for y in (10, height - 10)
                    for x in (10, width - 10)
                ]
                at.until(_has_corners(expected, width > height), f"{quarters} quarters")


def _has_corners(expected: list[tuple[int, ...]], lying: bool) -> Callable[[Pixels], bool]:
    return lambda seen: _corners(seen, lying) == expected


def _corners(seen: Pixels, lying: bool) -> list[tuple[int, ...]]:
    """The nearest of the flat colours in each corner of the picture."""
    known = np.array([(170, 50, 50), (50, 60, 170), (190, 180, 60), GREEN])
    left, right = (100, 1180) if lying else (640 - 150, 640 + 150)
    found = []
    for y in (100, 620):
        for x in (left, right):
            distance = np.abs(known - seen[y, x].astype(int)).sum(axis=1)
            found.append(tuple(int(value) for value in known[distance.argmin()]))
    return found


def test_picture_that_changes_its_size_in_mid_stream_goes_on() -> None:
    with desk("Door") as at:
        at.persons("door", (Box(0.25, 0.25, 0.75, 0.75), 0.9))
        at.feed("door", sample_of(flat(640, 480)))
        at.until(lambda seen: _boxed(seen, (400, 180, 880, 540)), "a box on 4:3")
        at.feed("door", sample_of(flat(333, 1001, GREEN), "YUY2"))
        at.until(lambda seen: _boxed(seen, (580, 180, 700, 540)), "a box on a tall picture")
        at.feed("door", sample_of(flat(1920, 1080), "NV12"))
        at.until(lambda seen: _boxed(seen, (320, 180, 960, 540)), "a box on 16:9")


def _boxed(seen: Pixels, expected: tuple[int, int, int, int]) -> bool:
    return shows(paint.BOX, least=500)(seen) and np.allclose(lines(seen), expected, atol=4)


def test_one_failing_pipeline_is_built_anew_and_the_other_goes_on() -> None:
    right = (slice(0, 720), slice(642, 1280))
    with desk("Door", "Yard") as at:
        good = sample_of(flat(640, 360, GREEN))
        buffer = good.get_buffer()
        bad = Gst.Sample.new(
            buffer, Gst.Caps.from_string("audio/x-raw,width=640,height=360"), None, None
        )
        at.feed("yard", good)
        at.feed("door", good)
        at.until(shows(GREEN, least=400_000), "both")
        at.feed("door", bad)
        before = at.screen.counts()[0]["yard"]
        at.until(lambda _: at.screen.counts()[0]["yard"] > before + 30, "the other going on")
        assert shows(GREEN, right, least=200_000)(at.photograph())
        at.feed("door", good)
        shown = at.screen.counts()[0]["door"]
        at.until(lambda _: at.screen.counts()[0]["door"] > shown + 3, "the first again")


def test_display_that_cannot_be_opened_again_is_lost(tmp_path: Path) -> None:
    (device := tmp_path / "monitor").mkdir()
    sink = f"videoconvert ! filesink location={device / 'frames'}"
    with bare_desk("Door", sink=sink) as at:
        at.feed("door", sample_of(flat(64, 36)))
        at.until(lambda _: at.screen.counts()[0]["door"] > 3, "pictures")
        rmtree(device)
        at.feed("door", sample_of(flat(64, 36)), rotate=90)  # needs another pipeline
        with pytest.raises(ScreenLost):
            at.until(lambda _: False, "nothing")


def test_recipe_that_cannot_draw_into_a_window_is_refused_and_the_window_goes() -> None:
    with pytest.raises(PipelineError, match="into a window"), desk("Door", sink="fakesink"):
        pass
    display = Display()
    assert not windows(display)
    display.close()


def test_every_picture_is_either_shown_or_counted_as_skipped() -> None:
    with desk("Door") as at:
        sample = sample_of(flat(1280, 720))
        at.feed("door", sample)
        at.until(shows(GRAY, least=900_000), "the picture")
        at.feed("door", None)
        shown, skipped = at.screen.counts()
        before = shown["door"] + skipped["door"]
        for each in range(200):
            at.screen.frame("door", sample, Ns(at.clock.at + each), format_of(1280, 720))

        def all_counted(_: Pixels) -> bool:
            shown, skipped = at.screen.counts()
            return shown["door"] + skipped["door"] >= before + 200

        at.until(all_counted, "all of them")
        shown, skipped = at.screen.counts()
        assert shown["door"] + skipped["door"] <= before + 200 + 10
