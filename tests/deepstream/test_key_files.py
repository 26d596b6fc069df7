"""Our reading of key files against GLib itself, whose parser nvinfer uses."""

from collections.abc import Callable
from pathlib import Path

import pytest
from gi.repository import GLib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.detection.nvinfer_config import Generated, configuration
from smartrec.detection.nvinfer_keys import switch, whole
from smartrec.detection.nvinfer_lint import read_configuration
from smartrec.detection.pgie_text import escaped

WORDS = [
    "0", "1", "-1", "+7", "true", "True", "false", "1.5", "2147483647", "2147483648", "1 # one",
    "1#", "0x10", "", "1;2", "99999999999", "7 ", "007", "1e3", "a;b;c",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(WORDS),
    st.integers().map(str),
    st.from_regex(r"\A[-+ 0-9a-z#;.]{0,8}\Z"),
)


def glib(text: str) -> GLib.KeyFile:
    file = GLib.KeyFile()
    file.load_from_data(text, len(text.encode()), GLib.KeyFileFlags.NONE)
    return file


def answer(ask: Callable[[str, str], object]) -> object:
    try:
        return ask("property", "key")
    except GLib.Error:
        return None


@given(VALUES)
def test_whole_numbers_and_switches_are_read_as_glib_reads_them(value: str) -> None:
    file = glib(f"[property]\nkey={value}\n")
    said = value.strip()
    assert whole(said) == answer(file.get_integer)
    assert switch(said) == answer(file.get_boolean)


@given(st.text(max_size=20).filter(lambda text: "\0" not in text))
def test_escaped_text_is_what_glib_reads(text: str) -> None:
    if text.strip(" \n\t\r") != text.strip():
        return  # GLib knows no escape for the rarer blanks at the ends
    file = glib(f"[property]\nkey={escaped(text)}\n")
    assert file.get_string("property", "key") == text


LINES = st.one_of(
    st.sampled_from(["# x", "", "  # x", "[property]", "[class-attrs-all]", "interval"]),
    st.tuples(st.sampled_from(["interval", "batch-size ", " gpu-id", "topk"]), VALUES).map(
        "=".join
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=12))
def test_a_file_says_to_us_what_it_says_to_glib(tmp_path: Path, lines: list[str]) -> None:
    text = "\n".join(["[property]", *lines])
    path = tmp_path / "a.txt"
    path.write_text(text)
    found = read_configuration(path)
    try:
        file = glib(text)
    except GLib.Error:
        assert any("is neither" in each.words for each in found.findings)
        return
    for (group, key), each in found.said.items():
        assert file.get_value(group, key).strip() == each.value


def test_glib_reads_the_configuration_of_our_own_model() -> None:
    file = glib(configuration(Generated("a b.onnx", " e", "l", "/x\\y/p.so", 3)))
    assert file.get_string("property", "onnx-file") == "a b.onnx"
    assert file.get_string("property", "model-engine-file") == " e"
    assert file.get_string("property", "custom-lib-path") == "/x\\y/p.so"
    assert file.get_integer("property", "network-mode") == 2
    assert file.get_boolean("property", "maintain-aspect-ratio") is True
    assert file.get_double("class-attrs-all", "pre-cluster-threshold") == pytest.approx(0.1)
