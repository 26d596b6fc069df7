"""Files played as cameras: whatever they hold, clips are exact to the picture.

In the default run: H.264 with B-frames and one keyframe in ten seconds, MJPEG, and a loop; in the
long one H.265, and a codec that must be decoded first.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.e2e.pictures import FPS, MILLISECOND, film, shown
from tests.e2e.recorder import Home, Recorder, settings

WIDTH, HEIGHT = 640, 360
PRE, POST = 1_300 * MILLISECOND, 900 * MILLISECOND
LENGTHS = (f"--pre-roll={PRE / SECOND}s", f"--post-roll={POST / SECOND}s")
GRAIN = MILLISECOND
"""Containers round times; the catalogue has what was made of them."""


@dataclass(frozen=True)
class Film:
    """How a video file is made, and what becomes of it."""

    suffix: str
    options: str
    codec: str
    encoder: str | None


FILMS = {
    "H.264, B-frames, long GOP": Film(
        "mkv", "-c:v libx264 -preset veryfast -bf 3 -g 300 -sc_threshold 0", "h264", "remux"
    ),
    "H.265": Film(
        "mp4",
        "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params log-level=none:keyint=90",
        "h265",
        "remux",
    ),
    "MJPEG": Film("avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p", "jpeg", None),
    "VP9": Film(
        "webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2M -g 60", "jpeg", None
    ),
}


LATER = {"H.265", "VP9", "MJPEG"}
"""Read as the others are, by another parser or decoder."""


@pytest.mark.parametrize(
    "kind", [pytest.param(each, marks=[pytest.mark.long] * (each in LATER)) for each in FILMS]
)
def test_a_clip_of_a_file_is_exact_to_the_picture(home: Home, tmp_path: Path, kind: str) -> None:
    made = FILMS[kind]
    path = film(tmp_path / f"film.{made.suffix}", 10 * FPS, *made.options.split())
    with Recorder(home, ("run", "--source", f"file:{path}", *LENGTHS)) as running:
        running.wait_live()
        running.wait_ring(1.5)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    assert row["codec"] == made.codec
    assert made.encoder in (None, row["encoder"])
    times = source_times(path)
    pictures = shown(Path(row["path"]), WIDTH, HEIGHT)
    drawn = [picture.number for picture in pictures]
    assert drawn[0] is not None
    start = row["first_pts"] - times[drawn[0]]
    inside = [n for n, time_ in enumerate(times) if at - PRE <= start + time_ < at + POST]
    assert drawn == inside
    assert abs(row["last_pts"] - start - times[inside[-1]]) <= GRAIN
    counted = (row["frames_expected"], row["frames_written"], row["frames_lost"])
    assert counted == (len(inside), len(inside), 0), row["lost"]
    for picture, number in zip(pictures, inside, strict=True):
        away = picture.time - pictures[0].time - (times[number] - times[inside[0]])
        assert abs(away) <= GRAIN, f"picture {number} is {away} ns from its time"


def source_times(path: Path) -> list[int]:
    """When each picture of a film is shown, by ffprobe; the first at 0."""
    probe = "ffprobe -v error -select_streams v -of json -show_entries packet=pts_time"
    said = subprocess.run([*probe.split(), str(path)], check=True, capture_output=True, timeout=60)
    packets = json.loads(said.stdout)["packets"]
    times = sorted(round(float(packet["pts_time"]) * SECOND) for packet in packets)
    return [time_ - times[0] for time_ in times]


def test_a_film_that_ends_ends_its_clip_and_the_recorder(home: Home, tmp_path: Path) -> None:
    path = film(tmp_path / "film.avi", 2 * FPS, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p")
    lengths = ("--pre-roll=3s", "--post-roll=10s")
    with Recorder(home, ("run", "--source", f"file:{path}", *lengths)) as running:
        running.wait_live().trigger()
        assert running.end() == "stopped (every source has ended): 1 clip"
    (row,) = home.rows()
    drawn = [picture.number for picture in shown(Path(row["path"]), WIDTH, HEIGHT)]
    assert drawn == list(range(2 * FPS))
    assert (row["state"], row["frames_expected"], row["frames_lost"]) == ("stopped", 2 * FPS, 0)


@pytest.mark.long
@pytest.mark.parametrize("codec", ["mjpeg -pix_fmt yuvj420p", "libx264 -bf 2 -g 40"])
def test_a_loop_goes_on_without_a_picture_missing_or_twice(
    home: Home, tmp_path: Path, codec: str
) -> None:
    path = film(tmp_path / "film.mkv", FPS, "-c:v", *codec.split())
    config = settings(tmp_path / "loop.toml", [f"file:{path}"])
    config.write_text(config.read_text() + "loop = true\n")
    with Recorder(home, ("run", "--config", str(config), *LENGTHS)) as running:
        running.wait_live()
        running.wait_ring(1.5)
        running.trigger(pts=time.monotonic_ns())
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    drawn = [picture.number for picture in shown(Path(row["path"]), WIDTH, HEIGHT)]
    assert drawn[0] is not None
    assert drawn == [(drawn[0] + n) % FPS for n in range(len(drawn))]
    assert len(drawn) in (65, 66, 67)
    assert (row["frames_expected"], row["frames_lost"]) == (len(drawn), 0)
