"""What the second camera of the documentation's pictures sees: the demo's hall, mirrored, visited.

Somebody comes at one side or the other, nearer or further, to the door or only past the corner, so
that zones and other settings have something to tell apart. Between, she only looks in: of the half
of her the model is not sure. The film is shown again and again, as `file:` with `loop`.
"""

import math
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from PIL import Image

FPS = 15
SIZE = (1280, 720)
_WALK_S = 1.2


@dataclass(frozen=True)
class Visit:
    """Somebody comes in, stands, and leaves where she came from.

    Attributes:
        at_s: When she is first seen.
        from_left: On which side.
        stand: Where the middle of her is then, as a share of the picture's width.
        stand_s: How long.
        size: Of her, 1 as large as the demo's.
    """

    at_s: float
    from_left: bool
    stand: float
    stand_s: float
    size: float = 1.0

    def place(self, second: float, width: int) -> float | None:
        """The middle of a person so wide at a moment of the film, in pixels; None if away."""
        since = second - self.at_s
        there = min(since, 2 * _WALK_S + self.stand_s - since) / _WALK_S
        if there <= 0:
            return None
        beyond = -width / 2 if self.from_left else SIZE[0] + width / 2
        eased = 1 - math.pow(1 - min(there, 1), 1.6)
        return beyond + (self.stand * SIZE[0] - beyond) * eased


VISITS = (
    Visit(6, True, 0.3, 4),
    Visit(26, False, 0.72, 3, 0.8),
    Visit(45, True, 0.2, 5, 0.62),
    Visit(66, False, 0.55, 4, 0.9),
    Visit(106, True, 0.64, 3, 0.75),
    *(Visit(at_s, False, 1.045, 4) for at_s in (15, 36, 57, 78, 92, 114)),
)
LENGTH_S = 124


def make(path: Path) -> None:
    """Write it, as JPEGs in Matroska; takes half a minute."""
    encode = (
        "ffmpeg -v error -y -f rawvideo -pix_fmt rgb24 -s {}x{} -r {} -i - -c:v mjpeg -q:v 4"
        " -pix_fmt yuvj420p {}"
    ).format(*SIZE, FPS, path)
    with subprocess.Popen(encode.split(), stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for picture in pictures():
            encoder.stdin.write(picture.tobytes())
        encoder.stdin.close()
        if encoder.wait():
            raise subprocess.CalledProcessError(encoder.returncode, encode)


def pictures() -> Iterator[Image.Image]:
    """All of it."""
    room = _asset("room.webp").convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    persons = [_sized(_asset("person.webp").convert("RGBA"), visit) for visit in VISITS]
    for n in range(LENGTH_S * FPS):
        picture = room.copy()
        for visit, person in zip(VISITS, persons, strict=True):
            middle = visit.place(n / FPS, person.width)
            if middle is not None:
                at = (round(middle - person.width / 2), SIZE[1] - person.height)
                picture.paste(person, at, person)
        yield picture


def _sized(person: Image.Image, visit: Visit) -> Image.Image:
    return person.resize((round(person.width * visit.size), round(person.height * visit.size)))


def _asset(name: str) -> Image.Image:
    with resources.as_file(resources.files("smartrec") / "assets" / name) as path:
        return Image.open(path).copy()
