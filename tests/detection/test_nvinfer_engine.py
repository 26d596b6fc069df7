"""Names of engines, and files that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.nvinfer_engine import EngineName, engine_name, no_engine


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.onnx_b1_gpu0_fp16.engine", EngineName("a.onnx", 1, "gpu0", "fp16")),
        ("a_b2_b30_dla1_int8.engine", EngineName("a_b2", 30, "dla1", "int8")),
        ("model_b8_gpu1_fp32.engine", EngineName("model", 8, "gpu1", "fp32")),
        ("yolo.engine", None),
        ("a.onnx_b1_gpu0_fp16.plan", None),
        ("a.onnx_b_gpu0_fp16.engine", None),
        ("_b1_gpu0_fp16.engine", None),
    ],
)
def test_names_say_what_an_engine_was_built_for(name: str, said: EngineName | None) -> None:
    assert engine_name(name) == said
    assert said is None or str(said) == name


@given(
    st.builds(
        EngineName,
        st.text(min_size=1).filter(lambda text: "/" not in text),
        st.integers(1, 1024),
        st.sampled_from(["gpu0", "gpu12", "dla0"]),
        st.sampled_from(["fp32", "fp16", "int8", "best"]),
    )
)
def test_names_come_back(name: EngineName) -> None:
    assert engine_name(str(name)) == name


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"PK\x03\x04rest", "an archive"),
        (b"<html>", "HTML"),
        (b"\x08\x08\x12\x07pytorch", "an ONNX file"),
        (b'\x1a\x04\x00\x00{"description": "Ultralytics"', "metadata of its exporter"),
    ],
)
def test_files_that_are_no_engine_are_named(first: bytes, words: str) -> None:
    assert words in (no_engine(first) or "")


def test_an_engine_and_what_is_not_known_pass() -> None:
    assert no_engine(b"ftrt\0\0\0\0rest") is None
    assert no_engine(b"ptrt\0\0\0\0rest") is None
    assert no_engine(b"something else") is None


@given(st.binary(max_size=64))
def test_any_bytes_are_answered(first: bytes) -> None:
    assert no_engine(first) is None or no_engine(first)
