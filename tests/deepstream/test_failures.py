"""Errors of nvinfer on the bus, with the texts of its sources: which line, what to do."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.detection.nvinfer_config import Generated, configuration
from smartrec.errors import (
    ConfigError,
    EngineMissing,
    ModelUnusable,
    PipelineError,
    SmartrecError,
)
from smartrec.media.engines.deepstream.failures import failure_of

TEXT = """\
[property]
onnx-file=a.onnx
model-engine-file=a.onnx_b1_gpu0_fp16.engine
num-detected-classes=1
parse-bbox-func-name=Parse
"""
LIBRARY, RESOURCE = ("gst-library-error-quark", 5), ("gst-resource-error-quark", 1)
PARSING = "Configuration file parsing failed"
CONTEXT = "Failed to create NvDsInferContext instance"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "a.onnx").write_bytes(b"\x08\x08")
    path = tmp_path / "pgie.txt"
    path.write_text(TEXT)
    return path


def debug(config: Path, status: str = "") -> str:
    ends = f", NvDsInfer Error: NVDSINFER_{status}" if status else ""
    return (
        "gstnvinfer.cpp(1101): gst_nvinfer_start (): /GstPipeline:pipeline0/GstNvInfer:infer:\n"
        f"Config file path: {config}{ends}"
    )


def parsing(config: Path, *lines: str) -> SmartrecError:
    return failure_of(*LIBRARY, PARSING, debug(config), lines, config=config)


def context(config: Path, status: str, *lines: str) -> SmartrecError:
    return failure_of(*RESOURCE, CONTEXT, debug(config, status), lines, config=config)


def test_a_file_that_does_not_parse_is_told_with_all_its_mistakes(config: Path) -> None:
    config.write_text(TEXT + "batch-size=many\nnetwork-mode=9\n")
    error = parsing(config)
    assert isinstance(error, ConfigError)
    assert str(error).split("\n") == [
        f"{config}:6: batch-size: must be a whole number from 1 to 1024, not 'many'",
        f"{config}:7: network-mode: must be 0 (fp32), 1 (int8), 2 (fp16) or 3 (best), not '9'",
    ]


def test_what_only_nvinfer_minds_is_told_at_the_line_it_means(config: Path) -> None:
    config.write_text(TEXT + "operate-on-gie-id=2\n")
    said = "Error while parsing config file: Value of key “operate-on-gie-id” is no number"
    error = parsing(config, "nvinfer: hello", said)
    assert isinstance(error, ConfigError)
    assert str(error).startswith(f"{config}:6: operate-on-gie-id: Value of key")
    assert error.hint == f"Mend {config}; --log-level debug shows all that nvinfer says"


def test_a_file_that_is_gone_is_told(config: Path) -> None:
    config.unlink()
    error = parsing(config)
    assert isinstance(error, ConfigError)
    assert f"{config}: cannot be read" in str(error)


@pytest.mark.parametrize(
    ("status", "line", "says", "hint"),
    [
        ("CONFIG_FAILED", "Unique ID not set", ":1: gie-unique-id: is not said", "Mend "),
        (
            "CONFIG_FAILED",
            "failed to build trt engine.",
            ":2: onnx-file: TensorRT could",
            "trtexec",
        ),
        ("CONFIG_FAILED", "", ":2: onnx-file: TensorRT builds no engine", "trtexec --onnx="),
        ("TENSORRT_ERROR", "", ":2: onnx-file: TensorRT builds no engine", "trtexec --onnx="),
        (
            "CONFIG_FAILED",
            "Version tag does not match. Note: Current Version: 232",
            ":3: model-engine-file: was built by another TensorRT",
            "so that it is built anew: rm '",
        ),
        (
            "CUSTOM_LIB_FAILED",
            "dlsym failed to get func Parse pointer",
            ":5: parse-bbox-func-name: Parse is not in the library",
            "nm -D",
        ),
        ("OUTPUT_PARSING_FAILED", "", ":5: parse-bbox-func-name: does not fit the outputs", "nm"),
    ],
)
def test_a_model_that_does_not_start_is_told_at_its_line(
    config: Path, status: str, line: str, says: str, hint: str
) -> None:
    error = context(config, status, "INFO: hello", line)
    assert isinstance(error, ModelUnusable)
    assert str(error).startswith(f"{config}{says}")
    assert f"(NVDSINFER_{status})" in str(error)
    assert hint in (error.hint or "")


def test_a_library_that_is_gone_is_found_without_any_log(config: Path) -> None:
    config.write_text(TEXT + "custom-lib-path=gone.so\n")
    error = context(config, "CUSTOM_LIB_FAILED")
    assert f"{config}:6: custom-lib-path: no such file: {config.parent}/gone.so" in str(error)


def test_what_the_log_says_and_what_is_seen_is_told_once(config: Path) -> None:
    config.write_text(TEXT.replace("a.onnx\n", "gone.onnx\n", 1))
    error = context(
        config, "CONFIG_FAILED", "Cannot access ONNX file 'gone.onnx'", "build engine file failed"
    )
    assert str(error).count("onnx-file") == 1


@pytest.mark.parametrize(
    ("line", "kind", "says"),
    [
        ("cuda err_no:2, err_str:cudaErrorMemoryAllocation", ModelUnusable, "no memory left"),
        ("cuda err_no:35, err_str:cudaErrorInsufficientDriver", EngineMissing, "finds no GPU"),
        ("", EngineMissing, "the GPU failed: Failed to create NvDsInferContext"),
    ],
)
def test_what_is_the_gpus_names_no_line(
    config: Path, line: str, kind: type[SmartrecError], says: str
) -> None:
    error = context(config, "CUDA_ERROR", line)
    assert type(error) is kind
    assert says in str(error)
    assert str(config) not in str(error)
    assert "nvidia-smi" in (error.hint or "")


def test_our_own_model_is_not_the_users_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "nvinfer.txt"
    (tmp_path / "a.onnx").touch()
    path.write_text(configuration(Generated("a.onnx", "a.engine", "l", "/gone.so", 1)))
    error = context(path, "CUSTOM_LIB_FAILED")
    assert isinstance(error, ModelUnusable)
    assert str(error).startswith("DeepStream does not take the built-in model (NVDSINFER_CUSTOM")
    assert "no such file: /gone.so" in str(error)
    assert 'detector.engine = "portable"' in (error.hint or "")


def test_errors_that_are_not_nvinfers_stay_what_they_are(config: Path) -> None:
    where = "gstbasesrc.c(3072): loop (): /GstPipeline:p/GstNvStreamMux:mux:\nstreaming stopped"
    for file in (config, None):
        error = failure_of("gst-stream-error-quark", 1, "Internal\x1b[1m", where, config=file)
        assert isinstance(error, PipelineError)
        assert (error.element, error.debug) == ("mux", where)
        assert str(error) == "mux: Internal\\x1b[1m (gst-stream-error-quark 1)"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    message=st.sampled_from([PARSING, CONTEXT, ""]) | st.text(max_size=40),
    status=st.sampled_from(["", "CONFIG_FAILED", "NULL", "CUDA_ERROR"]),
    lines=st.lists(st.text(max_size=60) | st.sampled_from(["Unique ID not set"]), max_size=4),
    text=st.text(max_size=60),
)
def test_any_texts_become_one_of_our_errors(
    config: Path, message: str, status: str, lines: list[str], text: str
) -> None:
    config.write_bytes(text.encode("utf-8", "surrogatepass"))
    error = failure_of("d", 1, message, debug(config, status), lines, config=config)
    assert isinstance(error, SmartrecError)
    assert all(line.isprintable() for line in str(error).split("\n"))
