"""What DeepStream itself takes for each key of a configuration of nvinfer.

As the public sources of DeepStream 9.1 read them (``gst-nvinfer``: both parsers). The table of
`smartrec.detection.nvinfer` has the same keys and is kinder: it serves the portable engine, to
which most of them do not matter.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from smartrec.detection.nvinfer import NUMBER, keys_of

MOST_BATCH: Final = 1024
"""Largest ``batch-size``."""
PRECISIONS: Final[Mapping[int, str]] = {0: "fp32", 1: "int8", 2: "fp16", 3: "best"}
"""``network-mode``, and how an engine's file name says the same."""

_WHOLE: Final = re.compile(r"([+-]?[0-9]{1,10})(\s.*)?", re.ASCII | re.DOTALL)
_INT: Final = range(-(2**31), 2**31)
_CLASS: Final = re.compile(r"class-attrs-(?:all|([0-9]{1,4}))", re.ASCII)
_TEXT_ESCAPED: Final = re.compile(r"(?:[^\\]|\\[sntr\\;])*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may hold.

    Attributes:
        must: The same in words, behind "must be".
        takes: Whether it is such a value; the second argument says whether the file is YAML.
    """

    must: str
    takes: Callable[[str, bool], bool]


def whole(value: str, *, yaml: bool = False) -> int | None:
    """A whole number as DeepStream reads it; None where it is none.

    GLib lets be what follows behind a blank; YAML does not.
    """
    match = _WHOLE.fullmatch(value)
    if match is None or (yaml and match[2]):
        return None
    number = int(match[1])
    return number if number in _INT else None


def switch(value: str, *, yaml: bool = False) -> bool | None:
    """A switch as DeepStream reads it; None where it is none. YAML takes numbers only."""
    if yaml:
        number = whole(value, yaml=True)
        return None if number is None else number != 0
    return {"1": True, "true": True, "0": False, "false": False}.get(value)


def parts(value: str) -> list[str]:
    """The members of a list; a separator behind the last is let be."""
    found = [part.strip() for part in value.split(";")]
    return found[:-1] if found[-1] == "" else found


def class_of(group: str) -> int | None:
    """The number of the class that a group is about; None for all, or no such group."""
    match = _CLASS.fullmatch(group)
    return int(match[1]) if match and match[1] else None


def _number(value: str) -> float | None:
    number = float(value) if NUMBER.fullmatch(value) else math.nan
    return number if math.isfinite(number) else None


def _whole_in(low: int, high: int | None = None) -> Key:
    def takes(value: str, yaml: bool) -> bool:
        number = whole(value, yaml=yaml)
        return number is not None and low <= number and (high is None or number <= high)

    upper = f"to {high}" if high is not None else "up"
    return Key(f"a whole number from {low} {upper}", takes)


def _one_of(names: Mapping[int, str]) -> Key:
    listed = [f"{number} ({name})" for number, name in names.items()]
    return Key(
        f"{', '.join(listed[:-1])} or {listed[-1]}",
        lambda value, yaml: whole(value, yaml=yaml) in names,
    )


def _number_in(low: float, high: float | None = None) -> Key:
    def takes(value: str, _yaml: bool) -> bool:
        number = _number(value)
        return number is not None and low <= number and (high is None or number <= high)

    return Key(f"a number from {low:g} {'up' if high is None else f'to {high:g}'}", takes)


def _wholes(count: int | None, example: str, last: range | None = None) -> Key:
    def takes(value: str, _yaml: bool) -> bool:
        numbers = [whole(part) for part in parts(value)]
        known = [number for number in numbers if number is not None]
        fits = len(known) == len(numbers) and (count is None or len(numbers) == count)
        return fits and all(n >= 0 for n in known) and (last is None or known[-1] in last)

    many = "whole numbers" if count is None else f"{count} whole numbers"
    return Key(f"{many} with ; between, like {example}", takes)


def _shares(count: int) -> Key:
    def takes(value: str, _yaml: bool) -> bool:
        numbers = [_number(part) for part in parts(value)]
        return len(numbers) == count and all(n is not None and 0 <= n <= 1 for n in numbers)

    return Key(f"{count} numbers from 0 to 1 with ; between, like 1;0;0;1", takes)


def _numbers(most: int) -> Key:
    def takes(value: str, _yaml: bool) -> bool:
        numbers = [_number(part) for part in parts(value)]
        return len(numbers) <= most and None not in numbers

    return Key(f"at most {most} numbers with ; between, like 123.675;116.28;103.53", takes)


def _percent() -> Key:
    def takes(value: str, yaml: bool) -> bool:
        number = _number(value) if yaml else whole(value)
        return number is not None and 0 <= number <= 100

    return Key("a whole number from 0 to 100", takes)


_ANY_WHOLE: Final = Key("a whole number", lambda value, yaml: whole(value, yaml=yaml) is not None)
_SWITCH: Final = Key("0 or 1", lambda value, yaml: switch(value, yaml=yaml) is not None)
_SHARE: Final = _number_in(0, 1)
_COUNT: Final = _whole_in(0)
_TEXT: Final = Key(
    r"text without \ (of GLib's escapes only \s \n \t \r \\ are known)",
    lambda value, yaml: yaml or bool(_TEXT_ESCAPED.fullmatch(value)),
)
_ORDER: Final = _one_of({0: "NCHW", 1: "NHWC"})
_DIMS: Final = _wholes(3, "3;640;640")
_OLD_DIMS: Final = _wholes(4, "3;544;960;0", range(3))

_SWITCHES: Final = """
    is-classifier enable-dla force-implicit-batch-dim strongly-typed maintain-aspect-ratio
    symmetric-padding input-tensor-from-meta output-tensor-meta output-instance-mask enable-dbscan
    crop-objects-to-roi-boundary classifier-async-mode raw-output-file-write warmup-engine
"""
_ANY_WHOLES: Final = """
    use-dla-core auto-inc-mem workspace-size dump-input-tensor dump-output-tensor
    overwrite-input-tensor overwrite-output-tensor disable-output-host-copy operate-on-gie-id
    secondary-reinfer-interval stabilize-buffer-count tensor-meta-pool-size
"""
_COUNTS: Final = """
    interval gpu-id input-object-min-width input-object-min-height input-object-max-width
    input-object-max-height
"""
_CLASS_COUNTS: Final = """
    group-threshold minBoxes topk roi-top-offset roi-bottom-offset detected-min-w detected-min-h
    detected-max-w detected-max-h
"""

_OWN: Final[Mapping[str, Key]] = {
    **dict.fromkeys(_SWITCHES.split(), _SWITCH),
    **dict.fromkeys(_ANY_WHOLES.split(), _ANY_WHOLE),
    **dict.fromkeys(_COUNTS.split(), _COUNT),
    "gie-unique-id": _whole_in(1),
    "batch-size": _whole_in(1, MOST_BATCH),
    "num-detected-classes": _whole_in(1, 100_000),
    "process-mode": _one_of({1: "whole pictures", 2: "objects"}),
    "network-mode": _one_of(PRECISIONS),
    "network-type": _one_of(
        {0: "detector", 1: "classifier", 2: "segmentation", 3: "instance masks", 100: "other"}
    ),
    "model-color-format": _one_of({0: "RGB", 1: "BGR", 2: "gray"}),
    "cluster-mode": _one_of({0: "groups", 1: "DBSCAN", 2: "NMS", 3: "both", 4: "none"}),
    "network-input-order": _ORDER,
    "segmentation-output-order": _ORDER,
    "uff-input-order": _one_of({0: "NCHW", 1: "NHWC", 2: "NC"}),
    "scaling-filter": _whole_in(0, 6),
    "scaling-compute-hw": _one_of({0: "default", 1: "GPU", 2: "VIC, Jetson only"}),
    "net-scale-factor": _number_in(1e-9, 1e9),
    "offsets": _numbers(4),
    "infer-dims": _DIMS,
    "input-dims": _OLD_DIMS,
    "uff-input-dims": _OLD_DIMS,
    "max-gpu-mem-per": _percent(),
    "classifier-threshold": _number_in(0),
    "segmentation-threshold": _number_in(0),
    "filter-out-class-ids": _wholes(None, "1;2"),
    "operate-on-class-ids": _wholes(None, "0;2"),
}
_OF_CLASS: Final[Mapping[str, Key]] = {
    **dict.fromkeys(_CLASS_COUNTS.split(), _COUNT),
    **dict.fromkeys(["threshold", "pre-cluster-threshold", "nms-iou-threshold"], _SHARE),
    **dict.fromkeys(["post-cluster-threshold"], _SHARE),
    **dict.fromkeys(["eps", "dbscan-min-score"], _number_in(0)),
    **dict.fromkeys(["border-color", "bg-color"], _shares(4)),
}

PATHS: Final = (
    "onnx-file",
    "model-engine-file",
    "labelfile-path",
    "int8-calib-file",
    "custom-lib-path",
    "mean-file",
    "tlt-encoded-model",
    "model-file",
    "proto-file",
    "uff-file",
)
"""Keys of ``[property]`` that name a file, relative to the configuration's own directory."""
FUNCTIONS: Final = (
    "parse-bbox-func-name",
    "parse-bbox-instance-mask-func-name",
    "engine-create-func-name",
)
"""Keys of ``[property]`` that name a function of ``custom-lib-path``, of those a detector has."""


def key_of(group: str, key: str) -> Key | None:
    """What a key of a group may hold; None where there is no such key."""
    table = keys_of(group)
    if table is None or key not in table:
        return None
    return (_OWN if group == "property" else _OF_CLASS).get(key, _TEXT)
