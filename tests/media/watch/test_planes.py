"""What the detector gets of a decoded picture, on pictures that GStreamer converted."""

import numpy as np
import pytest

from smartrec.media.gst import Gst, GstVideo
from smartrec.media.watch.eye import Undecodable
from smartrec.media.watch.planes import DecodedPicture
from tests.media.clips import jpeg_format, through

WIDTH, HEIGHT = 66, 50  # chroma of odd width, padded rows
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 120, 40), (255, 255, 255), (0, 0, 0)]
CAPS = [
    "I420,colorimetry=bt601",
    "I420,colorimetry=bt709",
    "NV12,colorimetry=bt709",
    "Y42B,colorimetry=1:4:0:0",
    "Y444,colorimetry=1:3:5:1",
]


def fit(width: int, height: int) -> tuple[int, int]:
    return width // 2, height // 2


def rgb(left: tuple[int, int, int], right: tuple[int, int, int]) -> bytes:
    half = WIDTH // 2
    row = bytes(left) * half + bytes(right) * half
    return (row + bytes(-len(row) % 4)) * HEIGHT


def sample(pixels: bytes, caps: str) -> Gst.Sample:
    raw = f"video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},framerate=30/1"
    (made,) = through(f"videoconvert ! video/x-raw,format={caps}", [pixels], raw)
    return made


@pytest.mark.parametrize("caps", CAPS)
@pytest.mark.parametrize("colour", COLOURS)
def test_colours_are_those_of_the_matrix_and_range(colour: tuple[int, ...], caps: str) -> None:
    red, green, blue = colour
    made = sample(rgb((red, green, blue), (128, 128, 128)), caps)
    picture = DecodedPicture(made, jpeg_format(), fit)
    pixels = picture.rgb().astype(int)
    assert pixels.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert np.abs(pixels[:, :12] - colour).max() <= 4
    assert np.abs(pixels[:, -12:] - 128).max() <= 4


def test_luma_is_full_range_small_and_upright() -> None:
    made = sample(rgb((0, 0, 0), (255, 255, 255)), CAPS[0])
    luma = DecodedPicture(made, jpeg_format(rotate=90, flip=True), fit).luma()
    assert luma.shape == (96, 73)
    # White was at the right: clockwise it is below, and mirrored it stays there.
    assert luma[:40].max() <= 1
    assert luma[-40:].min() >= 254


def test_rows_are_found_where_the_decoder_says_they_are() -> None:
    made = sample(rgb((200, 120, 40), (40, 120, 200)), CAPS[0])
    caps, buffer = made.get_caps(), made.get_buffer()
    assert caps is not None
    assert buffer is not None
    info = GstVideo.VideoInfo.new_from_caps(caps)
    assert info is not None
    data = np.frombuffer(buffer.extract_dup(0, buffer.get_size()), np.uint8)
    offsets, strides, moved, at = [], [], bytearray(b"\x55" * 100), 100
    for plane, rows in enumerate((HEIGHT, HEIGHT // 2, HEIGHT // 2)):
        stride = info.stride[plane]
        lines = data[info.offset[plane] : info.offset[plane] + rows * stride].reshape(rows, stride)
        moved += np.pad(lines, ((0, 3), (0, 60)), constant_values=0x55).tobytes()
        offsets.append(at)
        strides.append(stride + 60)
        at = len(moved)
    other = Gst.Buffer.new_wrapped(bytes(moved))
    GstVideo.buffer_add_video_meta_full(
        other,
        GstVideo.VideoFrameFlags.NONE,
        GstVideo.VideoFormat.I420,
        WIDTH,
        HEIGHT,
        3,
        [*offsets, 0],
        [*strides, 0],
    )
    padded = Gst.Sample.new(other, caps, None, None)
    wanted = DecodedPicture(made, jpeg_format(), fit)
    got = DecodedPicture(padded, jpeg_format(), fit)
    assert (got.rgb() == wanted.rgb()).all()
    assert (got.luma() == wanted.luma()).all()


def test_a_buffer_smaller_than_its_picture_is_undecodable() -> None:
    caps = sample(rgb((0, 0, 0), (0, 0, 0)), CAPS[0]).get_caps()
    short = Gst.Sample.new(Gst.Buffer.new_wrapped(bytes(100)), caps, None, None)
    with pytest.raises(Undecodable):
        DecodedPicture(short, jpeg_format(), fit).rgb()
