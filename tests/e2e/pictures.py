"""What a clip shows, by a program that did not write it: numbers read from decoded pictures.

And where the numbered feed's pictures lie in time, so that a test can say which a clip must hold.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from smartrec.media.frame_number import HEIGHT, cells, read_number
from smartrec.units import SECOND

FPS = 30
MILLISECOND = 1_000_000


@dataclass(frozen=True)
class Shown:
    """One picture that a player shows: its drawn number, and when (ns)."""

    number: int | None
    time: int


def shown(path: Path, width: int = 1280, height: int = 720) -> list[Shown]:
    """Every picture of a clip as ffmpeg shows it, edit list applied."""
    band = round(height * HEIGHT)
    done = subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "info", "-noautorotate"),
            *("-i", str(path), "-map", "0:v:0", "-vsync", "passthrough", "-copyts"),
            *("-vf", f"showinfo,crop={width}:{band}:0:0", "-pix_fmt", "gray"),
            *("-f", "rawvideo", "-"),
        ],
        capture_output=True,
        check=False,
        timeout=60,
    )
    told = done.stderr.decode(errors="replace")
    assert done.returncode == 0, told
    times = [float(time) for time in re.findall(r"Parsed_showinfo.* pts_time:\s*([\d.]+)", told)]
    size = width * band
    assert len(done.stdout) == size * len(times), told
    pictures = []
    for at, time in enumerate(times):
        luma = np.zeros((height, width), np.uint8)
        luma[:band] = np.frombuffer(done.stdout, np.uint8, size, at * size).reshape(band, width)
        pictures.append(Shown(read_number(luma), round(time * SECOND)))
    return pictures


def numbers(path: Path, width: int = 1280, height: int = 720) -> list[int | None]:
    """The numbers alone."""
    return [picture.number for picture in shown(path, width, height)]


@dataclass(frozen=True)
class Grid:
    """A feed's pictures on the one timeline: number n at `start` + n / `FPS` seconds."""

    start: int

    @classmethod
    def of(cls, row: dict[str, Any], first: int | None) -> "Grid":
        """From the catalogue's time of a clip's first picture and its decoded number."""
        assert first is not None
        return cls(row["first_pts"] - first * SECOND // FPS)

    def pts(self, number: int) -> int:
        """When a picture is taken."""
        return self.start + number * SECOND // FPS

    def number(self, pts: int) -> int:
        """Which picture was taken then."""
        return round((pts - self.start) * FPS / SECOND)

    def within(self, begin: int, end: int) -> list[int]:
        """Every picture with begin <= pts < end."""
        first = max(0, (begin - self.start) * FPS // SECOND - 2)
        last = (end - self.start) * FPS // SECOND + 2
        return [n for n in range(first, last + 1) if begin <= self.pts(n) < end]


def check(row: dict[str, Any], begin: int, end: int, grid: Grid | None = None) -> Grid:
    """A clip holds exactly the pictures of an interval, by three sources that must agree.

    The numbers in the decoded pictures, the times in the container, and the catalogue's proof.

    Args:
        row: Of the catalogue.
        begin: First moment (CLOCK_MONOTONIC, ns) that belongs to the clip.
        end: First that does not.
        grid: Of the camera's run; without it, what this clip tells of it.
    """
    pictures = shown(Path(row["path"]))
    drawn = [picture.number for picture in pictures]
    found = Grid.of(row, drawn[0])
    assert grid is None or found == grid, "the catalogue's times are of other pictures"
    wanted = found.within(begin, end)
    assert drawn == wanted, (drawn, wanted[0], wanted[-1])
    assert row["first_pts"] == found.pts(wanted[0])
    assert row["last_pts"] == found.pts(wanted[-1])
    counted = (row["frames_expected"], row["frames_written"], row["frames_lost"])
    assert counted == (len(wanted), len(wanted), 0), row["lost"]
    assert row["frames_surplus"] == 0
    for picture, number in zip(pictures, wanted, strict=True):
        away = picture.time - pictures[0].time - (found.pts(number) - found.pts(wanted[0]))
        assert abs(away) <= MILLISECOND, f"picture {number} is {away} ns from its time"
    return found


def drawing(number: int, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A gray picture with its number in it, shape (height, width), and a little to encode."""
    across = np.arange(width, dtype=np.int64)[None, :]
    down = np.arange(height, dtype=np.int64)[:, None]
    gray = ((across + down + 5 * number) % 160 + 40).astype(np.uint8)
    band = round(height * HEIGHT)
    gray[:band] = np.repeat(np.array(cells(number), np.uint8) * 235, width // len(cells(0)))
    return gray


def film(path: Path, count: int, *options: str, width: int = 640, height: int = 360) -> Path:
    """A video of numbered pictures from 0, 30 a second, made by ffmpeg with these options."""
    pictures = b"".join(drawing(n, width, height).tobytes() for n in range(count))
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-r", str(FPS)),
            *("-s", f"{width}x{height}", "-i", "-", *options, "-y", str(path)),
        ],
        input=pictures,
        check=True,
        timeout=60,
    )
    return path
