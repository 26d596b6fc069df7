"""Both forms of nvinfer's files, read line by line."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.detection.pgie_text import (
    Finding,
    Statement,
    escaped,
    is_yaml,
    read_text,
    statements,
    unescaped,
)
from smartrec.errors import ConfigError

YAML = """\
---
# a detector
property:
  gpu-id: 0   # the first
  onnx-file: "models/a b.onnx"
  infer-dims: 3;544;960

  ## between
  output-blob-names: a:0;b:0
class-attrs-all:
    pre-cluster-threshold: 0.2
class-attrs-2:
  topk: '20'
  border-color:
"""


def read(text: str) -> list[Statement | Finding]:
    return list(statements(text, yaml=True))


def words(text: str) -> list[tuple[int, str]]:
    return [(each.line, each.words) for each in read(text) if isinstance(each, Finding)]


def test_yaml_says_what_a_key_file_says() -> None:
    assert read(YAML) == [
        Statement("property", "", "", 3),
        Statement("property", "gpu-id", "0", 4),
        Statement("property", "onnx-file", "models/a b.onnx", 5),
        Statement("property", "infer-dims", "3;544;960", 6),
        Statement("property", "output-blob-names", "a:0;b:0", 9),
        Statement("class-attrs-all", "", "", 10),
        Statement("class-attrs-all", "pre-cluster-threshold", "0.2", 11),
        Statement("class-attrs-2", "", "", 12),
        Statement("class-attrs-2", "topk", "20", 13),
        Statement("class-attrs-2", "border-color", "", 14),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("  gpu-id: 0", 1, "stands before the first group"),
        ("gpu-id: 0", 1, "gpu-id: stands at the margin; indent it below its group"),
        ("property:\n  gpu-id=0", 2, "is neither group: nor key: value: 'gpu-id=0'"),
        ("property:\n  gpu-id:0", 2, "is neither group: nor key: value"),
        ("property:\n  : 0", 2, "is neither group: nor key: value"),
        ("property:\n  - 0", 2, "is YAML that nvinfer's files do not need: '- 0'"),
        ("property: {gpu-id: 0}", 1, "property: is YAML that nvinfer's files do not need"),
        ("property:\n  offsets: [1, 2, 3]", 2, "offsets: is YAML"),
        ("property:\n  onnx-file: |", 2, "onnx-file: is YAML"),
        ("property: &all\n  gpu-id: 0", 1, "property: is YAML"),
        ("property:\n  gpu-id: 0\n    interval: 0", 3, "interval: is indented unlike"),
        ("property:\n\tgpu-id: 0", 2, "gpu-id: is indented unlike the line above; use spaces"),
        ("property:\n  onnx-file: 'a.onnx", 2, "onnx-file: its quotes do not match"),
        ("property:\n  onnx-file: 'a'b'", 2, "onnx-file: its quotes do not match"),
        ("[property]", 1, "is YAML that nvinfer's files do not need"),
    ],
)
def test_other_yaml_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    ((at, what), *_) = words(text)
    assert at == line
    assert said in what


def test_a_number_sign_within_quotes_or_words_is_no_comment() -> None:
    text = "property:\n  onnx-file: 'a #1.onnx' # mine\n  labelfile-path: b#2.txt"
    assert [each.value for each in read(text)[1:] if isinstance(each, Statement)] == [
        "a #1.onnx",
        "b#2.txt",
    ]


@pytest.mark.parametrize(
    ("name", "yaml"), [("a.txt", False), ("a.yml", True), ("a.yaml", True), ("a.YML", True)]
)
def test_yaml_is_told_by_the_name(name: str, yaml: bool) -> None:
    assert is_yaml(Path(name)) is yaml


@given(st.text(max_size=200), st.booleans())
def test_any_text_is_read_line_by_line(text: str, yaml: bool) -> None:
    lines = [each.line for each in statements(text, yaml=yaml)]
    assert lines == sorted(set(lines))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)


@given(
    st.dictionaries(
        st.from_regex(r"\A[a-z][a-z-]{0,20}\Z"),
        st.from_regex(r"\A[A-Za-z0-9./;][A-Za-z0-9./;:_-]{0,20}\Z").filter(
            lambda value: not value.endswith(":")
        ),
        max_size=8,
    )
)
def test_both_forms_say_the_same(said: dict[str, str]) -> None:
    keys = [f"{key}={value}" for key, value in said.items()]
    lines = [f"  {key}: {value}" for key, value in said.items()]
    assert list(statements("\n".join(["[property]", *keys]))) == read(
        "\n".join(["property:", *lines])
    )


@given(st.text())
def test_escaped_text_is_one_line_and_comes_back(text: str) -> None:
    written = escaped(text)
    assert "\n" not in written
    assert unescaped(written) == text


@pytest.mark.timeout(30)
def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pgie.txt")
    with pytest.raises(ConfigError, match=r"pgie\.txt: is no file but a pipe or a device"):
        read_text(tmp_path / "pgie.txt")
