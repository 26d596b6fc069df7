"""An error of nvinfer as one of our errors, with the likely line of its configuration."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

from smartrec.detection.nvinfer_config import WRITTEN
from smartrec.detection.nvinfer_failure import Clue, clues_of, element_of, status_of
from smartrec.detection.nvinfer_lint import Configuration
from smartrec.detection.pgie_text import Finding, mistaken, placed
from smartrec.errors import (
    ConfigError,
    EngineMissing,
    ModelUnusable,
    PipelineError,
    SmartrecError,
)
from smartrec.media.engines.deepstream.lint import Wanted, lint
from smartrec.terminal import printable

_SETTINGS: Final = ("Configuration file parsing failed", "Configuration file not provided")
_GPU_STATUS: Final = ("CUDA_ERROR", "MEM_ERROR", "RESOURCE_ERROR")
_MOST_LINES: Final = 2000
_PORTABLE: Final = 'meanwhile: detector.engine = "portable"'
_LIKELY: Final = {
    "CUSTOM_LIB_FAILED": (("custom-lib-path", "the library, or a function of it, is not there"),),
    "OUTPUT_PARSING_FAILED": (("parse-bbox-func-name", "does not fit the outputs of the model"),),
    "INVALID_PARAMS": (("input-dims", "is no longer read by nvinfer; write infer-dims"),),
}
_MODEL: Final = (
    ("onnx-file", "TensorRT builds no engine of this model"),
    ("model-engine-file", "TensorRT does not take this engine"),
    ("custom-lib-path", "this library makes no engine"),
)
_MEND: Final = {
    "onnx-file": "Ask TensorRT itself: /usr/src/tensorrt/bin/trtexec --onnx='{file}'",
    "model-engine-file": "Remove it, so that it is built anew: rm '{file}'",
    "custom-lib-path": "See what it needs: ldd '{file}'; compile it on this machine",
    "parse-bbox-func-name": "See what there is: nm -D --defined-only '{library}' | grep Parse",
    "engine-create-func-name": "See what there is: nm -D --defined-only '{library}' | grep Engine",
}


def failure_of(
    domain: str,
    code: int,
    message: str,
    debug: str,
    log_lines: Iterable[str] = (),
    *,
    config: Path | None,
) -> SmartrecError:
    """Our error for one that came on the bus while nvinfer was started or ran; never raises.

    Args:
        domain: Such as ``"gst-library-error-quark"``.
        code: Within the domain.
        message: For people.
        debug: GStreamer's debugging text.
        log_lines: What was logged and printed before it, the oldest first; may be empty.
        config: Of nvinfer; None where nothing is detected.
    """
    about_file = any(each in message for each in _SETTINGS)
    status = status_of(debug, message)
    lines = list(chain(log_lines, [message], debug.splitlines()))[-_MOST_LINES:]
    clues = clues_of(lines)
    gpu = [clue for clue in clues if clue.gpu]
    if gpu or status in _GPU_STATUS:
        return _of_gpu(gpu, status, message)
    if config is None or not (about_file or status):
        text = f"{message} ({domain} {code})"
        return PipelineError(element_of(debug) or "infer", printable(text), debug=debug)
    what = f"NVDSINFER_{status}" if status else message
    try:
        found = lint(config, Wanted())
    except ConfigError as unreadable:
        return unreadable
    return _of_configuration(found, [clue for clue in clues if not clue.gpu], what, status)


def _of_gpu(clues: list[Clue], status: str, message: str) -> SmartrecError:
    words = clues[0].words if clues else f"the GPU failed: {message} (NVDSINFER_{status})"
    if "memory" in words or status == "MEM_ERROR":
        return ModelUnusable(
            printable(words),
            hint=f"Look who holds it: nvidia-smi (Jetson: tegrastats); {_PORTABLE}",
        )
    return EngineMissing(
        printable(words),
        hint=f"Look at the driver: nvidia-smi; smartrec doctor says what is missing; {_PORTABLE}",
    )


def _of_configuration(
    found: Configuration, clues: list[Clue], what: str, status: str
) -> SmartrecError:
    findings = [each for each in found.findings if each.stops]
    told = {each.line for each in findings if each.line}
    for clue in clues:
        line = found.line(clue.key) if clue.key else 0
        if not line or line not in told:
            words = f"{clue.key}: {clue.words}" if clue.key else clue.words
            findings.append(Finding(line, words))
            told.add(line)
    keys = [clue.key for clue in clues if clue.key]
    if not findings:
        key, words = _likely(found, status)
        keys = [key]
        findings = [Finding(found.line(key), f"{key}: {words}" if key else words)]
    if _is_ours(found.path):
        said = "; ".join(each.words for each in findings)
        return ModelUnusable(
            printable(f"DeepStream does not take the built-in model ({what}): {said}"),
            hint=f"{_mend(found, keys)}; {_PORTABLE}",
        )
    if status and len(findings) == 1:
        return ModelUnusable(
            printable(f"{placed(found.path, findings[0])} ({what})"), hint=_mend(found, keys)
        )
    error = mistaken(found.path, findings)
    error.hint = _mend(found, keys)
    return error


def _likely(found: Configuration, status: str) -> tuple[str, str]:
    """The key that such an error is most often about, where nothing else tells."""
    for key, words in (*_LIKELY.get(status, ()), *_MODEL):
        if found.text(key):
            return key, words
    return "", "nvinfer cannot use it, and says why in the log only"


def _mend(found: Configuration, keys: list[str]) -> str:
    for key in keys:
        if key in _MEND:
            names = {"file": found.file(key), "library": found.file("custom-lib-path")}
            return _MEND[key].format(**names)
    return f"Mend {found.path}; --log-level debug shows all that nvinfer says"


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(WRITTEN)) == WRITTEN.encode()
    except OSError:
        return False
