"""What stands in the input after a picture was put there, number by number."""

import numpy as np
import pytest

from smartrec.detection.canvas import Canvas
from smartrec.detection.letterbox import Fitting
from smartrec.detection.tensors import Array, Color, PictureInput

RED = np.full((2, 4, 3), (200, 100, 50), np.uint8)


def filled(wanted: PictureInput, picture: Array = RED) -> Array:
    canvas = Canvas(wanted)
    canvas.fill(picture, canvas.place(picture.shape[1], picture.shape[0]))
    return canvas.tensor


def test_channels_first_has_a_plane_for_each_color() -> None:
    tensor = filled(PictureInput((4, 4), scale=(0.1, 0.1, 0.1), pad=10))
    assert tensor.shape == (1, 3, 4, 4)
    assert tensor.dtype == np.float32
    assert np.allclose(tensor[0, :, 1:3], np.array([20, 10, 5]).reshape(3, 1, 1))
    assert np.allclose(tensor[0, :, [0, 3]], 1)


def test_bgr_turns_the_channels_and_mean_and_scale_follow_that_order() -> None:
    wanted = PictureInput((4, 2), color="bgr", mean=(10, 20, 30), scale=(1, 0.5, 0.1))
    assert np.allclose(filled(wanted)[0, :, 0, 0], [40, 40, 17])


def test_channels_last_has_a_color_for_each_pixel() -> None:
    tensor = filled(PictureInput((4, 4), channels_first=False, dtype="uint8", pad=7))
    assert tensor.shape == (1, 4, 4, 3)
    assert tensor.dtype == np.uint8
    assert tensor[0, 1, 0].tolist() == [200, 100, 50]
    assert tensor[0, 0, 0].tolist() == [7, 7, 7]


def test_whole_numbers_are_neither_scaled_nor_shifted() -> None:
    tensor = filled(PictureInput((4, 2), dtype="uint8", mean=(9, 9, 9), scale=(0.1, 0.1, 0.1)))
    assert tensor[0, :, 0, 0].tolist() == [200, 100, 50]


def test_gray_is_the_luma() -> None:
    tensor = filled(PictureInput((4, 2), color="gray"))
    assert tensor.shape == (1, 1, 2, 4)
    assert tensor[0, 0, 0, 0] == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


@pytest.mark.parametrize("color", ["rgb", "bgr", "gray"])
def test_a_picture_of_another_shape_leaves_nothing_of_the_one_before(color: Color) -> None:
    wanted = PictureInput((4, 4), color=color, fitting=Fitting.TOP_LEFT, pad=0)
    canvas = Canvas(wanted)
    canvas.fill(RED, canvas.place(4, 2))
    tall = np.full((4, 2, 3), 9, np.uint8)
    canvas.fill(tall, canvas.place(2, 4))
    assert np.array_equal(canvas.tensor, filled(wanted, tall))
    assert canvas.tensor[..., 2:].max() == 0
