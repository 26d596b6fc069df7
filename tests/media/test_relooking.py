"""Stored pictures are looked at as the watch would: at its pace, each once, in every way asked for.

The engine's findings are known: it says which numbered picture it was shown.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from smartrec.errors import DetectionFailed, SmartrecError
from smartrec.media.relooking import Relooking
from smartrec.media.stored import Stored, open_stored
from smartrec.media.watch.looking import Engine
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import Box, Codec, Detection, Look
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media import clips, numbered
from tests.media.clips import FRAME, Shop

FIRST = Ns(77 * SECOND)
FIFTHS = [0, 7, 13, 19, 25]
"""Five a second: the seventh picture is the first at or behind 200 ms."""
ALWAYS = DetectorSetup(motion_gate=False)


class Reader:
    """A stand-in for an engine: finds one person whose height is the picture's number in 1/1000."""

    name = "Reader"
    digest = "d16e57"
    min_confidence = 0.5
    notes: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.read: list[int] = []
        self.fails_on: set[int] = set()

    def fit(self, width: int, height: int) -> tuple[int, int]:
        return width, height

    def detect(self, picture: npt.NDArray[np.uint8]) -> Sequence[Detection]:
        number = numbered.read(picture.mean(axis=2).astype(np.uint8))
        self.read.append(number)
        if number in self.fails_on:
            raise DetectionFailed("does not like this one")
        return [Detection(Box(0.4, 0.2, 0.6, 0.2 + number / 1000 + 0.3), 0.8)]


class Bench:
    """What some ways see of a clip; each model that was opened, by the setup it was opened for."""

    def __init__(self, *setups: DetectorSetup) -> None:
        self.opened: list[tuple[DetectorSetup, Reader]] = []
        self.eyes = Relooking(setups, self._open)
        self.looks: list[list[Look]] = [[] for _ in setups]

    def _open(self, setup: DetectorSetup) -> Engine:
        self.opened.append((setup, Reader()))
        return self.opened[-1][1]

    def look(self, stored: Stored, *, inter_coded: bool = False) -> "Bench":
        for way, look in self.eyes.look(stored, "cam0", FIRST, inter_coded=inter_coded):
            self.looks[way].append(look)
        return self

    def numbers(self, way: int = 0) -> list[int]:
        """Which pictures it looked at, by their times."""
        return [round((look.pts - FIRST) / FRAME) for look in self.looks[way]]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """30 JPEGs."""
    units = clips.jpeg_units(clips.jpegs(30))
    end = Ns(units[-1].pts + FRAME)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units, end=end))
    shop.write(units)
    return open_stored(shop.journal)


def coded(directory: Path) -> Stored:
    """60 pictures of H.264, a keyframe every 20."""
    format_, units = clips.stream_units(Codec.H264, 60, 20, 2)
    end = Ns(max(unit.pts for unit in units) + FRAME)
    shop = Shop(directory, clips.head(format_, units, end=end))
    shop.write(units)
    return open_stored(shop.journal)


def test_pictures_are_looked_at_at_a_steady_pace(stored: Stored) -> None:
    bench = Bench(ALWAYS, replace(ALWAYS, fps=60.0), replace(ALWAYS, fps=4.0)).look(stored)
    assert bench.numbers(0) == FIFTHS
    assert bench.numbers(1) == list(range(30))
    assert bench.numbers(2) == [0, 8, 16, 23], "due every 250 ms; what was late is not made up"


def test_ways_with_one_model_share_what_it_says(stored: Stored) -> None:
    """Confidence, pace and gate are nothing that a model knows of."""
    other = replace(ALWAYS, min_confidence=0.7, fps=10.0)
    bench = Bench(ALWAYS, other).look(stored)
    ((_, reader),) = bench.opened
    assert reader.read == [0, 4, 7, 10, 13, 16, 19, 22, 25, 28]
    assert bench.numbers(0) == FIFTHS
    assert bench.numbers(1) == reader.read


def test_each_model_sees_for_itself(stored: Stored) -> None:
    bench = Bench(ALWAYS, replace(ALWAYS, model="other.onnx")).look(stored)
    assert [setup.model for setup, _ in bench.opened] == ["nanodet", "other.onnx"]
    assert [reader.read for _, reader in bench.opened] == [FIFTHS] * 2


def test_looks_are_of_the_picture_and_tracks_go_on(stored: Stored) -> None:
    (looks,) = Bench(ALWAYS).look(stored).looks
    for look in looks:
        (track,) = look.tracks
        number = round((look.pts - FIRST) / FRAME)
        assert abs(track.box.bottom - (0.5 + number / 1000)) < 0.02
        assert look.inferred
    assert len({look.tracks[0].track_id for look in looks}) == 1


def test_a_clip_is_looked_at_anew_whatever_was_seen_before(stored: Stored) -> None:
    bench = Bench(DetectorSetup())
    first = bench.look(stored).looks[0][:]
    bench.looks[0].clear()
    assert bench.look(stored).looks[0] == first


def test_keyframes_only_is_for_cameras_that_send_such(tmp_path: Path, stored: Stored) -> None:
    only = replace(ALWAYS, keyframes_only=True)
    assert Bench(only).look(coded(tmp_path / "h264"), inter_coded=True).numbers() == [0, 20, 40]
    both = Bench(only, ALWAYS).look(coded(tmp_path / "both"), inter_coded=True)
    assert both.numbers(0) == [0, 20, 40]
    assert both.numbers(1) == [0, *range(7, 60, 6)]
    assert len(Bench(only).look(coded(tmp_path / "encoded")).numbers()) == 10
    assert len(Bench(only).look(stored).numbers()) == 5


def test_a_picture_that_the_model_gives_up_on_is_left_out(stored: Stored) -> None:
    bench = Bench(ALWAYS)
    bench.opened[0][1].fails_on = {7, 13}
    assert bench.look(stored).numbers() == [0, 19, 25]


def test_a_clip_of_which_nothing_can_be_seen_is_told(stored: Stored) -> None:
    bench = Bench(ALWAYS)
    bench.opened[0][1].fails_on = set(range(30))
    with pytest.raises(SmartrecError, match="does not like this one"):
        bench.look(stored)


def test_a_still_picture_is_not_asked_about_again(tmp_path: Path) -> None:
    still = [clips.jpegs(1)[0]] * 60
    units = clips.jpeg_units(still)
    shop = Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    bench = Bench(DetectorSetup(), ALWAYS).look(open_stored(shop.journal))
    gated, always = bench.looks
    assert [look.pts for look in gated] == [look.pts for look in always]
    assert all(look.inferred for look in always)
    assert 0 < sum(look.inferred for look in gated) < len(gated)
    assert gated[-1].pts - FIRST > 1500 * MILLISECOND
