"""A configuration of nvinfer as DeepStream will read it, and what is wrong with its text.

Stricter than DeepStream where its silence costs days: an unknown key, no classes, persons filtered
out. Only the text is looked at here; the files it names are `media.engines.deepstream.lint`'s.
Facts from the public sources of DeepStream 9.1 (``gst-nvinfer``, ``nvdsinfer``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smartrec.detection.nvinfer import guess, keys_of, unknown_group
from smartrec.detection.nvinfer_keys import (
    FUNCTIONS,
    PATHS,
    class_of,
    key_of,
    parts,
    switch,
    whole,
)
from smartrec.detection.pgie_text import (
    Finding,
    Statement,
    is_yaml,
    read_text,
    statements,
    unescaped,
)

PROPERTY: Final = "property"
LEAST: Final = 0.2
"""``pre-cluster-threshold`` where a file says none."""
_MODELS: Final = (
    "onnx-file",
    "model-engine-file",
    "tlt-encoded-model",
    "model-file",
    "uff-file",
    "custom-lib-path",
)
_SHOWN: Final = 60


@dataclass(slots=True)
class Configuration:
    """What a file says, key by key, and what was found wrong so far.

    Attributes:
        path: Of the file.
        said: The statement that counts of each key of each group: the last.
        groups: Line of each group, where it begins first.
        findings: In the order they were found.
    """

    path: Path
    said: dict[tuple[str, str], Statement] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def yaml(self) -> bool:
        """Whether DeepStream reads it as YAML."""
        return is_yaml(self.path)

    @property
    def directory(self) -> Path:
        """Where its relative paths begin: beside the file itself, not beside a link to it."""
        return self.path.resolve().parent

    def text(self, key: str, group: str = PROPERTY) -> str:
        """What is said of a key; empty where nothing is."""
        found = self.said.get((group, key))
        return found.value if found else ""

    def whole(self, key: str, otherwise: int) -> int:
        """The same as a whole number; `otherwise` where it is none."""
        number = whole(self.text(key), yaml=self.yaml)
        return otherwise if number is None else number

    def on(self, key: str) -> bool:
        """The same as a switch; off where it is none."""
        return bool(switch(self.text(key), yaml=self.yaml))

    def classes(self, key: str) -> set[int]:
        """The same as a list of classes."""
        found = (whole(part) for part in parts(self.text(key)))
        return {number for number in found if number is not None}

    def file(self, key: str) -> Path | None:
        """The file that a key names; None where it names none. It need not be there."""
        value = self.text(key)
        value = value if self.yaml else unescaped(value)
        return self.directory / value if value else None

    def line(self, key: str, group: str = PROPERTY) -> int:
        """Where a key is said; the group's own line where it is not."""
        found = self.said.get((group, key))
        return found.line if found else self.groups.get(group, 0)

    def wrong(self, key: str, words: str, *, stops: bool = True) -> None:
        """Something is wrong with a key of ``[property]``."""
        self.findings.append(Finding(self.line(key), f"{key}: {words}", stops))

    def threshold(self, classes: tuple[int, ...]) -> float | None:
        """Confidence below which nvinfer drops these classes; None where the file says none."""
        found = [self._threshold(number) for number in classes]
        return min((value for value in found if value is not None), default=None)

    def _threshold(self, number: int) -> float | None:
        for group in (f"class-attrs-{number}", "class-attrs-all"):
            for key in ("pre-cluster-threshold", "threshold"):
                value = self.text(key, group)
                rule = key_of(group, key)
                if value and rule is not None and rule.takes(value, self.yaml):
                    return float(value)
        return None


def read_configuration(path: Path) -> Configuration:
    """Read a file and find what is wrong with its text.

    Raises:
        ConfigError: It cannot be read at all. What is wrong with what it says is in `findings`.
    """
    found = Configuration(path)
    for each in statements(read_text(path), yaml=found.yaml):
        if isinstance(each, Finding):
            found.findings.append(each)
        else:
            _take(found, each)
    if PROPERTY not in found.groups:
        begin = "property:" if found.yaml else "[property]"
        found.findings.append(Finding(0, f"has no group {begin}, where nvinfer looks first"))
        return found
    for check in _CHECKS:
        check(found)
    return found


def _take(found: Configuration, each: Statement) -> None:
    if not each.key:
        words = unknown_group(each.group)
        if words:
            found.findings.append(Finding(each.line, words))
        found.groups.setdefault(each.group, each.line)
        return
    table = keys_of(each.group)
    if table is None:
        return  # the group itself is the mistake
    rule = key_of(each.group, each.key)
    if rule is None:
        words = f"{each.key[:_SHOWN]}: unknown{guess(each.key, table)}"
        found.findings.append(Finding(each.line, words))
        return
    found.said[(each.group, each.key)] = each
    must = rule.must
    if each.key in PATHS and not each.value:
        must = "the path of a file, or left out"
    elif rule.takes(each.value, found.yaml):
        return
    why = "; a comment needs a line of its own" if "#" in each.value else ""
    words = f"{each.key}: must be {must}, not {each.value[:_SHOWN]!r}{why}"
    found.findings.append(Finding(each.line, words))


def _is_yaml_to_nvinfer(found: Configuration) -> None:
    if found.yaml and not found.path.name.endswith((".yml", ".yaml")):
        words = (
            "nvinfer takes a file for YAML only if its name ends in .yml or .yaml, small letters"
        )
        found.findings.append(Finding(0, words))


def _has_a_model(found: Configuration) -> None:
    if not any(found.text(key) for key in _MODELS):
        words = "names no model; add onnx-file=MODEL.onnx below [property]"
        found.findings.append(Finding(0, words))
    for key, other in (
        ("tlt-encoded-model", "tlt-model-key"),
        ("model-file", "proto-file"),
        ("proto-file", "model-file"),
    ):
        if found.text(key) and not found.text(other):
            found.wrong(key, f"needs {other} beside it")


def _detects(found: Configuration) -> None:
    for key, value, words in (
        ("process-mode", 2, "a model that looks at what another one found"),
        ("network-type", 1, "a classifier"),
        ("network-type", 2, "a segmentation"),
        ("network-type", 100, "a model whose outputs nvinfer does not read: it finds nobody"),
        ("is-classifier", 1, "a classifier"),
    ):
        if found.whole(key, -1) == value:
            found.wrong(key, f"{value} is {words}; what is needed is a detector of whole pictures")
    if found.on("input-tensor-from-meta"):
        found.wrong("input-tensor-from-meta", "needs nvdspreprocess, which is not in the pipeline")


def _has_classes(found: Configuration) -> None:
    key = "num-detected-classes"
    detector = found.whole("network-type", 0) in (0, 3) and found.whole("process-mode", 1) == 1
    if detector and (PROPERTY, key) not in found.said:
        found.wrong(key, "is not said, and nvinfer takes 0: nobody would be found")
    count = found.whole(key, 0)
    if not count:
        return
    for group, line in found.groups.items():
        number = class_of(group)
        if number is not None and number >= count:
            words = f"[{group}]: there are {count} classes, 0 to {count - 1} ({key})"
            found.findings.append(Finding(line, words))


def _offsets_fit(found: Configuration) -> None:
    given = len(parts(found.text("offsets")))
    wanted = 1 if found.whole("model-color-format", 0) == 2 else 3
    if given and given != wanted:
        found.wrong("offsets", f"{given} numbers for a model of {wanted} channels")


def _clusters(found: Configuration) -> None:
    if found.on("output-instance-mask") and found.whole("cluster-mode", 0) != 4:
        found.wrong("output-instance-mask", "works with cluster-mode=4 only")


def _functions(found: Configuration) -> None:
    if found.text("custom-lib-path"):
        return
    for key in FUNCTIONS:
        if found.text(key):
            words = "is let be by nvinfer, for no custom-lib-path says where it is"
            found.wrong(key, words, stops=False)


def _precision(found: Configuration) -> None:
    if found.whole("network-mode", 0) in (1, 3) and not found.text("int8-calib-file"):
        words = "needs int8-calib-file for int8; nvinfer builds for fp16 instead"
        found.wrong("network-mode", words, stops=False)


def _tests_only(found: Configuration) -> None:
    for key in ("overwrite-input-tensor", "overwrite-output-tensor"):
        if found.whole(key, 0):
            found.wrong(key, "puts a file in the place of the camera's pictures: for tests only")


_CHECKS: Final[tuple[Callable[[Configuration], None], ...]] = (
    _is_yaml_to_nvinfer,
    _has_a_model,
    _detects,
    _has_classes,
    _offsets_fit,
    _clusters,
    _functions,
    _precision,
    _tests_only,
)
