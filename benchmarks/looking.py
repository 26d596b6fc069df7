"""The model as limit and usual design run it: the recorder's own session options and decoder.

Nothing is done with what it finds: no boxes, no tracks. Imported by watch_limit.py and
watch_usual.py.
"""

import io
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks import measure
from benchmarks.native import FRONT
from smartrec.media.engines.model_file import find_model
from smartrec.media.engines.session import Session
from smartrec.media.gst import Gst, GstApp, launch
from smartrec.media.watch.messages import DetectorSetup

SIZE = (416, 234)
"""Of the picture within the model's 416x416."""
MEAN = (103.53, 116.28, 123.675)
DEVIATION = (57.375, 57.12, 58.395)
TOP = (416 - SIZE[1]) // 2


class Model:
    """NanoDet-G; counts its runs, and the CPU time within them."""

    def __init__(self) -> None:
        setup = DetectorSetup()
        self._session = Session(find_model(setup).path, setup.threads)
        self._tensor = np.zeros((1, 3, 416, 416), np.float32)
        self._planes = self._tensor[0, :, TOP : TOP + SIZE[1]]
        self.looks = self.model_ns = 0

    def look(self, rgb: np.ndarray) -> None:
        """Look at a picture of `SIZE`, shape (height, width, 3)."""
        for plane, source in zip(self._planes, (2, 1, 0), strict=True):
            scale = np.float32(1 / DEVIATION[2 - source])
            np.multiply(rgb[:, :, source], scale, out=plane, casting="unsafe")
            np.subtract(plane, np.float32(MEAN[2 - source] * scale), out=plane)
        begin = time.thread_time_ns()
        self._session.run({"image": self._tensor})
        self.model_ns += time.thread_time_ns() - begin
        self.looks += 1


def shrunk(jpeg: bytes) -> np.ndarray:
    """A JPEG in `SIZE`, decoded at half of its own size and no larger."""
    image = Image.open(io.BytesIO(jpeg))
    image.draft("RGB", SIZE)
    return np.asarray(image.resize(SIZE, Image.Resampling.BILINEAR))


def play(path: Path, rest: str, fps: float, warm_s: float, window_s: float, take: Any) -> str:
    """Pulls from `looked` so many pictures a second while the file plays; what it cost, as JSON.

    Args:
        path: The file.
        rest: Of the pipeline; has an identity `count` and an appsink `looked`.
        fps: Pictures a second to look at.
        warm_s: When to begin counting.
        window_s: For how long to count.
        take: Makes an RGB picture of a sample's bytes.
    """
    model = Model()
    pipeline = launch(FRONT.format(path=path) + rest)
    sink, count = pipeline.get_by_name("looked"), pipeline.get_by_name("count")
    assert isinstance(sink, GstApp.AppSink)
    begin = time.monotonic_ns()
    pipeline.set_base_time(begin)
    said: dict[str, Any] = {}
    clock = threading.Thread(
        target=lambda: said.update(measure.window(warm_s, window_s, lambda: vars(model))),
        name="benchmark",
    )
    pipeline.set_state(Gst.State.PLAYING)
    clock.start()
    due = begin
    while not sink.is_eos():
        due += int(1e9 / fps)
        time.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
        sample = sink.try_pull_sample(Gst.SECOND // 5)
        if sample is not None:
            buffer = sample.get_buffer()
            assert buffer is not None
            model.look(take(buffer.extract_dup(0, buffer.get_size())))
    clock.join()
    assert count is not None
    said["frames"] = count.get_property("stats").get_uint64("num-buffers")[1]
    pipeline.set_state(Gst.State.NULL)
    return json.dumps(said)
