"""A person detector as DeepStream describes it: the configuration file of its element nvinfer.

How its text is written is in `pgie_text`. Lists are separated by ``;``; paths start at the file's
directory. DeepStream only warns of a key that it does not know; here it is a mistake, for it is
nearly always misspelt. This is the portable engine's reading: what matters to TensorRT alone is
let be; `nvinfer_lint` reads the same files for DeepStream.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from smartrec.detection.nvinfer import (
    HARMLESS,
    NUMBER,
    SWITCHES,
    WHOLE,
    guess,
    keys_of,
    unknown_group,
)
from smartrec.detection.persons import PERSON
from smartrec.detection.pgie_text import Finding, is_yaml, mistaken, read_text, statements
from smartrec.errors import ConfigError

Color = Literal["rgb", "bgr", "gray"]

_MOST_LABELS: Final = 1 << 20
_COLORS: Final[tuple[Color, ...]] = ("rgb", "bgr", "gray")
_OTHERS: Final = {
    "model-engine-file": "an engine of TensorRT",
    "tlt-encoded-model": "an encrypted model of TAO",
    "model-file": "a Caffe model",
    "uff-file": "a UFF model",
}
"""What a file may name instead of an ONNX file; only TensorRT reads it."""


@dataclass(frozen=True, slots=True)
class Pgie:
    """What a file says, as far as it matters without DeepStream.

    A pixel enters the model as ``scale * (value - offset)`` with values of 0 to 255.

    Attributes:
        onnx_file: Is there.
        labels_file: Is there; one class name a line.
        scale: ``net-scale-factor``.
        offsets: Of each channel, in the order of `color`.
        color: Order of the channels that the model wants.
        keep_aspect: Whether the picture keeps its shape and is filled up with black.
        symmetric_padding: Whether it is filled up on both sides, not on the right and below only.
        threshold: Confidence from which a person counts, 0 to 1; None where the file says none.
        nms_iou: Overlap of two boxes above which the weaker is dropped; None where it says none.
        num_classes: ``num-detected-classes``.
        ignored: Keys that are there, change what is found, and cannot be honoured here.
    """

    onnx_file: Path
    labels_file: Path | None = None
    scale: float = 1.0
    offsets: tuple[float, float, float] = (0.0, 0.0, 0.0)
    color: Color = "rgb"
    keep_aspect: bool = False
    symmetric_padding: bool = False
    threshold: float | None = None
    nms_iou: float | None = None
    num_classes: int | None = None
    ignored: tuple[str, ...] = ()


def read_pgie(path: Path, person_class_ids: tuple[int, ...] | None = None) -> Pgie:
    """Read a configuration of nvinfer.

    Args:
        path: Of the file.
        person_class_ids: Classes whose ``[class-attrs-N]`` count; None takes the one that the
            labels call a person, else class 0.

    Raises:
        ConfigError: It cannot be read or used; with every mistake at once, each with its line.
    """
    reading = _Reading(path)
    reading.take(read_text(path))
    pgie = reading.pgie(person_class_ids)
    if pgie is None or reading.mistakes:
        raise reading.error()
    return pgie


@dataclass(slots=True)
class _Reading:
    """A file being read: what it says, and what is wrong with it."""

    path: Path
    said: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    mistakes: list[Finding] = field(default_factory=list)

    def wrong(self, words: str, line: int = 0) -> None:
        self.mistakes.append(Finding(line, words))

    def error(self) -> ConfigError:
        return mistaken(self.path, self.mistakes)

    def take(self, text: str) -> None:
        """Lines into values; of a key that stands twice the last counts, as in GLib."""
        for each in statements(text, yaml=is_yaml(self.path)):
            if isinstance(each, Finding):
                self.mistakes.append(each)
            elif not each.key:
                self._know_group(each.group, each.line)
            else:
                self._take_key(each.group, each.key, each.value, each.line)

    def _take_key(self, group: str, key: str, value: str, line: int) -> None:
        table = keys_of(group)
        if table is None:
            return  # the group itself is the mistake
        if key not in table:
            self.wrong(f"{key[:60]}: unknown{guess(key, table)}", line)
            return
        self.said[(group, key)] = (value, line)
        if not table[key].takes(value):
            self.refuse(group, key, table[key].must)

    def _know_group(self, group: str, line: int) -> None:
        if words := unknown_group(group):
            self.wrong(words, line)

    def text(self, group: str, key: str) -> str | None:
        """What is said of a key; None where it is not said or empty."""
        return self.said.get((group, key), ("", 0))[0] or None

    def refuse(self, group: str, key: str, must: str) -> None:
        value, line = self.said[(group, key)]
        why = "; a comment needs a line of its own" if "#" in value else ""
        self.wrong(f"{key}: must be {must}, not {value[:60]!r}{why}", line)

    def file(self, key: str) -> Path | None:
        """A file that is there; refused where it is not."""
        value = self.text("property", key)
        if value is None:
            return None
        found = self.path.parent / value
        try:
            there = found.is_file()
        except (OSError, ValueError):  # a name that is too long, or has a NUL
            there = False
        if not there:
            self.refuse("property", key, f"a file that is there (looked for {found})")
        return found

    def pgie(self, person_class_ids: tuple[int, ...] | None) -> Pgie | None:
        """What was read; None where it names no model."""
        onnx, labels = self.file("onnx-file"), self.file("labelfile-path")
        if onnx is None:
            self._without_onnx()
        self._is_a_detector()
        classes = person_class_ids or (_person_of(labels),)
        color = _COLORS[self._whole("model-color-format", 0) % 3]
        offsets = self._offsets(color)
        if onnx is None or self.mistakes:
            return None
        scale = self.text("property", "net-scale-factor")
        return Pgie(
            onnx_file=onnx,
            labels_file=labels,
            scale=1.0 if scale is None else float(scale),
            offsets=offsets,
            color=color,
            keep_aspect=self._on("maintain-aspect-ratio"),
            symmetric_padding=self._on("symmetric-padding"),
            threshold=self._least(classes, "pre-cluster-threshold", "threshold"),
            nms_iou=self._least(classes, "nms-iou-threshold"),
            num_classes=self._whole("num-detected-classes", 0) or None,
            ignored=tuple(self._ignored(classes)),
        )

    def _without_onnx(self) -> None:
        if self.mistakes and not self.said:
            return  # it is no such file at all
        there = [f"{key} ({what})" for key, what in _OTHERS.items() if self.text("property", key)]
        seen = f", only {' and '.join(there)}, which TensorRT alone can read" if there else ""
        self.wrong(f"names no onnx-file{seen}; add onnx-file=MODEL.onnx below [property]")

    def _is_a_detector(self) -> None:
        for key, value, words in (
            ("process-mode", "2", "a model that looks at what another one found"),
            ("network-type", "1", "a classifier"),
            ("network-type", "2", "a segmentation"),
            ("is-classifier", "1", "a classifier"),
        ):
            if self.text("property", key) == value:
                line = self.said[("property", key)][1]
                self.wrong(f"{key}={value}: {words}, no detector for whole pictures", line)

    def _whole(self, key: str, default: int) -> int:
        value = self.text("property", key) or ""
        return int(value) if WHOLE.fullmatch(value) else default

    def _on(self, key: str) -> bool:
        return SWITCHES.get((self.text("property", key) or "").lower(), False)

    def _offsets(self, color: Color) -> tuple[float, float, float]:
        parts = _list(self.text("property", "offsets") or "")
        if not parts:
            return (0.0, 0.0, 0.0)
        wanted = 1 if color == "gray" else 3
        numbers = [float(part) for part in parts if NUMBER.fullmatch(part)]
        if not len(parts) == len(numbers) == wanted or not all(map(math.isfinite, numbers)):
            example = "127.5" if wanted == 1 else "123.675;116.28;103.53"
            self.refuse("property", "offsets", f"{wanted} for {color}, like {example}")
            return (0.0, 0.0, 0.0)
        first, second, third = numbers * (3 // wanted)
        return first, second, third

    def _least(self, classes: tuple[int, ...], *keys: str) -> float | None:
        """What the class that lets most through says; its own group before that of all."""
        found = [self._of_class(number, keys) for number in classes]
        return min((value for value in found if value is not None), default=None)

    def _of_class(self, number: int, keys: tuple[str, ...]) -> float | None:
        for group in (f"class-attrs-{number}", "class-attrs-all"):
            for key in keys:
                if (value := self.text(group, key)) is not None:
                    return float(value)
        return None

    def _ignored(self, classes: tuple[int, ...]) -> Iterator[str]:
        own = {"property", "class-attrs-all", *(f"class-attrs-{number}" for number in classes)}
        named: dict[str, None] = {}
        for (group, key), (value, _) in self.said.items():
            harmless = HARMLESS.get(key)
            if group in own and harmless is not None and value not in harmless:
                named[key] = None
        yield from named


def _person_of(labels: Path | None) -> int:
    """Number of the class that the labels call a person; 0 where none is."""
    if labels is None or not labels.is_file():
        return 0
    try:
        with labels.open("rb") as file:
            text = file.read(_MOST_LABELS).decode("utf-8", "replace")
    except OSError:
        return 0  # whoever reads the labels for good will say so
    names = [name.strip().lower() for name in text.split("\n")]
    return next((names.index(word) for word in PERSON if word in names), 0)


def _list(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(";")]
    return parts[:-1] if parts[-1] == "" else parts
