"""The name under which nvinfer keeps the engine that TensorRT built for it.

``MODEL_bBATCH_DEVICE_PRECISION.engine`` beside the model, so that the next start may load it
(public sources of DeepStream 9.1, ``nvdsinfer``). The name is all that is known of an engine
without loading it: its bytes are TensorRT's own, and where they say what it was built for is not
documented.
"""

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(
    r"(?P<model>.+)_b(?P<batch>[0-9]{1,6})_(?P<device>gpu[0-9]{1,4}|dla[0-9]{1,4})"
    r"_(?P<precision>fp32|fp16|int8|best)\.engine",
    re.ASCII | re.DOTALL,
)
_MAGICS: Final = (b"ftrt", b"ptrt")
_OTHERS: Final = (
    (b"version https://git-lfs", "the placeholder of Git LFS, not the engine: git lfs pull"),
    (b"PK\x03\x04", "an archive"),
    (b"<", "a page of HTML or XML"),
    (b"\x08", "an ONNX file"),
)
_JSON_BEHIND_LENGTH: Final = slice(4, 6)


@dataclass(frozen=True, slots=True)
class EngineName:
    """What an engine's name says.

    Attributes:
        model: Name of the model's file, with its suffix.
        batch: Most pictures at once.
        device: ``"gpu0"``, or ``"dla0"``: of TensorRT's deep learning accelerator.
        precision: ``"fp32"``, ``"fp16"``, ``"int8"`` or ``"best"``.
    """

    model: str
    batch: int
    device: str = "gpu0"
    precision: str = "fp16"

    def __str__(self) -> str:
        """The file's name."""
        return f"{self.model}_b{self.batch}_{self.device}_{self.precision}.engine"


def engine_name(file: str) -> EngineName | None:
    """What the name of a file says; None where it is none that nvinfer gives."""
    match = _NAME.fullmatch(file)
    if match is None:
        return None
    return EngineName(match["model"], int(match["batch"]), match["device"], match["precision"])


def no_engine(first: bytes) -> str | None:
    """What a file is whose first bytes are not those of an engine; None where they may be.

    Args:
        first: The first 64 bytes or more, as far as the file has them.
    """
    if not first:
        return "is empty"
    if first.startswith(_MAGICS):
        return None
    if first[_JSON_BEHIND_LENGTH] == b'{"':
        return "has metadata of its exporter in front, which nvinfer cannot read"
    for start, what in _OTHERS:
        if first.startswith(start):
            return f"is {what}"
    return None
