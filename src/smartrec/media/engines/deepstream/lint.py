"""A configuration of nvinfer before the pipeline starts: its text, and every file it names.

Where nvinfer stops, the pipeline does, with one word for all causes; so it is looked at first, and
everything found is told at once, with its line. Facts from the public sources of DeepStream 9.1.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.detection.nvinfer_engine import engine_name, no_engine
from smartrec.detection.nvinfer_keys import FUNCTIONS, PRECISIONS
from smartrec.detection.nvinfer_lint import Configuration, read_configuration
from smartrec.detection.persons import PERSON
from smartrec.media.engines.deepstream.custom_library import try_library

_NO_CAFFE: Final = (7, 1)
"""From that DeepStream on TensorRT reads neither Caffe nor UFF."""
_MOST_LABEL_BYTES: Final = 1 << 20
_HEAD: Final = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pipeline asks of a configuration.

    Attributes:
        batch: Cameras, all looked at together.
        person_class_ids: Of the settings; None for the class that the labels call a person.
        version: Of DeepStream; None where it is not known.
        libraries: Directories with DeepStream's libraries.
    """

    batch: int = 1
    person_class_ids: tuple[int, ...] | None = None
    version: tuple[int, int] | None = None
    libraries: tuple[Path, ...] = ()


def lint(path: Path, wanted: Wanted) -> Configuration:
    """Read a configuration; all findings are in it, in the order of their lines.

    Raises:
        ConfigError: It cannot be read at all.
    """
    found = read_configuration(path)
    usable = _engine(found, wanted)
    _models(found, wanted, usable)
    _labels(found, wanted)
    _tables(found)
    _library(found, wanted)
    found.findings = sorted(set(found.findings))
    return found


def persons_of(found: Configuration, wanted: Wanted) -> tuple[int, ...]:
    """The classes that count as persons: of the settings, by the labels, else class 0."""
    if wanted.person_class_ids is not None:
        return wanted.person_class_ids
    names = [label.strip().lower() for label in labels_of(found) or ()]
    return (next((names.index(word) for word in PERSON if word in names), 0),)


def labels_of(found: Configuration) -> list[str] | None:
    """The labels as nvinfer reads them: lines that are not empty; None without such a file."""
    path = found.file("labelfile-path")
    if path is None or not _is_file(path):
        return None
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_LABEL_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    return [line for line in text.split("\n") if line]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or has a NUL
        return False


def _there(found: Configuration, key: str, *, stops: bool = True, but: str = "") -> bool:
    """Whether the file of a key is there; told where it is named and is not."""
    path = found.file(key)
    if path is None or _is_file(path):
        return path is not None
    found.wrong(key, f"no such file: {path}{but}", stops=stops)
    return False


def _engine(found: Configuration, wanted: Wanted) -> bool:
    """Whether the engine that is named can be loaded, as far as can be told."""
    key, path = "model-engine-file", found.file("model-engine-file")
    if path is None:
        return False
    rebuilt = bool(found.text("onnx-file") or found.text("tlt-encoded-model"))
    if not _is_file(path):
        if not (rebuilt or found.text("custom-lib-path")):
            found.wrong(key, f"no such file: {path}; and no onnx-file to build it from")
        return False
    then = "; it is built anew" if rebuilt else ""
    words = no_engine(_head(path))
    if words:
        found.wrong(key, f"{words}{then}", stops=not rebuilt)
        return False
    named = engine_name(path.name)
    if named is not None and named.batch < wanted.batch:
        words = f"was built for {named.batch}, and there are {wanted.batch} cameras{then}"
        found.wrong(key, words, stops=not rebuilt)
        return False
    _engine_differs(found, path)
    return True


def _engine_differs(found: Configuration, path: Path) -> None:
    """What nvinfer does not look at: it takes the engine as it is."""
    key, named, onnx = "model-engine-file", engine_name(path.name), found.file("onnx-file")
    if named is not None:
        mode = PRECISIONS.get(found.whole("network-mode", 0))
        if mode != named.precision:
            words = f"is of {named.precision}, network-mode asks for {mode}; the engine counts"
            found.wrong(key, words, stops=False)
        device = f"gpu{found.whole('gpu-id', 0)}"
        if found.on("enable-dla"):
            device = f"dla{found.whole('use-dla-core', 0)}"
        if device != named.device:
            words = f"was built on {named.device} and shall run on {device}"
            found.wrong(key, words, stops=False)
    if onnx is not None and _is_file(onnx) and onnx.stat().st_mtime > path.stat().st_mtime:
        words = (
            "is older than onnx-file, and nvinfer takes it all the same; remove it to build anew"
        )
        found.wrong(key, words, stops=False)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError:
        return b""


def _models(found: Configuration, wanted: Wanted, usable: bool) -> None:
    but = "; the engine is used without it" if usable else ""
    for key in ("onnx-file", "tlt-encoded-model", "model-file", "proto-file", "uff-file"):
        _there(found, key, stops=not usable, but=but)
    if usable or wanted.version is None or wanted.version < _NO_CAFFE:
        return
    for key, kind in (("model-file", "Caffe"), ("uff-file", "UFF")):
        if found.text(key) and not found.text("onnx-file"):
            version = ".".join(map(str, wanted.version))
            words = (
                f"a model of {kind}, which DeepStream {version} no longer reads; export it to ONNX"
            )
            found.wrong(key, words)


def _labels(found: Configuration, wanted: Wanted) -> None:
    key, count = "labelfile-path", found.whole("num-detected-classes", 0)
    persons = persons_of(found, wanted)
    if _there(found, key):
        names = labels_of(found) or []
        if not names:
            found.wrong(key, f"{found.file(key)} is empty")
        elif count and len(names) != count:
            words = f"{len(names)} labels for num-detected-classes={count}"
            found.wrong(key, words, stops=False)
    for number in persons:
        if count and number >= count:
            words = f"{count}, so class {number}, the persons, is dropped"
            found.wrong("num-detected-classes", words)
        if number in found.classes("filter-out-class-ids"):
            found.wrong("filter-out-class-ids", f"drops class {number}, the persons")


def _tables(found: Configuration) -> None:
    _there(found, "mean-file")
    int8 = found.whole("network-mode", 0) in (1, 3)
    if int8:
        _there(found, "int8-calib-file", stops=False, but="; nvinfer builds for fp16 instead")
    value = found.text("custom-network-config")
    if value and not _is_file(Path(value)):
        words = f"no such file: {Path.cwd() / value} (it begins where smartrec was started)"
        found.wrong("custom-network-config", words, stops=False)


def _library(found: Configuration, wanted: Wanted) -> None:
    key, path = "custom-lib-path", found.file("custom-lib-path")
    if path is None or not _there(found, key):
        return
    keys = {found.text(each): each for each in FUNCTIONS if found.text(each)}
    for function, words in try_library(path, list(keys), wanted.libraries):
        found.wrong(keys.get(function, key), words if function else f"{path} {words}")
