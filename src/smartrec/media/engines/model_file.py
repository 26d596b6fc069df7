"""The file of a model: which one the settings mean, its digest, and what it is if no ONNX."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Final

from smartrec.detection.persons import MIN_CONFIDENCE, MIN_CONFIDENCE_PGIE
from smartrec.detection.pgie import Pgie, read_pgie
from smartrec.errors import ModelUnusable
from smartrec.media.watch.messages import DetectorSetup

BUILT_IN: Final = "nanodet"
BUILT_IN_NAME: Final = "NanoDet-G"
_MOST_LABELS: Final = 10_000
_MOST_LABEL_BYTES: Final = 1 << 20
_OTHER_KINDS: Final = (
    (b"version https://git-lfs", "the placeholder of Git LFS, not the model", "git lfs pull"),
    (b"PK\x03\x04", "an archive, perhaps of PyTorch", "Export it to ONNX"),
    (b"\x80", "a Python pickle, perhaps of PyTorch", "Export it to ONNX"),
    (b"ftrt", "an engine of TensorRT", "Name the ONNX file that it was built from"),
    (b"ptrt", "an engine of TensorRT", "Name the ONNX file that it was built from"),
    (b"<", "a page of HTML or XML", "Download the file itself"),
)
"""How other files begin, what they are, and what mends it."""
_TFLITE: Final = b"TFL3"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that the settings name.

    Attributes:
        path: The ONNX file.
        name: For people.
        labels: Class names, one a line of the file of labels; None without one.
        pgie: What a DeepStream configuration says about it; None without one.
    """

    path: Path
    name: str
    labels: tuple[str, ...] | None = None
    pgie: Pgie | None = None


def find_model(setup: DetectorSetup) -> ModelFile:
    """The model's file and what stands beside it.

    Raises:
        ModelUnusable: The file of labels cannot be read.
        ConfigError: The DeepStream configuration cannot be used.
    """
    if setup.model == BUILT_IN:
        asset = resources.files("smartrec") / "assets" / "models" / "nanodet.onnx"
        return ModelFile(Path(str(asset)), BUILT_IN_NAME, _labels(setup.labels))
    path = Path(setup.model).expanduser()
    if path.suffix.lower() not in (".txt", ".yml", ".yaml"):
        return ModelFile(path, path.name, _labels(setup.labels))
    pgie = read_pgie(path, setup.person_class_ids)
    labels = setup.labels or (str(pgie.labels_file) if pgie.labels_file else None)
    return ModelFile(pgie.onnx_file, pgie.onnx_file.name, _labels(labels), pgie)


def min_confidence_of(setup: DetectorSetup, file: ModelFile) -> float:
    """From which a person counts: the setting, or the model's own."""
    if setup.min_confidence is not None:
        return setup.min_confidence
    if file.pgie is None:
        return MIN_CONFIDENCE
    return MIN_CONFIDENCE_PGIE if file.pgie.threshold is None else file.pgie.threshold


def digest(path: Path) -> str:
    """SHA-256 of the file, in hexadecimal.

    Raises:
        ModelUnusable: It is not there, cannot be read or is plainly not ONNX.
    """
    sha256, first = hashlib.sha256(), b""
    try:
        with _opened(path) as file:
            while block := file.read(1 << 20):
                first = first or block[:64]
                sha256.update(block)
    except (OSError, ValueError) as error:
        why = _words(error)
        raise ModelUnusable(
            f"the model {path} cannot be read: {why}",
            hint=f"Check the file: ls -l '{path}'; without detector.model the built-in one is used",
        ) from error
    _reject_others(path, first)
    return sha256.hexdigest()


def _opened(path: Path) -> BinaryIO:
    """Without those that one may wait for for ever: pipes, devices, and what the kernel makes up.

    Raises:
        ValueError: It is one of them, or empty.
    """
    if path.is_char_device() or path.is_fifo():
        raise ValueError("it is no file")
    if path.is_file() and not path.stat().st_size:  # as all of /proc
        raise ValueError("it is empty")
    return path.open("rb")


def _words(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _reject_others(path: Path, first: bytes) -> None:
    if first[4:8] == _TFLITE:
        raise ModelUnusable(
            f"the model {path} is one of TensorFlow Lite",
            hint="Convert it: python -m tf2onnx.convert",
        )
    for start, what, hint in _OTHER_KINDS:
        if first.startswith(start):
            raise ModelUnusable(f"the model {path} is {what}", hint=hint)


def _labels(name: str | None) -> tuple[str, ...] | None:
    """One name a line; empty lines at the end do not count."""
    if name is None:
        return None
    path = Path(name).expanduser()
    try:
        with _opened(path) as file:
            text = file.read(_MOST_LABEL_BYTES + 1).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = "it is not UTF-8 text" if isinstance(error, UnicodeError) else _words(error)
        raise ModelUnusable(
            f"the labels {path} cannot be read: {why}",
            hint="Name a text file with one class name a line as detector.labels",
        ) from error
    lines = tuple(line.strip() for line in text.rstrip().splitlines())
    if len(lines) == 1 and ";" in lines[0]:  # as DeepStream's classifiers write them
        lines = tuple(each.strip() for each in lines[0].strip(";").split(";"))
    if not lines or len(lines) > _MOST_LABELS or len(text) > _MOST_LABEL_BYTES:
        raise ModelUnusable(
            f"the labels {path} hold {len(lines)} lines and cannot be class names",
            hint="Name a text file with one class name a line as detector.labels",
        )
    return lines
