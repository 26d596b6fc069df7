"""A decoded picture as the detector wants it: its planes are scaled first, colours come last."""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from smartrec.errors import SmartrecError
from smartrec.media.gst import Gst, GstVideo
from smartrec.media.watch.decoding import decode_one
from smartrec.media.watch.eye import (
    Fit,
    Pixels,
    Undecodable,
    fitted,
    luma_size,
    upright,
)
from smartrec.model import AccessUnit, StreamFormat

_FULL_RANGE: Final = 1
"""GST_VIDEO_COLOR_RANGE_0_255: its name in Python begins with a digit."""
_BT601: Final = (0.299, 0.114)
"""Share of red and of blue in luma."""
_RED_AND_BLUE: Final = {
    GstVideo.VideoColorMatrix.BT709: (0.2126, 0.0722),
    GstVideo.VideoColorMatrix.BT2020: (0.2627, 0.0593),
}
_MIDDLE: Final = 128.0
_LIMITED: Final = (255 / 219, 16.0, 255 / 224)
_FULL: Final = (1.0, 0.0, 1.0)
"""Factor of luma, its black, factor of chroma."""
_LUMA_OF_LIMITED: Final = np.clip(np.rint((np.arange(256) - 16) * 255 / 219), 0, 255).astype(
    np.uint8
)


class DecodedPicture:
    """A `Picture` out of a decoder; eight bits a component, in planes.

    Args:
        sample: From the decoder's appsink.
        stream: How to turn it.
        fit: The engine's.
    """

    def __init__(self, sample: Gst.Sample, stream: StreamFormat, fit: Fit) -> None:
        self._stream = stream
        self._fit = fit
        self._sample = sample
        self._planes: list[npt.NDArray[np.uint8]] = []

    def luma(self) -> Pixels:
        """See `Picture.luma`."""
        plane = self._decoded()[0]
        size = luma_size((plane.shape[1], plane.shape[0]))
        small = Image.fromarray(plane).resize(size, Image.Resampling.BOX, reducing_gap=2.0)
        luma = np.asarray(small)
        full = int(_info(self._sample).colorimetry.range) == _FULL_RANGE
        return upright(luma if full else _LUMA_OF_LIMITED[luma], self._stream)

    def rgb(self) -> Pixels:
        """See `Picture.rgb`."""
        planes = self._decoded()
        wanted = fitted((planes[0].shape[1], planes[0].shape[0]), self._stream, self._fit)
        small = [
            Image.fromarray(plane).resize(wanted, Image.Resampling.BILINEAR, reducing_gap=1.0)
            for plane in planes
        ]
        if len(small) == 1:
            small += [Image.new("L", wanted, int(_MIDDLE))] * 2
        # To Pillow these are three bands like any others; its matrix makes colours of them.
        mixed = Image.merge("RGB", small).convert("RGB", _matrix(_info(self._sample)))
        return upright(np.asarray(mixed), self._stream)

    def _decoded(self) -> list[npt.NDArray[np.uint8]]:
        self._planes = self._planes or _planes(self._sample)
        return self._planes


class LonePicture:
    """A `Picture` of a keyframe that stands alone, decoded when it is asked for.

    Args:
        unit: The keyframe.
        stream: What it is, and how to turn it.
        fit: The engine's.
    """

    def __init__(self, unit: AccessUnit, stream: StreamFormat, fit: Fit) -> None:
        self._unit = unit
        self._stream = stream
        self._fit = fit
        self._made: DecodedPicture | None = None

    def luma(self) -> Pixels:
        """See `Picture.luma`."""
        return self._decoded().luma()

    def rgb(self) -> Pixels:
        """See `Picture.rgb`."""
        return self._decoded().rgb()

    def _decoded(self) -> DecodedPicture:
        if self._made is None:
            try:
                sample = decode_one(self._unit, self._stream)
            except SmartrecError as error:
                raise Undecodable(str(error)) from error
            if sample is None:
                raise Undecodable("the decoder gave nothing")
            self._made = DecodedPicture(sample, self._stream, self._fit)
        return self._made


def _info(sample: Gst.Sample) -> GstVideo.VideoInfo:
    caps = sample.get_caps()
    info = None if caps is None else GstVideo.VideoInfo.new_from_caps(caps)
    if info is None:
        raise Undecodable(f"no picture: {caps.to_string() if caps else 'without caps'}")
    return info


def _planes(sample: Gst.Sample) -> list[npt.NDArray[np.uint8]]:
    """Each component, shape (height, width); chroma may be smaller."""
    info, buffer = _info(sample), sample.get_buffer()
    if buffer is None:
        raise Undecodable("a sample without a buffer")
    # A decoder pads its rows, and says so in this.
    meta = GstVideo.buffer_get_video_meta(buffer)
    offsets, strides = (info.offset, info.stride) if meta is None else (meta.offset, meta.stride)
    data, layout = buffer.extract_dup(0, buffer.get_size()), info.finfo
    planes = []
    for at in range(layout.n_components):
        shape = (-(-info.height >> layout.h_sub[at]), -(-info.width >> layout.w_sub[at]))
        start = offsets[layout.plane[at]] + layout.poffset[at]
        steps = (strides[layout.plane[at]], layout.pixel_stride[at])
        try:
            planes.append(np.ndarray(shape, np.uint8, data, start, steps))
        except (TypeError, ValueError) as error:
            raise Undecodable(f"a buffer smaller than its picture: {error}") from error
    return planes


def _matrix(info: GstVideo.VideoInfo) -> tuple[float, ...]:
    """From Y', Cb, Cr to R', G', B' (ITU-R BT.601, BT.709, BT.2020), three rows of four."""
    red, blue = _RED_AND_BLUE.get(info.colorimetry.matrix, _BT601)
    green = 1 - red - blue
    full = int(info.colorimetry.range) == _FULL_RANGE
    luma, black, chroma = _FULL if full else _LIMITED
    of_blue, of_red = 2 * (1 - blue) * chroma, 2 * (1 - red) * chroma
    rows = (
        (0.0, of_red),
        (-of_blue * blue / green, -of_red * red / green),
        (of_blue, 0.0),
    )
    return tuple(
        value for cb, cr in rows for value in (luma, cb, cr, -luma * black - _MIDDLE * (cb + cr))
    )
