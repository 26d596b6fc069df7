"""An encoder that opens and then fails: what a graphics driver can do to a clip."""

import json
import os
from pathlib import Path

import pytest

from smartrec.errors import PipelineError
from smartrec.graph.recipes import RECIPES, Recipe, Role
from smartrec.media.encode import write_mp4
from smartrec.media.mp4 import Movie
from smartrec.media.orders import Job, Orders
from tests.media import clips
from tests.media.clips import Shop

BREAKS_IN_USE = Recipe(
    Role.ENCODE_H264,
    "breaks",
    "identity error-after=8 ! x264enc",
    "video/x-raw,format=I420",
)


def shop_with(where: Path) -> tuple[Job, Orders]:
    units = clips.jpeg_units(clips.jpegs(30))
    shop = Shop(where, clips.head(clips.jpeg_format(), units))
    size = shop.write(units)
    job = {"journal": str(shop.journal), "clips": str(where)}
    theirs, ours = os.pipe()
    os.write(ours, f"{json.dumps(job)}\n{json.dumps({'closed': size})}\n".encode())
    os.close(ours)
    orders = Orders(theirs)
    read = orders.job()
    os.close(theirs)
    return read, orders


def test_the_next_encoder_begins_again_and_loses_nothing(tmp_path: Path) -> None:
    job, orders = shop_with(tmp_path)
    part = tmp_path / "clip.part"
    written = write_mp4(job, orders, part, lambda _: None, (BREAKS_IN_USE, *RECIPES))
    assert written.encoder != "breaks"
    assert len(written.fed) == 30
    assert len(Movie(part).track().sizes) == 30


def test_where_all_fail_the_last_one_says_why(tmp_path: Path) -> None:
    job, orders = shop_with(tmp_path)
    with pytest.raises(PipelineError):
        write_mp4(job, orders, tmp_path / "clip.part", lambda _: None, (BREAKS_IN_USE,))
