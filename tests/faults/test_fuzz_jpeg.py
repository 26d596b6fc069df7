"""Pictures that anything may have happened to: nothing dies of them, and each is accounted for.

A camera sends them through the real station, journal, finisher and catalogue: 1,000 a second, every
tenth sound and numbered. Then the watch's eye looks at each of them, in a process of its own.

2,000 in the default run, 100,000 with the exhaustive ones; all seeded.
"""

import io
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from smartrec.recording.jpeg import whole
from smartrec.units import SECOND
from tests.e2e.recorder import Home, pause_until
from tests.faults.mutation import mutated
from tests.faults.stand_in import BadCamera, Sent, station
from tests.faults.totals import Totals
from tests.media import numbered
from tests.media.clips import ffmpeg_frames

BATCH = 2000
APART = SECOND // 1000
SIZE = (160, 120)
HEAD = 640
"""Bytes of headers in front of the scan."""
SOUND_EVERY = 10
KINDS: tuple[tuple[str, dict[str, object]], ...] = (
    ("RGB", {"subsampling": "4:2:2"}),
    ("RGB", {"subsampling": "4:2:0"}),
    ("RGB", {"subsampling": "4:4:4", "restart_marker_rows": 1}),
    ("RGB", {"subsampling": "4:2:2", "progressive": True}),
    ("L", {}),
)
LOOK = """
import pickle, sys
from smartrec.media.watch.eye import JpegPicture, Undecodable
from smartrec.model import Codec, StreamFormat

seen = 0
stream = StreamFormat(Codec.JPEG, 160, 120, 30.0, "")
for data in pickle.load(sys.stdin.buffer):
    picture = JpegPicture(data, stream, lambda width, height: (64, 48))
    try:
        assert picture.luma().ndim == 2
        assert picture.rgb().shape == (48, 64, 3)
        seen += 1
    except Undecodable:
        pass
print(seen)
"""


def sound(number: int, mode: str = "L", **options: object) -> bytes:
    file = io.BytesIO()
    gray = Image.fromarray(numbered.picture(number, *SIZE))
    gray.convert(mode).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def pictures(seed: int) -> list[bytes]:
    """One batch; those whose number is a multiple of `SOUND_EVERY` are as they should be."""
    choice = random.Random(f"jpeg {seed}")
    drawn = []
    for number in range(BATCH):
        mode, options = choice.choice(KINDS)
        if number % SOUND_EVERY == 0:
            drawn.append(sound(number, "RGB", subsampling="4:2:2"))
        else:
            drawn.append(mutated(choice, sound(number, mode, **options), head=HEAD))
    return drawn


def numbers_by_time(path: Path) -> dict[int, int | None]:
    """What the pictures of a clip say, by their time in thousandths of a second."""
    told: dict[int, int | None] = {}
    for time, luma in ffmpeg_frames(path, SIZE):
        try:
            told[round(time / APART)] = numbered.read(luma)
        except ValueError:  # one that something has happened to
            told[round(time / APART)] = None
    return told


def looked_at(drawn: list[bytes]) -> int:
    """How many of them the watch can see."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        input=pickle.dumps(drawn),
        capture_output=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr.decode()
    return int(done.stdout)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "seed",
    [
        1,
        *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, 51)),
    ],
)
def test_pictures_that_anything_may_have_happened_to_are_each_accounted_for(
    home: Home, totals: Totals, seed: int
) -> None:
    drawn = pictures(seed)
    damaged = sum(not whole(data) for data in drawn)
    assert BATCH / 10 < damaged < BATCH * 9 / 10, "some pass the first look, some do not"
    camera = BadCamera(
        [Sent(n, n * APART, data) for n, data in enumerate(drawn)], size=SIZE, fps=1000
    )
    length = BATCH * APART
    with station(home, camera, pre=length, post=0) as running:
        end = camera.zero + length
        pause_until(end)
        running.trigger(end)
    assert (camera.damaged, camera.lost) == (damaged, 0)
    (row,) = home.rows()
    lost = row["lost"]
    assert row["frames_expected"] == BATCH
    assert lost["damaged"] == damaged
    assert set(lost) <= {"damaged", "decoder"}
    assert row["frames_written"] + sum(lost.values()) == BATCH
    shown = numbers_by_time(Path(row["path"]))
    assert len(shown) == row["frames_written"]
    assert all(shown[number] == number for number in range(0, BATCH, SOUND_EVERY))
    assert home.left_over() == []
    assert looked_at(drawn) >= BATCH / SOUND_EVERY
    totals(
        "mutated JPEGs through a whole recorder and past the watch's eye", tried=BATCH, held=BATCH
    )
