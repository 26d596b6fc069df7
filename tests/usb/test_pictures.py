"""The virtual cameras' pictures are what a camera sends: whole, numbered, and faulty as told."""

import io

import numpy as np
import pytest
from PIL import Image

from smartrec.recording import jpeg
from tests.usb.camera import KINDS
from tests.usb.pictures import Fault, numbers_in, picture, serials_in, spoilt

HD = KINDS["mjpeg"][0]


def pixels(data: bytes) -> object:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image).tobytes()


def test_each_picture_is_whole_and_tells_its_camera_and_number() -> None:
    sent = b"".join(picture(HD, number, "CAM0007") for number in (3, 4, 5))
    assert numbers_in(sent) == [3, 4, 5]
    assert serials_in(sent) == {"CAM0007"}
    one = picture(HD, 3, "CAM0007")
    assert jpeg.whole(one)
    assert jpeg.chroma(one) == "4:2:2"
    assert len(one) < HD.largest


def test_one_without_tables_is_whole_and_shows_the_same() -> None:
    one = picture(HD, 3, "CAM0007")
    bare = spoilt(one, Fault.NO_TABLES)
    assert b"\xff\xc4" in one
    assert b"\xff\xc4" not in bare
    assert jpeg.whole(bare)
    assert pixels(bare) == pixels(one)


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.NO_END, Fault.EMPTY])
def test_one_that_is_cut_is_not_whole(fault: Fault) -> None:
    assert not jpeg.whole(spoilt(picture(HD, 3, "CAM0007"), fault))
