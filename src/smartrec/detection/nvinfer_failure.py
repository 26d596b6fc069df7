"""What nvinfer says when it does not start, and which key of its configuration that is about.

The words are facts of the public sources of DeepStream 9.1 (``gst-nvinfer``, ``nvdsinfer``) and of
TensorRT's messages; they come with the error on the bus, in GStreamer's log and on the terminal.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_STATUS: Final = re.compile(r"\bNVDSINFER_([A-Z_]+)\b")
_ELEMENT: Final = re.compile(r"/Gst[A-Za-z0-9]+:([\w.-]+):?\s*(?:\n|$)")
_SHOWN: Final = 200
_GPU: Final = "gpu"
"""In the place of a key."""


@dataclass(frozen=True, slots=True)
class Clue:
    """What one line says.

    Attributes:
        key: That it is about; empty where it names none.
        words: What is wrong.
        gpu: It is about the GPU or its driver, and not about the configuration.
    """

    key: str
    words: str
    gpu: bool = False


_WORDS: Final[tuple[tuple[str, str, str], ...]] = (
    # a pattern; the key; what is wrong, with what the pattern's groups caught
    ("Unique ID not set", "gie-unique-id", "is not said, and nvinfer refuses 0"),
    (
        r"cudaError(?:MemoryAllocation|OutOfMemory)|CUDA out of memory|\bOutOfMemory\b"
        r"|cuda err_no:2\b|out of memory",
        _GPU,
        "the GPU has no memory left",
    ),
    (
        r"(cudaError(?:NoDevice|InsufficientDriver|SystemDriverMismatch|SystemNotReady"
        r"|CompatNotSupportedOnDevice|InitializationError|DevicesUnavailable|Unknown))",
        _GPU,
        "CUDA finds no GPU that it can use ({0})",
    ),
    (r"Cannot access ONNX file '(.*?)'", "onnx-file", "no such file: {0}"),
    ("Failed to parse onnx file", "onnx-file", "TensorRT cannot parse this model"),
    (r"Could not open lib: (.*?), error string: (.*)", "custom-lib-path", "does not load: {1}"),
    (
        r"dlsym failed to get func (\S*) pointer",
        "parse-bbox-func-name",
        "{0} is not in the library",
    ),
    (
        r"Could not find Custom Engine Creation Function '(.*?)'",
        "engine-create-func-name",
        "{0} is not in the library",
    ),
    (
        "Failed to create network using custom network creation",
        "engine-create-func-name",
        "the library could not make the engine",
    ),
    (r"Could not open labels file:\s*(.*)", "labelfile-path", "cannot be opened: {0}"),
    (r"Cannot access mean image file '(.*?)'", "mean-file", "no such file: {0}"),
    (
        r"Number of offsets\((\d+)\) not equal to number of input channels\((\d+)\)",
        "offsets",
        "{0} numbers for a model of {1} channels",
    ),
    (
        "RGB/BGR input format specified but network input channels is not 3",
        "model-color-format",
        "asks for colours, and the model does not take 3 channels",
    ),
    (
        "GRAY input format specified but network input channels is not 1",
        "model-color-format",
        "asks for gray, and the model does not take 1 channel",
    ),
    (
        r"Backend has maxBatchSize (\d+) whereas (\d+) has been requested",
        "onnx-file",
        "its engine takes {0} pictures at once and there are {1} cameras; export it with a batch "
        "of any size",
    ),
    (
        r"incompatible device, expecting compute ([0-9.]+) got compute ([0-9.]+)",
        "model-engine-file",
        "was built for another GPU (compute capability {1}, here {0})",
    ),
    (
        "(?i)version tag does not match|incompatible serialization version|magic_?tag"
        "|not compatible with this version of TensorRT",
        "model-engine-file",
        "was built by another TensorRT, or is no engine",
    ),
    (
        r"Attributes specified for class (\d+) while .* num-detected-classes=(-?\d+)",
        "num-detected-classes",
        "{1}, and a group says something of class {0}",
    ),
    (r"Could not find group (property)", "", "has no group [{0}]"),
    (r"Error while parsing config file: (.*)", "", "{0}"),
    (r"Invalid value for '?([\w-]+?)'?\s*:?\s*['(](.*?)[')]", "{0}", "{1} is no value for it"),
    (r"Negative (?:\w+ )*?\(?-?[\d.]*\)? ?specified for ([\w-]+)", "{0}", "must not be negative"),
    (
        "some layers missing or unsupported data types in output tensors",
        "parse-bbox-func-name",
        "this function does not fit the outputs of the model",
    ),
    (
        "explict dims.nbDims in config does not match model dims",
        "infer-dims",
        "does not fit the input of the model",
    ),
    (
        r"(?:failed to build network|no model file matched)",
        "onnx-file",
        "TensorRT could not make a network of this model",
    ),
    (
        "failed to build trt engine|[Bb]uild engine f(?:ile )?ailed",
        "onnx-file",
        "TensorRT could not build an engine of this model",
    ),
)
_CLUES: Final = [(re.compile(pattern), key, words) for pattern, key, words in _WORDS]
_QUOTED_KEY: Final = re.compile(r"[Kk]ey [“'\"]([\w-]+)[”'\"]")


def status_of(*texts: str) -> str:
    """The code of nvdsinfer itself, such as ``"CONFIG_FAILED"``; empty where none is named."""
    for text in texts:
        if match := _STATUS.search(text):
            return match[1]
    return ""


def element_of(debug: str) -> str:
    """The element that GStreamer's debugging text is of; empty where it says none."""
    match = _ELEMENT.search(debug)
    return match[1] if match else ""


def clues_of(lines: Iterable[str]) -> list[Clue]:
    """What the lines point at, each once, in their order."""
    found: dict[Clue, None] = {}
    for line in lines:
        for pattern, key, words in _CLUES:
            if match := pattern.search(line):
                found[_clue(key, words, match)] = None
                break
    return list(found)


def _clue(key: str, words: str, match: re.Match[str]) -> Clue:
    caught = [(each or "").strip()[:_SHOWN] for each in match.groups()]
    if key == _GPU:
        return Clue("", words.format(*caught), gpu=True)
    about = key.format(*caught)
    if not about and caught and (named := _QUOTED_KEY.search(caught[0])):
        about = named[1]
    return Clue(about, words.format(*caught))
