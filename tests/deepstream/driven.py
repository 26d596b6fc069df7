"""Drives a pipeline of stand-ins in a child process, picture by picture, and tells what was seen.

    drive(...)   in the test: starts the child, gives back what it told
    python -m tests.deepstream.driven   the child: a `Drive` as JSON in, a `Told` as JSON out

Stand-ins are registered in the child only: a test's own process keeps GStreamer as it is.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_TIMEOUT = 40.0


@dataclass(frozen=True)
class Push:
    """A JPEG for a camera; its round waits for it to come out if `wanted`."""

    camera: int
    file: str
    pts: int
    wanted: bool = True


@dataclass(frozen=True)
class Drive:
    """What to do.

    Attributes:
        text: The pipeline; cameras are appsrcs ``source_N``.
        rounds: The pictures of a round must all have passed `look` before the next one is pushed.
        look: Element at whose source pad metadata is read.
        show: File (``.npy``) that the first picture at appsink ``shown`` goes to; empty without.
        late: Element, property and value to set while it plays.
    """

    text: str
    rounds: Sequence[Sequence[Push]] = ()
    look: str = "infer"
    show: str = ""
    late: tuple[str, str, Any] | None = None


@dataclass
class Told:
    """What happened.

    Attributes:
        frames: Of each picture at `look`, its metadata; ``batch`` counts buffers.
        error: Domain, code, message and debugging text of the first error.
    """

    frames: list[dict[str, Any]] = field(default_factory=list)
    error: list[Any] | None = None


def drive(todo: Drive, environ: Mapping[str, str]) -> Told:
    """Run it in a child with this environment on top of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.deepstream.driven"],
        input=json.dumps(asdict(todo)),
        env={**os.environ, **environ},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT + 10,
    )
    assert done.returncode == 0, done.stderr
    assert "CRITICAL" not in done.stderr, done.stderr
    return Told(**json.loads(done.stdout.splitlines()[-1]))


def shown(path: Path) -> npt.NDArray[np.uint8]:
    """What `Drive.show` kept, shape (height, width, 3), RGB."""
    pixels: npt.NDArray[np.uint8] = np.load(path)
    return pixels[..., :3]


class _Child:
    def __init__(self, todo: dict[str, Any]) -> None:
        # Here, for the test that imports this module shall have no GStreamer of stand-ins.
        from smartrec.media.gst import Gst, launch

        self._gst: Any = Gst
        self._todo = todo
        self._told = Told()
        self._passed: set[int] = set()
        self._change = threading.Condition()
        self._pipeline: Any = launch(todo["text"])
        self._batches = 0
        looked: Any = self._pipeline.get_by_name(todo["look"])
        looked.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, self._look)
        self._pipeline.get_bus().set_sync_handler(self._hear)

    def run(self) -> Told:
        self._pipeline.set_state(self._gst.State.PLAYING)
        if self._todo["late"] is not None:
            element, name, value = self._todo["late"]
            self._pipeline.get_state(self._gst.CLOCK_TIME_NONE)
            self._pipeline.get_by_name(element).set_property(name, value)
        for pushes in self._todo["rounds"]:
            if self._told.error is None:
                self._round(pushes)
        if self._told.error is None and self._todo["show"]:
            sample = self._pipeline.get_by_name("shown").emit("pull-sample")
            _keep(sample, Path(self._todo["show"]))
        self._pipeline.set_state(self._gst.State.NULL)
        return self._told

    def _round(self, pushes: list[dict[str, Any]]) -> None:
        for push in pushes:
            buffer = self._gst.Buffer.new_wrapped(Path(push["file"]).read_bytes())
            buffer.pts, buffer.duration = push["pts"], 1
            self._pipeline.get_by_name(f"source_{push['camera']}").emit("push-buffer", buffer)
        wanted = {push["pts"] for push in pushes if push["wanted"]}
        with self._change:
            done = self._change.wait_for(
                lambda: wanted <= self._passed or self._told.error is not None, _TIMEOUT
            )
        assert done, f"{wanted - self._passed} did not come out"

    def _look(self, _pad: Any, info: Any) -> Any:
        from tests.deepstream.stand_ins.meta import batch_of

        batch = batch_of(hash(info.get_buffer()))
        frames = [] if batch is None else [_frame(each) for each in batch.frames()]
        with self._change:
            self._told.frames += [{**each, "batch": self._batches} for each in frames]
            self._passed |= {each["buf_pts"] for each in frames}
            self._batches += 1
            self._change.notify_all()
        return self._gst.PadProbeReturn.OK

    def _hear(self, _bus: Any, message: Any) -> Any:
        if message.type == self._gst.MessageType.ERROR:
            error, debug = message.parse_error()
            with self._change:
                if self._told.error is None:
                    self._told.error = [error.domain, error.code, error.message, debug]
                self._change.notify_all()
        return self._gst.BusSyncReply.DROP


def _keep(sample: Any, path: Path) -> None:
    caps = sample.get_caps().get_structure(0)
    size = caps.get_int("height")[1], caps.get_int("width")[1], 4
    data = sample.get_buffer().extract_dup(0, size[0] * size[1] * 4)
    np.save(path, np.frombuffer(data, np.uint8).reshape(size))


_NUMBERS = (
    "source_id",
    "pad_index",
    "batch_id",
    "frame_num",
    "buf_pts",
    "infer_done",
    "source_frame_width",
    "source_frame_height",
    "pipeline_width",
    "pipeline_height",
)


def _frame(frame: Any) -> dict[str, Any]:
    return {
        **{name: getattr(frame.meta, name) for name in _NUMBERS},
        "objects": [_object(each.meta) for each in frame.objects()],
    }


def _object(meta: Any) -> dict[str, Any]:
    rect = meta.rect
    return {
        "box": [rect.left, rect.top, rect.width, rect.height],
        "label": meta.label.decode(),
        "text": meta.text.words,
        "class_id": meta.class_id,
        "confidence": meta.confidence,
        "object_id": meta.object_id,
        "component": meta.unique_component_id,
    }


if __name__ == "__main__":
    print(json.dumps(asdict(_Child(json.load(sys.stdin)).run())))  # noqa: T201
