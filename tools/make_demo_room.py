"""Draw the room of the demo camera: ``make_demo_room.py TARGET``.

A hall with an open door, drawn twice as large as it is shipped and a little out of focus, as a
camera sees what is behind the person it is focused on.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1280, 720
FINE = 2
FOCUS_BLUR = 1.5  # pixels of the shipped picture

Canvas = npt.NDArray[np.float64]
Point = tuple[float, float]
Colour = tuple[float, float, float]

ROWS, COLUMNS = np.mgrid[0 : HEIGHT * FINE, 0 : WIDTH * FINE] / FINE


def mask(points: list[Point], soft: float = 0.5) -> Canvas:
    """Opacity of a polygon, blurred by `soft` pixels."""
    image = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    ImageDraw.Draw(image).polygon([(x * FINE, y * FINE) for x, y in points], fill=255)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(soft * FINE)), np.float64) / 255


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Corners of an upright rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def ellipse(x: float, y: float, rx: float, ry: float) -> list[Point]:
    """Corners of an ellipse."""
    turn = np.linspace(0, 2 * np.pi, 90)
    return [(x + rx * np.cos(t), y + ry * np.sin(t)) for t in turn]


class Room:
    """A canvas in linear light 0..1, painted from back to front."""

    def __init__(self) -> None:
        self.light: Canvas = np.zeros((HEIGHT * FINE, WIDTH * FINE, 3))

    def paint(
        self, points: list[Point], colour: Colour, *, shade: Canvas | None = None, soft: float = 0.5
    ) -> None:
        """Fill a polygon, its colour times `shade`."""
        cover = mask(points, soft)[..., None]
        tone = (np.asarray(colour) / 255) ** 2.2
        fill = tone * (1.0 if shade is None else shade[..., None])
        self.light += cover * (fill - self.light)

    def shadow(self, points: list[Point], depth: float, soft: float) -> None:
        """Darken a soft polygon."""
        self.light *= 1 - depth * mask(points, soft)[..., None]

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Add light around a point."""
        near = np.exp(-((COLUMNS - x) ** 2 + (ROWS - y) ** 2) / (2 * radius**2))
        self.light *= 1 + near[..., None] * np.asarray(colour)


def grain(seed: int, blur: float, stretch: tuple[int, int] = (1, 1)) -> Canvas:
    """Smooth noise about 0, for wood, plaster and cloth; standard deviation 1."""
    small = (HEIGHT * FINE // stretch[1], WIDTH * FINE // stretch[0])
    field = np.random.default_rng(seed).normal(size=small)
    # A Gaussian's spectrum is a Gaussian; wrapping round at the edges does no harm here.
    rows, columns = np.fft.fftfreq(small[0])[:, None], np.fft.rfftfreq(small[1])
    low_pass = np.exp(-2 * (np.pi * blur) ** 2 * (rows**2 + columns**2))
    smooth = np.fft.irfft2(np.fft.rfft2(field) * low_pass, small)
    image = Image.fromarray(smooth.astype(np.float32))
    whole = np.asarray(image.resize((WIDTH * FINE, HEIGHT * FINE), Image.Resampling.BICUBIC))
    return np.asarray(whole / whole.std(), np.float64)


def wall_and_floor(room: Room) -> None:
    """Wall in front, darker wall at the left, boards running away."""
    shade = 1.04 - 0.22 * ((COLUMNS - 560) / 900) ** 2 - 0.16 * ((ROWS - 200) / 520) ** 2
    shade = shade + 0.012 * grain(1, 10) + 0.006 * grain(2, 1.5)
    room.paint(box(0, 0, WIDTH, HEIGHT), (206, 199, 188), shade=shade)
    side = 0.72 + 0.22 * COLUMNS / 150 + 0.01 * grain(3, 8)
    room.paint([(0, 0), (150, 0), (150, 560), (0, 690)], (196, 188, 177), shade=side)
    boards(room)
    for edge, tone in ((box(150, 536, WIDTH, 560), 236), (box(150, 533, WIDTH, 536), 246)):
        room.paint(edge, (tone, tone - 3, tone - 9))
    room.paint([(0, 657), (150, 536), (150, 560), (0, 690)], (196, 192, 184))
    room.shadow(box(150, 558, WIDTH, 566), 0.45, 3)
    room.shadow(box(140, 40, 160, 540), 0.12, 14)


def boards(room: Room) -> None:
    """Oak boards towards one vanishing point, each a little different."""
    vanish, drop = (640.0, 250.0), np.maximum(ROWS - 250.0, 1)
    across = (COLUMNS - vanish[0]) / drop
    number = np.floor(across * 9)
    tone = 0.9 + 0.09 * np.sin(number * 12.9898) + 0.05 * np.sin(number * 78.233 + 1)
    fibre = np.sin(across * 420 + 3 * grain(4, 8)) * 0.02 + 0.035 * grain(5, 3, (1, 4))
    gap = np.abs(across * 9 - np.round(across * 9))
    tone = (tone + fibre) * (1 - 0.5 * np.exp(-((gap * drop / 9) ** 2) / 0.7))
    reflection = 0.45 * np.exp(-(((COLUMNS - 950) / 120) ** 2)) * np.exp(-(ROWS - 560) / 120)
    floor = [(150.0, 560.0), (WIDTH, 560.0), (WIDTH, HEIGHT), (0.0, HEIGHT), (0.0, 690.0)]
    room.paint(floor, (158, 116, 78), shade=tone * (0.8 + 0.25 * (ROWS - 560) / 160) + reflection)


def doorway(room: Room) -> None:
    """An open door onto a bright passage with a window."""
    left, right, top, floor = 838.0, 1062.0, 126.0, 560.0
    room.shadow(box(left - 26, top - 22, right + 30, floor), 0.18, 9)
    room.paint(box(left - 22, top - 22, right + 22, floor), (238, 235, 228))
    room.paint(box(left - 15, top - 15, right + 15, floor), (226, 222, 214))
    passage = 1.0 - 0.3 * np.abs(COLUMNS - 960) / 110 - 0.12 * (ROWS - 300) / 260
    room.paint(box(left, top, right, floor), (222, 218, 205), shade=passage)
    room.paint([(left, floor), (left + 46, 500), (right - 50, 500), (right, floor)], (176, 136, 96))
    for wall in (
        [(left, top), (left + 46, 166), (left + 46, 500), (left, floor)],
        [(right, top), (right - 50, 166), (right - 50, 500), (right, floor)],
    ):
        room.paint(wall, (186, 180, 168))
    room.paint([(left, top), (right, top), (right - 50, 166), (left + 46, 166)], (214, 211, 204))
    room.paint(box(912, 214, 986, 372), (240, 238, 232))
    sky = 1.05 - 0.25 * (ROWS - 214) / 158
    room.paint(box(918, 220, 980, 366), (236, 242, 248), shade=sky)
    room.paint(ellipse(934, 356, 14, 20), (150, 172, 132), soft=2)
    room.paint(ellipse(964, 354, 13, 18), (128, 156, 116), soft=2)
    room.paint(box(908, 366, 990, 384), (224, 221, 210))
    room.paint(box(947, 220, 951, 366), (238, 236, 230))
    room.paint(box(918, 290, 980, 294), (238, 236, 230))
    leaf = [(right, top), (right + 96, top - 34), (right + 96, 628.0), (right, floor)]
    room.shadow([(x + 16, y + 6) for x, y in leaf], 0.25, 14)
    room.paint(leaf, (224, 219, 209), shade=1.02 - 0.14 * (COLUMNS - right) / 96)
    for high, low in ((0.08, 0.44), (0.52, 0.93)):
        panel = [
            (
                right + 16 + 64 * u,
                (top - 34 * (16 + 64 * u) / 96) * (1 - v) + v * (560 + 0.7 * 64 * u),
            )
            for u, v in ((0.0, high), (1.0, high), (1.0, low), (0.0, low))
        ]
        room.shadow(panel, 0.16, 1.2)
        room.paint([(x + 1.5, y + 2) for x, y in panel], (218, 213, 203), soft=1)
    room.paint(ellipse(right + 84, 352, 5, 6), (168, 150, 110))
    room.paint(box(right + 62, 349, right + 84, 355), (182, 164, 122))


def picture(room: Room, frame: tuple[float, float, float, float], seed: int) -> None:
    """A framed landscape on the wall."""
    left, top, right, bottom = frame
    room.shadow(box(left + 4, top + 8, right + 10, bottom + 14), 0.35, 7)
    room.paint(box(left, top, right, bottom), (74, 58, 44))
    room.paint(box(left + 7, top + 7, right - 7, bottom - 7), (240, 237, 229))
    inner = (left + 24, top + 24, right - 24, bottom - 24)
    room.paint(box(*inner), (176, 196, 206), shade=1.1 - 0.3 * (inner[3] - ROWS) / 150)
    random = np.random.default_rng(seed)
    for level, colour in ((0.5, (126, 146, 150)), (0.66, (92, 116, 108)), (0.82, (70, 92, 72))):
        across = np.linspace(inner[0], inner[2], 24)
        ridge = np.cumsum(random.normal(0, 3.2, 24))
        line = inner[1] + level * (inner[3] - inner[1]) + ridge - ridge.mean()
        hill = list(zip(across, np.clip(line, inner[1], inner[3]), strict=True))
        room.paint([*hill, (inner[2], inner[3]), (inner[0], inner[3])], colour)


def table(room: Room) -> None:
    """A console table with a lamp, books and a plant."""
    room.shadow(ellipse(350, 590, 190, 22), 0.4, 14)
    room.shadow(box(214, 432, 498, 560), 0.16, 16)
    wood = 1.0 + 0.05 * grain(6, 3, (6, 1))
    for leg in (box(208, 438, 222, 600), box(482, 438, 496, 600)):
        room.paint(leg, (96, 66, 44), shade=wood)
    room.paint(box(206, 436, 498, 470), (112, 78, 52), shade=wood)
    room.paint(box(196, 424, 508, 438), (136, 96, 64), shade=wood)
    room.shadow(box(206, 438, 498, 442), 0.4, 2)
    for top, left, right, colour in ((414, 300, 386, (122, 60, 52)), (404, 306, 380, (58, 78, 96))):
        room.paint(box(left, top, right, top + 10), colour)
        room.paint(box(right - 6, top + 1, right - 1, top + 9), (226, 220, 206))
    room.paint(ellipse(256, 420, 26, 6), (92, 82, 70))
    room.paint(box(252, 330, 260, 420), (110, 98, 82))
    room.paint([(228, 262), (284, 262), (302, 334), (210, 334)], (250, 228, 186))
    plant(room)
    room.glow(256, 300, 120, (0.32, 0.25, 0.12))
    room.glow(256, 300, 34, (0.45, 0.38, 0.26))


def plant(room: Room) -> None:
    """A pot with leaves."""
    random = np.random.default_rng(7)
    for _ in range(46):
        angle, length = random.uniform(-1.35, 1.35), random.uniform(46, 104)
        tip = np.array([446 + np.sin(angle) * length, 372 - np.cos(angle) * length])
        root = np.array([446 + random.uniform(-8, 8), 386.0])
        side = np.array([np.cos(angle), np.sin(angle)]) * random.uniform(5, 9)
        middle, green = root * 0.4 + tip * 0.6, random.uniform(0.6, 1.15)
        leaf = [tuple(root), tuple(middle + side), tuple(tip), tuple(middle - side)]
        room.paint(leaf, (66 * green, 104 * green, 58 * green))
    shade = 1.08 - 0.3 * np.abs(COLUMNS - 438) / 30
    room.paint([(416, 380), (476, 380), (468, 425), (424, 425)], (214, 208, 198), shade=shade)


def main() -> None:
    """Paint, put a little out of focus, vignette, and write."""
    room = Room()
    wall_and_floor(room)
    doorway(room)
    picture(room, (300, 120, 470, 246), 11)
    picture(room, (560, 150, 700, 330), 5)
    table(room)
    room.glow(950, 330, 260, (0.16, 0.17, 0.18))
    corner = ((COLUMNS - 640) / 900) ** 2 + ((ROWS - 360) / 620) ** 2
    light = np.clip(room.light * (1.02 - 0.28 * corner)[..., None], 0, 1) ** (1 / 2.2)
    image = Image.fromarray((light * 245 + 5).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(FOCUS_BLUR * FINE))
    image.resize((WIDTH, HEIGHT), Image.Resampling.BOX).save(
        Path(sys.argv[1]), quality=93, method=6
    )


if __name__ == "__main__":
    main()
