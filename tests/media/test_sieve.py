"""A picture that ends the decoder is lost by it, and no other is."""

from pathlib import Path

import pytest

from smartrec.graph import plan
from smartrec.graph.recipes import Role, choose
from smartrec.media.gst import reaches_ready
from smartrec.media.sieve import fatal
from tests.media import clips, numbered

FINER = 0x31
"""Three samples of chroma across, where the luma has two or one: jpegdec of 1.22 ends over it."""


def spoilt(jpeg: bytes) -> bytes:
    data = bytearray(jpeg)
    data[data.index(b"\xff\xc0") + 14] = FINER
    return bytes(data)


@pytest.mark.parametrize("bad", [{0}, {7, 20, 21}, {29}], ids=["first", "within", "last"])
def test_pictures_that_end_the_decoder_are_lost_and_all_others_shown(
    tmp_path: Path, bad: set[int]
) -> None:
    good = clips.jpegs(30, chroma="Y42B")
    units = clips.jpeg_units([spoilt(each) if n in bad else each for n, each in enumerate(good)])
    shop = clips.Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    shop.write(units)
    done = shop.finish().finished
    assert done["frames_written"] + sum(done["lost"].values()) == len(units)
    assert set(done["lost"]) <= {"decoder"}
    shown = [numbered.read(luma) for _, luma in clips.ffmpeg_frames(Path(done["path"]))]
    assert set(range(30)) - bad <= set(shown)
    assert shown == sorted(shown)


def test_where_the_graph_itself_is_wrong_no_picture_is_blamed(tmp_path: Path) -> None:
    units = clips.jpeg_units(clips.jpegs(150))
    shop = clips.Shop(tmp_path, clips.head(clips.jpeg_format(), units))
    size = shop.write(units)
    decoder = choose(Role.DECODE_JPEG, usable=reaches_ready)
    sound = str(plan.finish_trial(clips.jpeg_format(), decoder))
    assert fatal(shop.journal, size, sound) == frozenset()
    wrong = sound.replace("fakesink", "identity error-after=1 ! fakesink")
    assert fatal(shop.journal, size, wrong) == frozenset()
