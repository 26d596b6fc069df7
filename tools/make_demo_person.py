"""Cut the person of the demo camera out of the photograph: ``make_demo_person.py SOURCE TARGET``.

SOURCE is ``skimage/data/astronaut.png`` of scikit-image (see src/smartrec/assets/README.md), TARGET
the picture that is shipped. The outline is traced by hand; along the hair, where no outline can
be right, each pixel's opacity is worked out from the colours on both sides.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

FINE = 4  # the outline is drawn so many times larger, for soft steps
HAIR_ROWS = 150  # above this row the background is plain enough to tell hair from it
REACH = 5  # pixels on each side of the outline that may be part hair, part background

# fmt: off
OUTLINE = [
    (191, 31), (185, 38), (174, 43), (166, 50), (156, 58), (153, 68), (153, 92), (157, 104),
    (167, 115), (170, 121), (176, 130), (182, 132), (182, 147), (172, 148), (161, 149), (151, 153),
    (140, 158), (131, 167), (123, 178), (120, 193), (116, 200), (112, 206), (101, 215), (88, 227),
    (76, 235), (65, 246), (55, 262), (46, 278), (40, 294), (39, 306), (34, 317), (29, 334),
    (26, 342), (25, 374), (20, 390), (20, 410), (24, 432), (23, 460), (25, 478), (29, 493),
    (37, 503), (39, 512), (494, 512), (496, 485), (496, 455), (495, 434), (493, 421), (486, 400),
    (478, 384), (455, 361), (436, 351), (418, 345), (393, 344), (374, 346), (365, 343), (364, 332),
    (359, 327), (356, 302), (352, 286), (345, 272), (340, 262), (319, 243), (303, 233), (299, 219),
    (289, 203), (276, 189), (263, 179), (257, 172), (257, 164), (264, 149), (267, 137), (275, 134),
    (280, 127), (290, 117), (296, 105), (300, 92), (299, 72), (296, 58), (288, 43), (276, 31),
    (262, 24), (248, 18), (237, 16), (227, 16), (214, 21), (203, 23),
]
# fmt: on

Plane = npt.NDArray[np.float64]


def outline_alpha(size: tuple[int, int]) -> Plane:
    """Opacity 0..1 by the traced outline, its edge about two pixels soft."""
    large = Image.new("L", (size[0] * FINE, size[1] * FINE))
    ImageDraw.Draw(large).polygon([(x * FINE, y * FINE) for x, y in OUTLINE], fill=255)
    # Half a pixel inwards, so that no rim of the studio's wall comes along.
    large = large.filter(ImageFilter.MinFilter(2 * FINE // 2 + 1))
    large = large.filter(ImageFilter.GaussianBlur(0.7 * FINE))
    return np.asarray(large.resize(size, Image.Resampling.BOX), np.float64) / 255


def blur(plane: Plane, radius: float) -> Plane:
    """Gaussian blur, the picture's edges carried on."""
    reach = int(4 * radius)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    for axis in (0, 1):
        wide = np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], "edge")
        plane = np.apply_along_axis(np.convolve, axis, wide, kernel / kernel.sum(), "valid")
    return plane


def spread(photo: Plane, known: npt.NDArray[np.bool_], radius: float) -> Plane:
    """The colours of the known pixels, carried over to their surroundings."""
    weight = np.maximum(blur(known.astype(np.float64), radius), 1e-6)
    channels = [blur(photo[..., c] * known, radius) / weight for c in range(3)]
    return np.stack(channels, axis=-1)


def cut(photo: Plane) -> Plane:
    """RGBA 0..255 of the person alone."""
    height, width = photo.shape[:2]
    alpha = outline_alpha((width, height))
    mask = Image.fromarray((alpha * 255).astype(np.uint8))
    inside = np.asarray(mask.filter(ImageFilter.MinFilter(2 * REACH + 1))) > 250
    outside = np.asarray(mask.filter(ImageFilter.MaxFilter(2 * REACH + 1))) < 5
    person, wall = spread(photo, inside, REACH), spread(photo, outside, 2 * REACH)
    along = person - wall
    share = ((photo - wall) * along).sum(-1) / np.maximum((along**2).sum(-1), 1.0)
    band = ~inside & ~outside
    band[HAIR_ROWS:] = False
    alpha = np.where(band, np.clip(share * 1.15 - 0.1, 0, 1), alpha)
    # Half covered pixels hold half a wall: give them the person's own colour.
    edge = (alpha < 0.98)[..., None]
    colour = np.where(edge, np.where(alpha[..., None] > 0.6, photo, person), photo)
    return np.dstack([colour, alpha * 255])


def main() -> None:
    """Write the cut-out, cropped to what can be seen."""
    source, target = map(Path, sys.argv[1:])
    with Image.open(source) as picture:
        photo = np.asarray(picture.convert("RGB"), np.float64)
    person = Image.fromarray(np.clip(cut(photo) + 0.5, 0, 255).astype(np.uint8))
    box = person.getchannel("A").point(lambda a: 255 if a > 40 else 0).getbbox()
    person.crop(box).save(target, quality=92, alpha_quality=100, method=6)


if __name__ == "__main__":
    main()
