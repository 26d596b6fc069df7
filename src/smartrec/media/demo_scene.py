"""What the demo camera sees: a quiet hall in which a person comes and goes at known frames.

The scene repeats every `LOOP_FRAMES`. Nobody is there at first; the first pixel of the person shows
in frame `PERSON_FIRST`, the last one in `PERSON_LAST`. Standing still she sways a little, and the
picture is never quite the same twice: sensors are noisy.
"""

import math
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from smartrec.model import Box

WIDTH: Final = 1280
HEIGHT: Final = 720
FPS: Final = 30
LOOP_FRAMES: Final = 600
PERSON_FIRST: Final = 240
PERSON_LAST: Final = 479

EMPTY_PICTURES: Final = 16
"""Different pictures of the empty hall, taken in turn."""
_STEPS: Final = 60
"""Frames to walk in, and to walk out."""
_SWAY: Final = 60
"""Different pictures of the person standing; two seconds, after which she sways again."""
PICTURES: Final = EMPTY_PICTURES + _STEPS + _SWAY + _STEPS

_STAND_FIRST: Final = PERSON_FIRST + _STEPS
_LEAVE_FIRST: Final = PERSON_LAST + 1 - _STEPS
_PERSON_WIDTH: Final = 477
_TOP: Final = HEIGHT - 497
"""Of the person; the shipped picture of her is 477x497 pixels and ends where the frame does."""
_STANDING_LEFT: Final = 400.0
_PHASES: Final = 4
"""Steps of a quarter pixel, so that slow movement does not jerk."""
_NOISE: Final = 2.2
"""Standard deviation of the luma noise, of 255; makes the size of a picture a camera's."""
_HEADROOM: Final = 10
"""No colour is nearer to black or white than this."""
_SEEN: Final = 128
"""Opacity (of 255) from which a pixel of the person counts as seen."""

Pixels = npt.NDArray[np.uint8]


def picture_of(n: int) -> int:
    """Which of the `PICTURES` frame `n` shows."""
    at = n % LOOP_FRAMES
    if not PERSON_FIRST <= at <= PERSON_LAST:
        return at % EMPTY_PICTURES
    if at < _STAND_FIRST:
        return EMPTY_PICTURES + at - PERSON_FIRST
    if at < _LEAVE_FIRST:
        return EMPTY_PICTURES + _STEPS + (at - _STAND_FIRST) % _SWAY
    return EMPTY_PICTURES + _STEPS + _SWAY + at - _LEAVE_FIRST


def asset(name: str) -> bytes:
    """One of the shipped pictures, still encoded."""
    return (resources.files("smartrec") / "assets" / name).read_bytes()


def person_box(n: int) -> Box | None:
    """Where the person is in frame `n`, as far as inside the picture; None if nobody is there."""
    place = _place(picture_of(n))
    if place is None:
        return None
    left, top, phase = _whole(place)
    seen = _silhouettes()[phase][: HEIGHT - top, max(-left, 0) : WIDTH - left]
    columns, rows = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    return Box(
        left=(max(left, 0) + int(columns[0])) / WIDTH,
        top=(top + int(rows[0])) / HEIGHT,
        right=(max(left, 0) + int(columns[-1]) + 1) / WIDTH,
        bottom=(top + int(rows[-1]) + 1) / HEIGHT,
    )


class Scene:
    """Draws the pictures; `draw` may be called from several threads."""

    def __init__(self) -> None:
        self._room = Image.fromarray(_with_headroom(_decode("room.webp", "RGB")))
        self._person = [Image.fromarray(_with_headroom(person)) for person in _person()]
        self._noise = _noise_field()

    def draw(self, picture: int) -> Pixels:
        """One of the `PICTURES`, shape (HEIGHT, WIDTH, 3), RGB."""
        image = self._room
        place = _place(picture)
        if place is not None:
            left, top, phase = _whole(place)
            image = image.copy()
            image.paste(self._person[phase], (left, top), self._person[phase])
        variant = picture % EMPTY_PICTURES
        # Windows far from each other, so that no two pictures in a row share their noise.
        row, column = 8 * (variant * 5 % EMPTY_PICTURES), 8 * (variant * 11 % EMPTY_PICTURES)
        # Adding modulo 256 is adding a signed number, for neither end is near.
        return np.asarray(image) + self._noise[row : row + HEIGHT, column : column + WIDTH]


def _with_headroom(pixels: Pixels) -> Pixels:
    """Colours moved so far from black and white that noise cannot carry them beyond."""
    pixels = pixels.copy()
    pixels[..., :3] = np.linspace(_HEADROOM, 255.49 - _HEADROOM, 256)[pixels[..., :3]]
    return pixels


def _noise_field() -> Pixels:
    """Fine grain, a little soft as a sensor's is after its own processing; modulo 256."""
    reach = 8 * EMPTY_PICTURES
    grain = np.random.default_rng(1969).standard_normal(
        (HEIGHT + reach, WIDTH + reach), dtype=np.float32
    )
    grain += 0.5 * np.roll(grain, 1, axis=1)
    grain += 0.35 * np.roll(grain, 1, axis=0)
    grain *= _NOISE / float(grain.std())
    noise = np.clip(np.rint(grain), -_HEADROOM, _HEADROOM).astype(np.int8).view(np.uint8)
    return np.repeat(noise[..., None], 3, axis=2)


def _place(picture: int) -> tuple[float, float] | None:
    """Left and top of the person in pixels; left is beyond the picture before and after."""
    if picture < EMPTY_PICTURES:
        return None
    step = picture - EMPTY_PICTURES
    if step < _STEPS:
        return _walk((step + 1) / _STEPS, -_PERSON_WIDTH, step)
    if step < _STEPS + _SWAY:
        turn = 2 * math.pi * (step - _STEPS) / _SWAY
        return _STANDING_LEFT + 3 * math.sin(turn), _TOP + 1.5 * (1 - math.cos(turn))
    step -= _STEPS + _SWAY
    return _walk(1 - step / _STEPS, WIDTH, _STEPS - step)


def _walk(share: float, beyond: float, step: int) -> tuple[float, float]:
    """Between out of sight (0) and standing (1), slowing down, with a step every half second."""
    eased = 1 - (1 - share) ** 1.6
    bob = 7 * (1 - share) * (1 - math.cos(2 * math.pi * step / 15)) / 2
    return beyond + (_STANDING_LEFT - beyond) * eased, _TOP + bob


def _whole(place: tuple[float, float]) -> tuple[int, int, int]:
    """Whole pixels left and top, and the quarter pixels that remain to the right."""
    quarters = round(place[0] * _PHASES)
    return quarters // _PHASES, round(place[1]), quarters % _PHASES


def _decode(name: str, mode: str) -> Pixels:
    with resources.as_file(resources.files("smartrec") / "assets" / name) as path:
        return np.asarray(Image.open(path).convert(mode))


def _person() -> list[Pixels]:
    """RGBA of the person, moved to the right by 0, 1, ... quarters of a pixel."""
    whole = _decode("person.webp", "RGBA")
    return [_shifted(whole, quarters) for quarters in range(_PHASES)]


@cache
def _silhouettes() -> list[npt.NDArray[np.bool_]]:
    """Which pixels of `_person` are seen."""
    return [person[..., 3] >= _SEEN for person in _person()]


def _shifted(person: Pixels, quarters: int) -> Pixels:
    """The person, one column wider, moved to the right by quarters of a pixel."""
    wide = np.pad(person, ((0, 0), (0, 1), (0, 0))).astype(np.uint16)
    # Colours of pixels that are nearly transparent must not come in: average what is seen of them.
    colour, alpha = wide[..., :3], wide[..., 3:]
    left = np.roll(wide, 1, axis=1)
    weight, weight_left = alpha * (_PHASES - quarters), left[..., 3:] * quarters
    total = np.maximum(weight + weight_left, 1)
    mixed = (
        colour.astype(np.uint32) * weight + left[..., :3].astype(np.uint32) * weight_left
    ) // total
    return np.concatenate([mixed, (weight + weight_left) // _PHASES], axis=2).astype(np.uint8)
