"""nvinfer: reads its configuration, refuses what the real one refuses, and looks at real pictures.

A model whose outputs are those of NvDsInferParseCustomTfSSD runs as nvinfer would run it; any other
goes through the program's portable engine, which reads DeepStream's configurations. Building an
engine can be held up by STAND_IN_BUILD, a named pipe: it is built when somebody has
opened the pipe for writing and closed it. While there is a file STAND_IN_SWALLOWS, it takes batches
and gives none, as one whose GPU hangs.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.deepstream.stand_ins import meta, raw
from tests.deepstream.stand_ins.converting import Through
from tests.deepstream.stand_ins.gst import GLib, Gst
from tests.deepstream.stand_ins.making import fail
from tests.deepstream.stand_ins.surfaces import Surface, surfaces

BUILD: Final = "STAND_IN_BUILD"
SWALLOWS: Final = "STAND_IN_SWALLOWS"
ENGINE: Final = b"ftrt stand-in\n"
_TF_SSD: Final = {"num_detections", "detection_scores", "detection_classes", "detection_boxes"}
_PRECISIONS: Final = {0: "fp32", 1: "int8", 2: "fp16"}
_CONFIG: Final = "NVDSINFER_CONFIG_FAILED"
_LIBRARY: Final = "NVDSINFER_CUSTOM_LIB_FAILED"
_FONT: Final = ctypes.create_string_buffer(b"Serif")


class _Refused(Exception):  # noqa: N818
    """No context; the argument is NvDsInfer's status."""


@dataclass(frozen=True)
class Found:
    """One detection, in pixels of the batch's picture."""

    class_id: int
    score: float
    left: float
    top: float
    width: float
    height: float


Model = Callable[[Surface], Sequence[Found]]


class Configuration:
    """A file of nvinfer, as GLib reads it.

    Raises:
        GLib.Error: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._file = GLib.KeyFile.new()
        self._file.load_from_file(str(path), GLib.KeyFileFlags.NONE)
        self._file.get_keys("property")
        self.path = path

    def text(self, key: str, group: str = "property") -> str | None:
        with suppress(GLib.Error):
            return str(self._file.get_string(group, key))
        return None

    def number(self, key: str, default: float, group: str = "property") -> float:
        text = self.text(key, group)
        return default if text is None else float(text)

    def whole(self, key: str, default: int, group: str = "property") -> int:
        return int(self.number(key, default, group))

    def file(self, key: str) -> Path | None:
        """A path, from the file's own directory."""
        text = self.text(key)
        return self.path.parent / text if text else None

    def numbers(self, key: str) -> tuple[float, ...]:
        return tuple(float(part) for part in (self.text(key) or "").split(";") if part.strip())

    def threshold(self, class_id: int) -> float:
        all_ = self.number("pre-cluster-threshold", 0.2, "class-attrs-all")
        return self.number("pre-cluster-threshold", all_, f"class-attrs-{class_id}")


class Infer(Through):
    """See the module."""

    __gtype_name__ = "StandIn_Infer"

    def __init__(self) -> None:
        super().__init__()
        self._configuration: Configuration | None = None
        self._model: Model | None = None
        self._labels: tuple[str, ...] = ()
        self._batches = 0

    def changed(self, name: str) -> None:
        if name == "config-file-path":
            try:
                self._configuration = Configuration(Path(self.value(name)))
            except GLib.Error:
                self._configuration = None

    def do_start(self) -> bool:
        path = self.value("config-file-path")
        if not path:
            fail(self, Gst.LibraryError.SETTINGS, "Configuration file not provided")
            return False
        if self._configuration is None:
            about = f"Config file path: {path}"
            fail(self, Gst.LibraryError.SETTINGS, "Configuration file parsing failed", about)
            return False
        try:
            self._open(self._configuration)
        except _Refused as refused:
            fail(
                self,
                Gst.ResourceError.FAILED,
                "Failed to create NvDsInferContext instance",
                f"Config file path: {path}, NvDsInfer Error: {refused}",
            )
            return False
        self._batches = 0
        return True

    def do_stop(self) -> bool:
        self._model = None
        return True

    def do_transform_ip(self, buffer: Any) -> Any:
        if (file := os.environ.get(SWALLOWS)) and Path(file).exists():
            return Gst.FlowReturn.CUSTOM_SUCCESS  # GST_BASE_TRANSFORM_FLOW_DROPPED
        batch = meta.batch_of(hash(buffer))
        if batch is None:
            fail(self, Gst.StreamError.FAILED, "NvDsBatchMeta not found for input buffer.")
            return Gst.FlowReturn.ERROR
        skipped = self._batches % (self._setting("interval", 0) + 1) > 0
        self._batches += 1
        if not skipped:
            with raw.memory(hash(buffer)) as memory:
                pictures = surfaces(memory)
                for frame in batch.frames():
                    self._look(frame, pictures[frame.meta.batch_id])
        return Gst.FlowReturn.OK

    def _setting(self, name: str, default: int, key: str = "") -> int:
        """A property that somebody has set, else what the file says."""
        if self.was_set(name):
            return int(self.value(name))
        assert self._configuration is not None
        return self._configuration.whole(key or name, default)

    def _look(self, frame: meta.Frame, picture: Surface) -> None:
        assert self._model is not None
        assert self._configuration is not None
        dropped = self._dropped()
        found = self._model(picture)
        frame.meta.infer_done = 1
        for each in found:
            if each.class_id not in dropped:
                self._attach(frame, each)

    def _dropped(self) -> tuple[float, ...]:
        if self.was_set("filter-out-class-ids"):
            return tuple(map(float, self.value("filter-out-class-ids").split(";")))
        assert self._configuration is not None
        return self._configuration.numbers("filter-out-class-ids")

    def _attach(self, frame: meta.Frame, found: Found) -> None:
        label = self._labels[found.class_id] if found.class_id < len(self._labels) else ""
        box = (found.left, found.top, found.width, found.height)
        rect = meta.Rect(*box, 3, meta.Colour(1, 0, 0, 1))
        text = meta.Text(
            meta.owned_text(label),
            int(found.left),
            int(found.top - 10) & 0xFFFFFFFF,
            ctypes.addressof(_FONT),
            11,
            meta.Colour(1, 1, 1, 1),
            1,
            meta.Colour(0, 0, 0, 1),
        )
        frame.add(
            unique_component_id=self._setting("unique-id", 0, "gie-unique-id"),
            class_id=found.class_id,
            confidence=found.score,
            detector_bbox=(ctypes.c_float * 4)(*box),
            rect=rect,
            text=text,
            label=label.encode()[:127],
        )

    def _open(self, configuration: Configuration) -> None:
        """As NvDsInferContext does.

        Raises:
            _Refused: It would not.
        """
        if not self._setting("unique-id", 0, "gie-unique-id"):
            print(f"ERROR: {self.get_name()}: Unique ID not set", flush=True)  # noqa: T201
            raise _Refused(_CONFIG)
        _load_parser(configuration)
        self._labels = _labels(configuration)
        onnx = self._engine(configuration)
        self._model = _open_model(onnx, configuration)

    def _engine(self, configuration: Configuration) -> Path:
        """The model of the engine that is there, or is built now."""
        given = self.value("model-engine-file") or configuration.text("model-engine-file")
        if given:
            kept = configuration.path.parent / given
            if kept.is_file() and kept.read_bytes().startswith(ENGINE):
                return Path(kept.read_bytes()[len(ENGINE) :].decode())
        onnx = configuration.file("onnx-file")
        if onnx is None or not onnx.is_file():
            raise _Refused(_CONFIG)
        if pipe := os.environ.get(BUILD):
            Path(pipe).read_bytes()
        precision = _PRECISIONS[configuration.whole("network-mode", 0)]
        batch = self._setting("batch-size", 1)
        name = f"{onnx.name}_b{batch}_gpu{self._setting('gpu-id', 0)}_{precision}.engine"
        with suppress(OSError):  # it says so, and goes on
            onnx.with_name(name).write_bytes(ENGINE + str(onnx).encode())
        return onnx


def _load_parser(configuration: Configuration) -> None:
    library, function = configuration.file("custom-lib-path"), None
    if library is not None:
        try:
            loaded = ctypes.CDLL(str(library))
        except OSError as error:
            raise _Refused(_LIBRARY) from error
        function = configuration.text("parse-bbox-func-name")
        if function and not hasattr(loaded, function):
            raise _Refused(_LIBRARY)


def _labels(configuration: Configuration) -> tuple[str, ...]:
    path = configuration.file("labelfile-path")
    if path is None:
        return ()
    try:
        return tuple(path.read_text().splitlines())
    except OSError as error:
        raise _Refused(_CONFIG) from error


def _open_model(onnx: Path, configuration: Configuration) -> Model:
    # Here and not above: whoever has no nvinfer in its pipeline needs neither.
    import onnxruntime  # type: ignore[import-untyped]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(str(onnx), options)
    except Exception as error:  # what ONNX Runtime raises has no base of its own
        raise _Refused(_CONFIG) from error
    if {each.name for each in session.get_outputs()} >= _TF_SSD:
        return _TfSsd(session, configuration)
    return _portable(configuration)


class _TfSsd:
    """A model whose NMS is inside, run and read as nvinfer does."""

    def __init__(self, session: Any, configuration: Configuration) -> None:
        self._session = session
        self._configuration = configuration
        self._input = session.get_inputs()[0].name
        _, _, height, width = session.get_inputs()[0].shape
        self._size = width, height

    def __call__(self, picture: Surface) -> Sequence[Found]:
        from tests.media.engines.tf_ssd import NAMES, in_frame, parse, place

        of = self._configuration
        symmetric = bool(of.whole("symmetric-padding", 0))
        placing = place(picture.size, self._size, symmetric=symmetric)
        if not of.whole("maintain-aspect-ratio", 0):
            raise AssertionError("the stand-in keeps the shape of pictures")
        canvas = np.zeros((self._size[1], self._size[0], 3), np.float32)
        rows = slice(placing.top, placing.top + placing.inner[1])
        columns = slice(placing.left, placing.left + placing.inner[0])
        canvas[rows, columns] = picture.rgb(placing.inner)
        values = canvas[..., ::-1] if of.whole("model-color-format", 0) else canvas
        offsets = np.array(of.numbers("offsets") or (0, 0, 0), np.float32)
        values = (values - offsets) * np.float32(of.number("net-scale-factor", 1.0))
        given = np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
        outputs = self._session.run(NAMES, {self._input: given})
        thresholds = [of.threshold(n) for n in range(of.whole("num-detected-classes", 0))]
        named = {name: output[0] for name, output in zip(NAMES, outputs, strict=True)}
        rects = parse(named, self._size, thresholds)
        crop = bool(of.whole("crop-objects-to-roi-boundary", 0))
        return [
            Found(each.class_id, each.confidence, each.left, each.top, each.width, each.height)
            for each in in_frame(rects, placing, picture.size, crop=crop)
        ]


def _portable(configuration: Configuration) -> Model:
    from smartrec.errors import SmartrecError
    from smartrec.media.engines.onnx import open_engine
    from smartrec.media.watch.messages import DetectorSetup

    try:
        engine = open_engine(DetectorSetup(model=str(configuration.path)))
    except SmartrecError as error:
        print(f"ERROR: {error}", flush=True)  # noqa: T201
        raise _Refused(_CONFIG) from error
    labels = _labels(configuration)
    person = labels.index("person") if "person" in labels else 0

    def look(picture: Surface) -> Sequence[Found]:
        width, height = picture.size
        return [
            Found(
                person,
                each.score,
                each.box.left * width,
                each.box.top * height,
                (each.box.right - each.box.left) * width,
                (each.box.bottom - each.box.top) * height,
            )
            for each in engine.detect(picture.rgb(engine.fit(width, height)))
            if each.score >= configuration.threshold(person)
        ]

    return look
