"""The gate is shut while nothing moves and opens for everybody whom a model could find."""

import io
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from smartrec.detection.motion import MotionGate
from smartrec.media.demo_scene import PERSON_FIRST, Scene, person_box, picture_of
from smartrec.units import SECOND, Ns

Luma = npt.NDArray[np.uint8]
Cover = npt.NDArray[np.float64]

SHAPES = [(45, 80), (60, 80), (90, 160), (90, 120)]
LONG = Ns(1_000_000 * SECOND)
LOOK = SECOND // 5


def room(shape: tuple[int, int], seed: int = 7) -> Luma:
    return np.random.default_rng(seed).integers(60, 190, shape, np.uint8)


def noisy(picture: Luma, sigma: float, generator: np.random.Generator) -> Luma:
    noise = generator.normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


@cache
def scene() -> Scene:
    return Scene()


@cache
def demo(n: int) -> Luma:
    """Frame `n` of the demo camera, as the watch sees it: by way of JPEG, decoded small."""
    encoded = io.BytesIO()
    Image.fromarray(scene().draw(picture_of(n))).save(encoded, "JPEG", quality=85)
    image = Image.open(encoded)
    image.draft("L", (160, 90))
    return np.asarray(image.convert("L").resize((160, 90)))


def test_the_model_is_asked_first() -> None:
    assert not MotionGate(LONG).still(room((90, 160)), Ns(0))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0, 1.5])
def test_noise_is_still(shape: tuple[int, int], sigma: float) -> None:
    generator = np.random.default_rng(3)
    gate = MotionGate(LONG)
    gate.asked(noisy(room(shape), sigma, generator), Ns(0))
    looks = [gate.still(noisy(room(shape), sigma, generator), Ns(n * LOOK)) for n in range(1, 201)]
    assert all(looks)


def test_the_empty_hall_of_the_demo_is_still_and_its_person_is_not() -> None:
    gate = MotionGate(LONG)
    gate.asked(demo(0), Ns(0))
    assert all(gate.still(demo(n), Ns(n)) for n in range(1, PERSON_FIRST, 7))
    seen_from = next(
        n for n in range(PERSON_FIRST, PERSON_FIRST + 60) if not gate.still(demo(n), Ns(n))
    )
    box = person_box(seen_from)
    assert box is not None
    assert box.right < 0.1


@settings(max_examples=60)
@given(
    shape=st.sampled_from(SHAPES),
    contrast=st.sampled_from([-20, 20]),
    across=st.floats(0, 1),
    down=st.floats(0, 1),
    sigma=st.sampled_from([0.0, 1.0, 1.5, 4.0]),
    seed=st.integers(0, 1000),
)
def test_a_person_of_a_tenth_of_the_height_opens_it_wherever_it_appears(
    shape: tuple[int, int], contrast: int, across: float, down: float, sigma: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    height, width = shape
    high, wide = 0.1 * height, 0.04 * height
    person = drawn(shape, down * (height - high), across * (width - wide), high, wide)
    gate = MotionGate(LONG)
    gate.asked(noisy(room(shape), sigma, generator), Ns(0))
    for n in range(1, 5):
        gate.still(noisy(room(shape), sigma, generator), Ns(n * LOOK))
    with_person = np.rint(room(shape) + contrast * person).astype(np.uint8)
    assert not gate.still(noisy(with_person, sigma, generator), Ns(5 * LOOK))


def drawn(shape: tuple[int, int], top: float, left: float, high: float, wide: float) -> Cover:
    """How much of each pixel a rectangle covers."""

    def cover(count: int, start: float, length: float) -> Cover:
        pixel = np.arange(count)
        inside: Cover = np.minimum(pixel + 1, start + length) - np.maximum(pixel, start)
        return inside.clip(min=0)

    return cover(shape[0], top, high)[:, None] * cover(shape[1], left, wide)


def test_slow_movement_adds_up() -> None:
    gate = MotionGate(LONG)
    picture = np.full((90, 160), 90, np.uint8)
    picture[30:60, 40:52] = 150
    gate.asked(picture, Ns(0))
    opened = []
    for n in range(1, 60):
        part = drawn((90, 160), 30, 40 + 0.05 * n, 30, 12)
        opened.append(not gate.still(np.rint(90 + 60 * part).astype(np.uint8), Ns(n)))
    assert not opened[0]
    assert opened[-1]
    assert opened.index(True) < 20, "a pixel of 160"


def test_who_leaves_opens_it_as_well() -> None:
    gate = MotionGate(LONG)
    with_person = room((90, 160))
    with_person[40:70, 60:72] = 20
    gate.asked(with_person, Ns(0))
    assert gate.still(with_person, Ns(1))
    assert not gate.still(room((90, 160)), Ns(2))


def test_a_person_who_fills_most_of_the_picture_is_no_noise() -> None:
    generator = np.random.default_rng(1)
    gate = MotionGate(LONG)
    gate.asked(room((90, 160)), Ns(0))
    near = room((90, 160))
    near[:, 20:] = generator.integers(0, 255, (90, 140))
    assert not gate.still(near, Ns(1))


def test_a_pale_shadow_over_most_of_the_picture_is_no_noise() -> None:
    gate = MotionGate(LONG)
    gate.asked(room((90, 160)), Ns(0))
    assert gate.still(room((90, 160)), Ns(1))
    shadow = room((90, 160))
    shadow[:, :60] -= 4
    shadow[:, 60:120] += 4
    assert not gate.still(shadow, Ns(2))


def test_a_lamp_that_flickers_is_still_and_one_switched_on_is_not() -> None:
    gate = MotionGate(LONG)
    gate.asked(room((90, 160)), Ns(0))
    assert gate.still(room((90, 160)), Ns(1))
    assert gate.still(room((90, 160)) + np.uint8(3), Ns(2))
    assert not gate.still(room((90, 160)) + np.uint8(30), Ns(3))


def test_more_noise_is_learned_within_seconds() -> None:
    generator = np.random.default_rng(5)
    gate = MotionGate(LONG)
    gate.asked(room((90, 160)), Ns(0))
    night = [gate.still(noisy(room((90, 160)), 3, generator), Ns(n)) for n in range(1, 60)]
    assert all(night[30:])


def test_the_model_is_asked_from_time_to_time_though_nothing_moves() -> None:
    gate = MotionGate(Ns(2 * SECOND))
    gate.asked(room((90, 160)), Ns(SECOND))
    assert gate.still(room((90, 160)), Ns(3 * SECOND - 1))
    assert not gate.still(room((90, 160)), Ns(3 * SECOND))
    gate.asked(room((90, 160)), Ns(3 * SECOND))
    assert gate.still(room((90, 160)), Ns(4 * SECOND))


def test_a_picture_from_before_is_another_stream() -> None:
    gate = MotionGate(Ns(2 * SECOND))
    gate.asked(room((90, 160)), Ns(SECOND))
    assert not gate.still(room((90, 160)), Ns(SECOND - 1))


def test_another_size_of_picture_is_looked_at() -> None:
    gate = MotionGate(LONG)
    gate.asked(room((90, 160)), Ns(0))
    assert not gate.still(room((45, 80)), Ns(1))
    gate.asked(room((45, 80)), Ns(1))
    assert gate.still(room((45, 80)), Ns(2))


def test_the_caller_may_use_its_array_again() -> None:
    gate = MotionGate(LONG)
    buffer = room((90, 160))
    gate.asked(buffer, Ns(0))
    buffer[:] = 255
    assert gate.still(room((90, 160)), Ns(1))


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (22, 22), (47, 83), (121, 160)])
def test_odd_sizes_are_compared_to_the_last_corner(shape: tuple[int, int]) -> None:
    gate = MotionGate(LONG)
    picture = np.full(shape, 100, np.uint8)
    gate.asked(picture, Ns(0))
    assert gate.still(picture, Ns(1))
    height, width = shape
    picture[height - max(1, height // 10) :, width - max(1, height // 10) :] = 200
    assert not gate.still(picture, Ns(2))
