"""A session of ONNX Runtime on the processor, and its errors as ours.

ONNX Runtime has no types of its own, so what comes from it is given types here.
"""

import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

# Its releases report to their maker unless told before they are loaded (its Privacy.md): a device
# id, and how models run. A camera's recorder tells nobody anything.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime  # type: ignore[import-untyped]
from onnxruntime.capi import (  # type: ignore[import-untyped]
    onnxruntime_pybind11_state as _state,
)

from smartrec.detection.tensors import Array, Tensor
from smartrec.errors import DetectionFailed, ModelUnusable

_NAMES: Final = (
    "EPFail",
    "EngineError",
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NoModel",
    "NoSuchFile",
    "NotImplemented",
    "RuntimeException",
)
_ERRORS: Final[tuple[type[Exception], ...]] = (
    *(cast("type[Exception]", getattr(_state, name)) for name in _NAMES if hasattr(_state, name)),
    RuntimeError,
    ValueError,
    MemoryError,
)
"""ONNX Runtime's errors have no common base."""
_ERROR: Final = 3
"""Severity of the log."""


class Session:
    """A model that is loaded. One thread.

    Attributes:
        inputs: In the model's order.
        outputs: In the model's order.
        metadata: What the exporter wrote.

    Args:
        path: ONNX file; its external data lie beside it.
        threads: For one run.

    Raises:
        ModelUnusable: It cannot be loaded.
    """

    def __init__(self, path: Path, threads: int) -> None:
        onnxruntime.set_default_logger_severity(_ERROR)
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path), _options(threads), providers=["CPUExecutionProvider"]
            )
        except _ERRORS as error:
            raise _unusable(path, error) from error
        self.settle()
        self.inputs = tuple(_tensor(each) for each in self._session.get_inputs())
        self.outputs = tuple(_tensor(each) for each in self._session.get_outputs())
        meta = self._session.get_modelmeta()
        self.metadata: Mapping[str, str] = dict(meta.custom_metadata_map)
        self._names = [each.name for each in self.outputs]

    def run(self, feed: Mapping[str, Array]) -> Sequence[Array]:
        """All outputs, in the model's order.

        Raises:
            DetectionFailed: ONNX Runtime gave up.
        """
        try:
            return cast("Sequence[Array]", self._session.run(self._names, feed))
        except _ERRORS as error:
            raise DetectionFailed(
                f"the model failed on a picture: {_first_line(error)}",
                hint="Without a cure, another model or detector.enabled = false",
            ) from error

    @staticmethod
    def settle() -> None:
        """Give memory back that only loading and the first run needed: 25 MB with NanoDet-G."""
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own
        if trim is not None:
            trim(0)


def _options(threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that spin while they wait burn a core between two pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    # Each picture is the same work, so a plan of memory for each shape only costs memory.
    options.enable_mem_pattern = False
    options.log_severity_level = _ERROR
    return options


def _tensor(argument: Any) -> Tensor:
    kind = str(argument.type)
    dtype = kind[len("tensor(") : -1] if kind.startswith("tensor(") else kind
    return Tensor(str(argument.name), dtype, tuple(argument.shape))


def _unusable(path: Path, error: Exception) -> ModelUnusable:
    text = str(error)
    if "external" in text.lower():
        return ModelUnusable(
            f"the model {path} keeps its weights in a second file that is not beside it: "
            f"{_first_line(error)}",
            hint="Copy that file (often *.onnx.data or *.onnx_data) into the same directory",
        )
    if "protobuf" in text.lower():
        return ModelUnusable(
            f"the model {path} is no ONNX file, or only a part of one",
            hint="Copy or download it again, or export it to ONNX",
        )
    return ModelUnusable(
        f"ONNX Runtime {onnxruntime.__version__} cannot load the model {path}: "
        f"{_first_line(error)}",
        hint="Export it with an older opset (16 or 17) and the plain operators of ONNX",
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
