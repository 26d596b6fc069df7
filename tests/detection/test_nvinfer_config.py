"""The configuration of our own model: its golden text, and that our own linter takes it."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.detection.nvinfer_config import Generated, configuration
from smartrec.detection.nvinfer_lint import read_configuration
from smartrec.detection.persons import FLOOR

OURS = Generated(
    onnx_file="nanodet.onnx",
    engine_file="nanodet.onnx_b2_gpu0_fp16.engine",
    labels_file="labels.txt",
    library="/opt/nvidia/deepstream/deepstream/lib/libnvds_infercustomparser.so",
    batch=2,
)
GOLDEN = """\
# Written by smartrec; it is written anew whenever it is needed.

[property]
process-mode=1
gie-unique-id=1
gpu-id=0
batch-size=2
interval=0

# the model, and the engine that nvinfer builds of it beside it
onnx-file=nanodet.onnx
model-engine-file=nanodet.onnx_b2_gpu0_fp16.engine
network-mode=2

# raw BGR values, the picture in the middle, black beside it
net-scale-factor=1
model-color-format=1
maintain-aspect-ratio=1
symmetric-padding=1
scaling-filter=1

# boxes come out as they shall be: nothing is clustered
network-type=0
num-detected-classes=1
labelfile-path=labels.txt
custom-lib-path=/opt/nvidia/deepstream/deepstream/lib/libnvds_infercustomparser.so
parse-bbox-func-name=NvDsInferParseCustomTfSSD
output-blob-names=num_detections;detection_scores;detection_classes;detection_boxes
cluster-mode=4
# a box may reach below the picture, and nvinfer drops it unless it may crop it
crop-objects-to-roi-boundary=1

# weak ones, too: the trigger's confidence is weighed later
[class-attrs-all]
pre-cluster-threshold=0.1
"""


def test_the_text_is_this() -> None:
    assert configuration(OURS) == GOLDEN


def test_classes_that_are_no_persons_are_dropped() -> None:
    text = configuration(
        Generated("m", "e", "l", "p", 1, 3, "fp32", FLOOR, classes=4, persons=(0, 2))
    )
    assert "num-detected-classes=4\n" in text
    assert "filter-out-class-ids=1;3\n" in text
    assert "network-mode=0\n" in text
    assert "interval=3\n" in text


# GLib knows no escape for the rarer blanks, so a name cannot begin or end with one.
NAMES = st.text(min_size=1, max_size=20).filter(
    lambda text: "\0" not in text and text.strip() == text.strip(" \n\t\r") != ""
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    onnx=NAMES,
    batch=st.integers(1, 1024),
    interval=st.integers(0, 100),
    classes=st.integers(1, 90),
)
def test_whatever_is_generated_is_read_back(
    tmp_path: Path, onnx: str, batch: int, interval: int, classes: int
) -> None:
    path = tmp_path / "nvinfer.txt"
    made = Generated(onnx, "a.engine", "l", "p", batch, interval, classes=classes)
    path.write_bytes(configuration(made).encode("utf-8", "replace"))
    found = read_configuration(path)
    assert found.findings == []
    assert found.whole("batch-size", 0) == batch
    assert found.whole("interval", -1) == interval
    assert len(found.classes("filter-out-class-ids")) == classes - 1
    assert found.threshold((0,)) == FLOOR
    if onnx.isprintable():
        assert found.file("onnx-file") == path.resolve().parent / onnx
