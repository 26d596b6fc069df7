"""A configuration with the files it names: everything that would stop nvinfer, told at once."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.errors import ConfigError
from smartrec.media.engines.deepstream.lint import Wanted, lint, persons_of

TEXT = """\
[property]
onnx-file=a.onnx
model-engine-file=a.onnx_b1_gpu0_fp16.engine
labelfile-path=labels.txt
num-detected-classes=2
network-mode=2
custom-lib-path=libcustom.so
parse-bbox-func-name=Parse
"""
ENGINE = "a.onnx_b1_gpu0_fp16.engine"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("custom") / "libcustom.so"
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(made)]
    subprocess.run(command, input=b"int Parse(void) { return 1; }", check=True, timeout=50)
    return made


@pytest.fixture
def home(tmp_path: Path, library: Path) -> Path:
    """A directory with a configuration and the files it names, but for the engine."""
    (tmp_path / "a.onnx").write_bytes(b"\x08\x08")
    (tmp_path / "labels.txt").write_text("car\nperson\n")
    (tmp_path / "libcustom.so").symlink_to(library)
    (tmp_path / "pgie.txt").write_text(TEXT)
    return tmp_path


def told(home: Path, text: str = TEXT, wanted: Wanted | None = None) -> list[tuple[int, str, bool]]:
    path = home / "pgie.txt"
    path.write_text(text)
    found = lint(path, wanted or Wanted())
    return [(each.line, each.words, each.stops) for each in found.findings]


def engine(home: Path, name: str = ENGINE, data: bytes = b"ftrt" + bytes(60)) -> Path:
    (home / name).write_bytes(data)
    os.utime(home / "a.onnx", (1, 1))
    return home / name


def test_a_file_that_works_passes_before_and_after_its_engine_is_built(home: Path) -> None:
    assert told(home) == []
    engine(home)
    assert told(home) == []


def test_everything_that_is_missing_is_told_at_once_in_the_order_of_lines(home: Path) -> None:
    text = """\
[property]
onnx-file=gone.onnx
labelfile-path=gone.txt
num-detected-clases=2
num-detected-classes=1
network-mode=1
int8-calib-file=gone.table
mean-file=gone.ppm
filter-out-class-ids=0
custom-lib-path=gone.so
custom-network-config=gone.cfg
"""
    assert told(home, text) == [
        (2, f"onnx-file: no such file: {home}/gone.onnx", True),
        (3, f"labelfile-path: no such file: {home}/gone.txt", True),
        (4, "num-detected-clases: unknown; did you mean num-detected-classes?", True),
        (
            7,
            f"int8-calib-file: no such file: {home}/gone.table; nvinfer builds for fp16 instead",
            False,
        ),
        (8, f"mean-file: no such file: {home}/gone.ppm", True),
        (9, "filter-out-class-ids: drops class 0, the persons", True),
        (10, f"custom-lib-path: no such file: {home}/gone.so", True),
        (
            11,
            f"custom-network-config: no such file: {Path.cwd()}/gone.cfg "
            "(it begins where smartrec was started)",
            False,
        ),
    ]


def test_a_function_that_the_library_lacks_is_told_at_its_line(home: Path) -> None:
    text = TEXT.replace("=Parse", "=NvDsInferParseYolo") + "engine-create-func-name=Get\n"
    path = home / "libcustom.so"
    assert told(home, text) == [
        (8, f"parse-bbox-func-name: NvDsInferParseYolo is not in {path}", True),
        (9, f"engine-create-func-name: Get is not in {path}", True),
    ]


def test_a_library_that_does_not_load_is_told_at_its_line(home: Path) -> None:
    (home / "libcustom.so").unlink()
    (home / "libcustom.so").write_text("version https://git-lfs")
    assert told(home) == [
        (7, f"custom-lib-path: {home}/libcustom.so is no library (no ELF file)", True)
    ]


def test_labels_are_counted_as_nvinfer_counts_them(home: Path) -> None:
    (home / "labels.txt").write_text("car\n\nperson\n\n")
    assert told(home) == []
    (home / "labels.txt").write_text("car\nbus\nbicycle")
    assert told(home) == [(4, "labelfile-path: 3 labels for num-detected-classes=2", False)]
    (home / "labels.txt").write_text("\n\n")
    assert told(home) == [(4, f"labelfile-path: {home}/labels.txt is empty", True)]


def test_persons_that_are_dropped_are_told(home: Path) -> None:
    (home / "labels.txt").write_text("car\nbus\nperson\n")
    lines = [(line, stops) for line, _, stops in told(home)]
    assert lines == [(4, False), (5, True)]
    wanted = Wanted(person_class_ids=(7,))
    assert (5, "num-detected-classes: 2, so class 7, the persons, is dropped", True) in told(
        home, wanted=wanted
    )


def test_persons_are_the_settings_or_the_labels_or_class_0(home: Path) -> None:
    found = lint(home / "pgie.txt", Wanted())
    assert persons_of(found, Wanted()) == (1,)
    assert persons_of(found, Wanted(person_class_ids=(0, 1))) == (0, 1)
    (home / "pgie.txt").write_text(TEXT.replace("labelfile-path=labels.txt\n", ""))
    assert persons_of(lint(home / "pgie.txt", Wanted()), Wanted()) == (0,)


def test_an_engine_for_fewer_cameras_is_built_anew_or_stops(home: Path) -> None:
    engine(home)
    words = "model-engine-file: was built for 1, and there are 3 cameras"
    assert told(home, wanted=Wanted(batch=3)) == [(3, f"{words}; it is built anew", False)]
    text = TEXT.replace("onnx-file=a.onnx\n", "")
    assert told(home, text, Wanted(batch=3)) == [(2, words, True)]
    assert told(home, text, Wanted(batch=1)) == []


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("a.onnx_b1_gpu0_fp32.engine", "", "is of fp32, network-mode asks for fp16; the engine"),
        ("a.onnx_b1_gpu1_fp16.engine", "", "was built on gpu1 and shall run on gpu0"),
        ("a.onnx_b1_gpu0_fp16.engine", "gpu-id=2\n", "was built on gpu0 and shall run on gpu2"),
        (
            "a.onnx_b1_gpu0_fp16.engine",
            "enable-dla=1\nuse-dla-core=1\n",
            "was built on gpu0 and shall run on dla1",
        ),
    ],
)
def test_an_engine_for_something_else_is_told_and_used(
    home: Path, name: str, more: str, words: str
) -> None:
    engine(home, name)
    ((line, said, stops),) = told(home, TEXT.replace(ENGINE, name) + more)
    assert (line, stops) == (3, False)
    assert said.startswith(f"model-engine-file: {words}")


def test_an_engine_older_than_its_model_is_told(home: Path) -> None:
    os.utime(engine(home), (1, 1))
    os.utime(home / "a.onnx", (9, 9))
    ((line, words, stops),) = told(home)
    assert (line, stops) == (3, False)
    assert words.startswith("model-engine-file: is older than onnx-file")


def test_a_file_that_is_no_engine_is_named(home: Path) -> None:
    engine(home, data=b"version https://git-lfs.github.com/spec/v1\n")
    ((line, words, stops),) = told(home)
    assert (line, stops) == (3, False)
    assert "git lfs pull; it is built anew" in words
    ((_, _, stops),) = told(home, TEXT.replace("onnx-file=a.onnx\n", ""))
    assert stops


def test_an_engine_alone_must_be_there(home: Path) -> None:
    ((line, words, stops),) = told(
        home,
        TEXT.replace("onnx-file=a.onnx\n", "").replace(
            "custom-lib-path=libcustom.so\nparse-bbox-func-name=Parse\n", ""
        ),
    )
    assert (line, stops) == (2, True)
    assert words.endswith(f"no such file: {home}/{ENGINE}; and no onnx-file to build it from")


def test_with_its_engine_the_model_itself_may_be_gone(home: Path) -> None:
    engine(home)
    (home / "a.onnx").unlink()
    assert told(home) == [
        (2, f"onnx-file: no such file: {home}/a.onnx; the engine is used without it", False)
    ]


def test_models_of_caffe_and_uff_stop_where_tensorrt_no_longer_reads_them(home: Path) -> None:
    (home / "m").touch()
    text = "[property]\nnum-detected-classes=1\nuff-file=m\nmodel-file=m\nproto-file=m\n"
    assert told(home, text, Wanted(version=(6, 4))) == []
    words = "which DeepStream 8.0 no longer reads; export it to ONNX"
    assert told(home, text, Wanted(version=(8, 0))) == [
        (3, f"uff-file: a model of UFF, {words}", True),
        (4, f"model-file: a model of Caffe, {words}", True),
    ]


KEYS = ["onnx-file", "model-engine-file", "labelfile-path", "mean-file", "uff-file", "batch-size"]
VALUES = st.one_of(
    st.sampled_from([".", "/", "a.onnx", "labels.txt", "x" * 5000, "/dev/null", "~", "..", ENGINE]),
    st.text(max_size=8),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), VALUES), max_size=6))
def test_any_file_names_are_answered(home: Path, said: list[tuple[str, str]]) -> None:
    text = "\n".join(["[property]", *map("=".join, said)])
    path = home / "any.txt"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = lint(path, Wanted(batch=2, version=(9, 1)))
    except ConfigError:
        return  # a lone surrogate is no UTF-8
    assert found.findings == sorted(found.findings)
