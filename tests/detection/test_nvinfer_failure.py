"""What nvinfer says when it does not start, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.nvinfer_failure import Clue, clues_of, element_of, status_of

LINES = [
    ("NvDsInferContext[UID 1]: Unique ID not set", "gie-unique-id", "is not said"),
    ("Cannot access ONNX file '/m/a.onnx'", "onnx-file", "no such file: /m/a.onnx"),
    ("ERROR: Failed to parse onnx file", "onnx-file", "TensorRT cannot parse this model"),
    (
        "Could not open lib: /m/x.so, error string: libnvinfer.so.8: cannot open shared object",
        "custom-lib-path",
        "does not load: libnvinfer.so.8: cannot open shared object",
    ),
    (
        "init resource because dlsym failed to get func NvDsInferParseYolo pointer",
        "parse-bbox-func-name",
        "NvDsInferParseYolo is not in the library",
    ),
    (
        "Could not find Custom Engine Creation Function 'Get' in custom lib",
        "engine-create-func-name",
        "Get is not in the library",
    ),
    ("Could not open labels file:/m/l.txt", "labelfile-path", "cannot be opened: /m/l.txt"),
    ("Cannot access mean image file '/m/m.ppm'", "mean-file", "no such file: /m/m.ppm"),
    (
        "Number of offsets(1) not equal to number of input channels(3)",
        "offsets",
        "1 numbers for a model of 3 channels",
    ),
    (
        "RGB/BGR input format specified but network input channels is not 3",
        "model-color-format",
        "asks for colours",
    ),
    (
        "Backend has maxBatchSize 1 whereas 4 has been requested",
        "onnx-file",
        "its engine takes 1 pictures at once and there are 4 cameras",
    ),
    (
        "[TRT]: The engine plan file is generated on an incompatible device, expecting compute 8.7 "
        "got compute 7.2, please rebuild.",
        "model-engine-file",
        "was built for another GPU (compute capability 7.2, here 8.7)",
    ),
    (
        "[TRT]: Serialization assertion stdVersionRead == serializationVersion failed. Version tag "
        "does not match. Note: Current Version: 232, Serialized Engine Version: 213",
        "model-engine-file",
        "was built by another TensorRT",
    ),
    (
        "Serialization assertion plan->header.magicTag == rt::kPLAN_MAGIC_TAG failed.",
        "model-engine-file",
        "was built by another TensorRT, or is no engine",
    ),
    (
        "Attributes specified for class 5 while element has been configured with "
        "num-detected-classes=2",
        "num-detected-classes",
        "2, and a group says something of class 5",
    ),
    (
        "Error while parsing config file: Key file contains key “batch-size” in group “property” "
        "which has a value that cannot be interpreted.",
        "batch-size",
        "Key file contains key",
    ),
    ("Error. Invalid value for 'network-mode':'7'", "network-mode", "7 is no value for it"),
    ("Error: Invalid value for process-mode (9)", "process-mode", "9 is no value for it"),
    ("Error: Negative value (-1) specified for interval", "interval", "must not be negative"),
    ("failed to build trt engine.", "onnx-file", "TensorRT could not build an engine"),
    (
        "ERROR: some layers missing or unsupported data types in output tensors",
        "parse-bbox-func-name",
        "this function does not fit",
    ),
]


@pytest.mark.parametrize(("line", "key", "words"), LINES)
def test_each_line_points_at_its_key(line: str, key: str, words: str) -> None:
    (clue,) = clues_of([line])
    assert (clue.key, clue.gpu) == (key, False)
    assert clue.words.startswith(words)


@pytest.mark.parametrize(
    "line",
    [
        "Failed to set cuda device (0)., cuda err_no:100, err_str:cudaErrorNoDevice",
        "Failed to set cuda device (0)., cuda err_no:35, err_str:cudaErrorInsufficientDriver",
        "Cuda failure: out of memory",
        "[TRT]: 2: [virtualMemoryBuffer.cpp::resizePhysical::127] Error Code 2: OutOfMemory",
    ],
)
def test_what_is_the_gpus_is_not_the_configurations(line: str) -> None:
    (clue,) = clues_of([line])
    assert clue.gpu
    assert clue.key == ""


def test_lines_that_say_nothing_give_nothing_and_repeats_one() -> None:
    lines = ["Trying to create engine from model files", "", *(["Unique ID not set"] * 3)]
    assert clues_of(lines) == [Clue("gie-unique-id", "is not said, and nvinfer refuses 0")]


def test_the_status_and_the_element_are_read_from_the_debug_text() -> None:
    debug = (
        "gstnvinfer.cpp(1101): gst_nvinfer_start (): /GstPipeline:pipeline0/GstNvInfer:infer:\n"
        "Config file path: /m/pgie.txt, NvDsInfer Error: NVDSINFER_CUSTOM_LIB_FAILED"
    )
    assert status_of("", debug) == "CUSTOM_LIB_FAILED"
    assert element_of(debug) == "infer"
    assert (status_of("no"), element_of("no")) == ("", "")


@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_lines_are_answered(lines: list[str]) -> None:
    assert len(clues_of(lines)) <= len(lines)


@given(st.sampled_from([line for line, _, _ in LINES]), st.integers(0, 200))
def test_cut_lines_are_answered(line: str, at: int) -> None:
    assert len(clues_of([line[:at], line[at:]])) <= 2
