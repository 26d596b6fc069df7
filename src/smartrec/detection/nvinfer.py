"""The keys of nvinfer's configuration files, and what each may hold.

As DeepStream 6.3 to 9.1 read them (their public sources, ``gst-nvinfer``). The table knows more
keys than are used here, so that a misspelt one can be told from one that does not matter.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?", re.ASCII)
WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)
SWITCHES: Final[Mapping[str, bool]] = {"1": True, "true": True, "0": False, "false": False}
_CLASS: Final = re.compile(r"class-attrs-(all|[0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key may hold.

    Attributes:
        must: The same in words, behind "must be".
        takes: Whether it is such a value.
    """

    must: str
    takes: Callable[[str], bool]


def _number(low: float, high: float) -> Kind:
    def takes(value: str) -> bool:
        return bool(NUMBER.fullmatch(value)) and low <= float(value) <= high

    return Kind(f"a number from {low:g} to {high:g}", takes)


def _whole(choices: range) -> Kind:
    def takes(value: str) -> bool:
        return bool(WHOLE.fullmatch(value)) and int(value) in choices

    return Kind(f"a whole number from {choices[0]} to {choices[-1]}", takes)


_ANY: Final = Kind("text", lambda _value: True)
_ANY_WHOLE: Final = Kind("a whole number", lambda value: bool(WHOLE.fullmatch(value)))
_ANY_NUMBER: Final = Kind(
    "a number", lambda value: bool(NUMBER.fullmatch(value)) and math.isfinite(float(value))
)
_SWITCH: Final = Kind("0 or 1", lambda value: value.lower() in SWITCHES)
_SHARE: Final = _number(0, 1)

_TEXTS: Final = """
    labelfile-path workspace-size use-dla-core dynamic-properties stabilize-buffer-count
    auto-inc-mem max-gpu-mem-per tensor-meta-pool-size warmup-engine onnx-file model-engine-file
    model-file proto-file tlt-encoded-model tlt-model-key int8-calib-file uff-file uff-input-order
    uff-input-dims uff-input-blob-name input-dims infer-dims offsets mean-file scaling-filter
    scaling-compute-hw network-input-order output-blob-names output-io-formats
    layer-device-precision filter-out-class-ids segmentation-threshold segmentation-output-order
    classifier-type classifier-threshold custom-lib-path parse-func parse-bbox-func-name
    parse-bbox-instance-mask-func-name parse-segmentation-func-name parse-classifier-func-name
    engine-create-func-name custom-network-config operate-on-class-ids input-object-min-width
    input-object-min-height input-object-max-width input-object-max-height
    secondary-reinfer-interval dump-input-tensor dump-output-tensor overwrite-input-tensor
    overwrite-output-tensor ip-tensor-file op-tensor-files raw-output-file-write
"""
_WHOLES: Final = "gie-unique-id interval gpu-id batch-size network-type operate-on-gie-id"
_SWITCHED: Final = """
    is-classifier enable-dla force-implicit-batch-dim strongly-typed maintain-aspect-ratio
    symmetric-padding input-tensor-from-meta output-tensor-meta disable-output-host-copy
    output-instance-mask enable-dbscan crop-objects-to-roi-boundary classifier-async-mode
"""
_CLASS_NUMBERS: Final = """
    eps group-threshold minBoxes dbscan-min-score topk roi-top-offset roi-bottom-offset
    detected-min-w detected-min-h detected-max-w detected-max-h
"""
_CLASS_SHARES: Final = "threshold pre-cluster-threshold post-cluster-threshold nms-iou-threshold"
_FUNCTIONS: Final = """
    mean-file custom-lib-path parse-func parse-bbox-func-name parse-bbox-instance-mask-func-name
    engine-create-func-name custom-network-config ip-tensor-file
"""
_CHANGES: Final = """
    interval input-tensor-from-meta output-instance-mask enable-dbscan topk overwrite-input-tensor
    overwrite-output-tensor post-cluster-threshold roi-top-offset roi-bottom-offset detected-min-w
    detected-min-h detected-max-w detected-max-h
"""

_PROPERTY: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(_TEXTS.split(), _ANY),
    **dict.fromkeys(_WHOLES.split(), _ANY_WHOLE),
    **dict.fromkeys(_SWITCHED.split(), _SWITCH),
    "process-mode": _whole(range(1, 3)),
    "network-mode": _whole(range(4)),
    "model-color-format": _whole(range(3)),
    "cluster-mode": _whole(range(5)),
    "num-detected-classes": _whole(range(1, 10_000)),
    "net-scale-factor": _number(1e-9, 1e9),
}
_CLASS_ATTRS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(["border-color", "bg-color"], _ANY),
    **dict.fromkeys(_CLASS_NUMBERS.split(), _ANY_NUMBER),
    **dict.fromkeys(_CLASS_SHARES.split(), _SHARE),
}

HARMLESS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_FUNCTIONS.split(), ("",)),
    **dict.fromkeys(_CHANGES.split(), ("", "0", "0.0", "false")),
    "network-type": ("0", "100"),
    "cluster-mode": ("2", "4"),  # NMS; or none, as for models that have it inside
}
"""Keys that change what is found and are not honoured, and the values with which they do not."""


def keys_of(group: str) -> Mapping[str, Kind] | None:
    """What may stand in a group; None where there is no such group."""
    if group == "property":
        return _PROPERTY
    return _CLASS_ATTRS if _CLASS.fullmatch(group) else None


def unknown_group(group: str) -> str | None:
    """What is wrong with the name of a group; None where nothing is."""
    if keys_of(group) is not None:
        return None
    if group.startswith("primary-gie") or group in ("application", "source0"):
        return (
            f"[{group}]: this configures deepstream-app; take the file that config-file in its "
            "[primary-gie] names"
        )
    return (
        f"[{group[:60]}]: unknown{guess(group, ('property', 'class-attrs-all', 'class-attrs-0'))}"
    )


def guess(word: str, names: Iterable[str]) -> str:
    """What was meant by a misspelt name, to follow on what is wrong; or nothing."""
    near = difflib.get_close_matches(word[:60].lower(), names, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
