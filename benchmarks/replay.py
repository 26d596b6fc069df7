"""What a replay costs, and what it cannot do without.

    .venv/bin/python -m benchmarks.replay [--runs 5] [--clips 300]

A clip of 30 s (the demo camera's pictures, 1280x720, 30 a second) is looked at again five times a
second, in one way and in two (another pace and confidence; and another model's file). Beside it
stands what no way around it has: decoding all of the clip's pictures, in a native pipeline, and as
many runs of the model. Kinds of clips: the finished MP4, and the camera's JPEGs kept as they are,
of which only those that are looked at need be decoded.

CPU time is that of the whole process, decoders' threads included. Then a day of clips of
tests/store/walks.py by what was seen live: time on the wall for all of them.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.media.clips import Shop, head
from tests.store.walks import fill_walks

from benchmarks.looking import SIZE, Model, shrunk
from benchmarks.measure import FPS, spread
from smartrec.app.replay_outcome import Outcome
from smartrec.app.replay_question import Question, side_of
from smartrec.app.replaying import replay
from smartrec.config.schema import Config
from smartrec.media.demo import open_demo
from smartrec.media.engines.model_file import find_model
from smartrec.media.gst import Gst, launch
from smartrec.media.relooking import Relooking
from smartrec.media.stored import open_stored
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import AccessUnit
from smartrec.places import cache_dir
from smartrec.units import SECOND, Ns

PICTURES = 900
LOOKS_PER_SECOND = 5
LOOKS = PICTURES // FPS * LOOKS_PER_SECOND
_FRAME = Ns(SECOND // FPS + 1)
"""A nanosecond longer, so that each sixth picture is due and none is late."""


def made(directory: Path) -> dict[str, Path]:
    """The clip, finished by the real finisher in both forms."""
    feed = open_demo(cache_dir())
    units = [
        AccessUnit(1, n, Ns(n * _FRAME), Ns(n * _FRAME), _FRAME, True, 0, feed.jpeg(n))
        for n in range(PICTURES)
    ]
    paths = {}
    for name in ("mp4", "copy"):
        clip = head(feed.format, units, end=Ns(PICTURES * _FRAME))
        shop = Shop(directory / name, clip)
        shop.write(units)
        paths[name] = Path(shop.finish(format=name).finished["path"])
    return paths


def cost(job: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of this process and seconds on the wall."""
    cpu, wall = time.process_time(), time.monotonic()
    job()
    return time.process_time() - cpu, time.monotonic() - wall


def decoded(path: Path) -> None:
    """All pictures of an MP4, by the decoder that the replay takes on this machine, to nowhere."""
    pipeline = launch(
        f"filesrc location={path} ! qtdemux ! h264parse ! avdec_h264 max-threads=1 ! fakesink"
    )
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        120 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR
    )
    pipeline.set_state(Gst.State.NULL)
    assert message is not None
    assert message.type == Gst.MessageType.EOS


def looked(path: Path, setups: Iterable[DetectorSetup]) -> Callable[[], None]:
    """As the replay does it; models are open already."""
    setups = list(setups)
    eyes = Relooking(setups)

    def job() -> None:
        counts = [0] * len(setups)
        for way, _ in eyes.look(open_stored(path), "cam0", Ns(0), inter_coded=False):
            counts[way] += 1
        assert counts[0] == LOOKS, counts

    return job


def by_pictures(paths: dict[str, Path], copy: Path, runs: int) -> None:
    """Ours and the limit, one after the other, so that both have the same machine."""
    model, rgb = Model(), np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    feed = open_demo(cache_dir())
    jpegs = [feed.jpeg(n) for n in range(0, PICTURES, FPS // LOOKS_PER_SECOND)]
    always = DetectorSetup(motion_gate=False)
    other = replace(always, fps=2.0, min_confidence=0.7)
    ways = {
        "one way": [always],
        "two, one model": [always, other],
        "two models": [always, replace(always, model=str(copy))],
    }

    def of_video() -> None:
        decoded(paths["mp4"])
        for _ in range(LOOKS):
            model.look(rgb)

    def of_jpegs() -> None:
        for each in jpegs:
            model.look(shrunk(each))

    for kind, limit in (("mp4", of_video), ("copy", of_jpegs)):
        jobs = {name: looked(paths[kind], setups) for name, setups in ways.items()}
        compared(kind, limit, jobs, runs)


def compared(
    kind: str, limit: Callable[[], None], jobs: dict[str, Callable[[], None]], runs: int
) -> None:
    """Of one kind of clip."""
    rounds = [(cost(limit), {name: cost(job) for name, job in jobs.items()}) for _ in range(runs)]
    limits = [spent for (spent, _), _ in rounds]
    print(f"{kind}: limit {spread(limits)} CPU s for {PICTURES} pictures, {LOOKS} looks")
    for name in jobs:
        cpu = [ours[name][0] for _, ours in rounds]
        ratios = [ours / least for ours, least in zip(cpu, limits, strict=True)]
        pace = [PICTURES / ours[name][1] for _, ours in rounds]
        print(
            f"{kind}, {name}: {spread(cpu)} CPU s, {spread(ratios)} of the limit,"
            f" {spread(pace, 0)} pictures a second",
            flush=True,
        )


def by_looks(clips: int, runs: int) -> None:
    """A day of clips, nothing decoded."""
    now = side_of(Config())
    then = side_of(Config.model_validate({"detector": {"min_confidence": 0.8}}))
    with tempfile.TemporaryDirectory() as name:
        fill_walks(Path(name), clips)
        ids = tuple(
            each.clip
            for each in replay(Question(now, then, Path(name)))
            if isinstance(each, Outcome) and each.evidence == "looks" and each.clip
        )
        question = Question(now, then, Path(name), only=ids)
        walls = [cost(lambda: list(replay(question)))[1] * 1000 for _ in range(runs)]
    print(f"{len(ids)} clips by what was seen live: {spread(walls, 0)} ms")


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clips", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "nanodet.onnx"
        shutil.copy(find_model(DetectorSetup()).path, copy)
        by_pictures(made(Path(name)), copy, given.runs)
    by_looks(given.clips, given.runs)
    print("load average:", *os.getloadavg())


if __name__ == "__main__":
    main()
