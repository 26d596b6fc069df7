"""The configuration of nvinfer for our own model, as text.

The model has everything in it but scaling: it takes raw BGR values and gives boxes after
non-maximum suppression, in outputs that a parser shipped with DeepStream reads. So nobody compiles
C++. Each key was held against the public sources of DeepStream 9.1 (``gst-nvinfer``, ``nvdsinfer``,
``nvdsinfer_customparser``).
"""

from dataclasses import dataclass
from typing import Final, Literal

from smartrec.detection.persons import FLOOR
from smartrec.detection.pgie_text import escaped

Precision = Literal["fp32", "fp16"]
"""int8 is not among them: it needs a table of calibration made on the GPU that runs it, or a model
quantised for it, and we ship neither."""

PARSER: Final = "NvDsInferParseCustomTfSSD"
"""Reads ``num_detections`` [1], ``detection_scores`` [N], ``detection_classes`` [N] and
``detection_boxes`` [N, 4] (y1, x1, y2, x2 as shares of the model's picture), all float32."""
PARSERS: Final = "libnvds_infercustomparser.so"
"""The library that has it, in DeepStream's directory ``lib``."""
UNIQUE_ID: Final = 1
"""Of our nvinfer; 0, which it takes where nobody says one, is refused by itself."""
WRITTEN: Final = "# Written by smartrec"
"""How our files begin."""
_MODES: Final = {"fp32": 0, "fp16": 2}


@dataclass(frozen=True, slots=True)
class Generated:
    """What a generated configuration says beside what is always so.

    Attributes:
        onnx_file: Path, absolute or from the configuration's directory; ``engine_file``,
            ``labels_file`` and ``library`` likewise. No line breaks.
        engine_file: The one that nvinfer itself writes, see `nvinfer_engine`.
        labels_file: One class name a line, `classes` of them.
        library: DeepStream's parsers.
        batch: Most pictures at once: as many as there are cameras.
        interval: Batches let pass after each one that is looked at.
        precision: Of the engine.
        threshold: Lowest score that is told.
        classes: That the model tells apart.
        persons: Which of them are persons; the others are dropped.
    """

    onnx_file: str
    engine_file: str
    labels_file: str
    library: str
    batch: int
    interval: int = 0
    precision: Precision = "fp16"
    threshold: float = FLOOR
    classes: int = 1
    persons: tuple[int, ...] = (0,)


def configuration(of: Generated) -> str:
    """The text of the file, as GLib's key files are written."""
    others = [str(number) for number in range(of.classes) if number not in of.persons]
    lines = [
        f"{WRITTEN}; it is written anew whenever it is needed.",
        "",
        "[property]",
        "process-mode=1",
        f"gie-unique-id={UNIQUE_ID}",
        "gpu-id=0",
        f"batch-size={of.batch}",
        f"interval={of.interval}",
        "",
        "# the model, and the engine that nvinfer builds of it beside it",
        f"onnx-file={escaped(of.onnx_file)}",
        f"model-engine-file={escaped(of.engine_file)}",
        f"network-mode={_MODES[of.precision]}",
        "",
        "# raw BGR values, the picture in the middle, black beside it",
        "net-scale-factor=1",
        "model-color-format=1",
        "maintain-aspect-ratio=1",
        "symmetric-padding=1",
        "scaling-filter=1",
        "",
        "# boxes come out as they shall be: nothing is clustered",
        "network-type=0",
        f"num-detected-classes={of.classes}",
        f"labelfile-path={escaped(of.labels_file)}",
        f"custom-lib-path={escaped(of.library)}",
        f"parse-bbox-func-name={PARSER}",
        "output-blob-names=num_detections;detection_scores;detection_classes;detection_boxes",
        "cluster-mode=4",
        "# a box may reach below the picture, and nvinfer drops it unless it may crop it",
        "crop-objects-to-roi-boundary=1",
        *([f"filter-out-class-ids={';'.join(others)}"] if others else []),
        "",
        "# weak ones, too: the trigger's confidence is weighed later",
        "[class-attrs-all]",
        f"pre-cluster-threshold={of.threshold:g}",
    ]
    return "\n".join(lines) + "\n"
