"""Configurations of nvinfer: files as they are found in the field, and files with mistakes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.detection.nvinfer import keys_of
from smartrec.detection.pgie import Pgie, read_pgie
from smartrec.errors import ConfigError

YOLO = """\
# a detector of 80 classes

[property]
gpu-id=0
net-scale-factor=0.0039215697906911373
model-color-format=0
onnx-file=yolo.onnx
model-engine-file=model_b1_gpu0_fp32.engine
#int8-calib-file=calib.table
labelfile-path=labels.txt
batch-size=1
network-mode=0
num-detected-classes=80
interval=0
gie-unique-id=1
process-mode=1
network-type=0
cluster-mode=2
maintain-aspect-ratio=1
symmetric-padding=1
parse-bbox-func-name=NvDsInferParseYolo
custom-lib-path=nvdsinfer_custom_impl_Yolo/libnvdsinfer_custom_impl_Yolo.so
engine-create-func-name=NvDsInferYoloCudaEngineGet

[class-attrs-all]
nms-iou-threshold=0.45
pre-cluster-threshold=0.25
topk=300
"""
NANODET = """\
[property]
onnx-file = yolo.onnx
net-scale-factor = .0174
offsets = 103.53;116.28;123.675;
model-color-format = 1
maintain-aspect-ratio = true
labelfile-path = labels.txt
output-blob-names = cls;box
infer-dims = 3;416;416
cluster-mode=4

[class-attrs-all]
threshold = 0.6
roi-top-offset = 0

[class-attrs-2]
pre-cluster-threshold = 0.3
border-color = 1;0;0;1
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory with the files that configurations name."""
    (tmp_path / "yolo.onnx").touch()
    (tmp_path / "labels.txt").write_text("car\nbicycle\nPerson\r\n")
    return tmp_path


def written(home: Path, text: str, name: str = "pgie.txt") -> Path:
    path = home / name
    path.write_text(text)
    return path


def mistakes(home: Path, text: str, name: str = "pgie.txt") -> list[str]:
    path = written(home, text, name)
    with pytest.raises(ConfigError) as caught:
        read_pgie(path)
    assert caught.value.hint
    return [line.removeprefix(str(path)) for line in str(caught.value).split("\n")]


def test_a_yolo_configuration_is_read_and_says_what_it_cannot_give(home: Path) -> None:
    assert read_pgie(written(home, YOLO)) == Pgie(
        onnx_file=home / "yolo.onnx",
        labels_file=home / "labels.txt",
        scale=0.0039215697906911373,
        color="rgb",
        keep_aspect=True,
        symmetric_padding=True,
        threshold=0.25,
        nms_iou=0.45,
        num_classes=80,
        ignored=(
            "parse-bbox-func-name",
            "custom-lib-path",
            "engine-create-func-name",
            "topk",
        ),
    )


def test_yaml_says_the_same(home: Path) -> None:
    lines = ["property:", *(f"  {line.replace('=', ': ', 1)}" for line in YOLO.splitlines()[3:-4])]
    tail = ["class-attrs-all:", "  nms-iou-threshold: 0.45", "  pre-cluster-threshold: 0.25"]
    text = "\n".join([*lines, *tail, "  topk: 300"])
    assert read_pgie(written(home, text, "pgie.yml")) == read_pgie(written(home, YOLO))
    text = text.replace("topk", "topkk")
    assert mistakes(home, text, "pgie.yml") == [":26: topkk: unknown; did you mean topk?"]


def test_offsets_colours_and_the_persons_own_threshold_are_read(home: Path) -> None:
    pgie = read_pgie(written(home, NANODET))
    assert (pgie.offsets, pgie.color) == ((103.53, 116.28, 123.675), "bgr")
    assert (pgie.keep_aspect, pgie.symmetric_padding) == (True, False)
    assert (pgie.threshold, pgie.nms_iou, pgie.num_classes) == (0.3, None, None)
    assert pgie.ignored == ()


def test_classes_that_are_asked_for_bring_their_own_threshold(home: Path) -> None:
    path = written(home, NANODET)
    assert read_pgie(path, (0,)).threshold == 0.6
    assert read_pgie(path, (0, 2)).threshold == 0.3


def test_the_least_file_gives_the_defaults_of_nvinfer(home: Path) -> None:
    assert read_pgie(written(home, "[property]\nonnx-file=yolo.onnx")) == Pgie(home / "yolo.onnx")


def test_a_gray_model_has_one_offset(home: Path) -> None:
    text = "[property]\nonnx-file=yolo.onnx\nmodel-color-format=2\noffsets=127.5"
    pgie = read_pgie(written(home, text))
    assert (pgie.color, pgie.offsets) == ("gray", (127.5, 127.5, 127.5))
    assert mistakes(home, text + ";1;1") == [
        ":4: offsets: must be 1 for gray, like 127.5, not '127.5;1;1'"
    ]


def test_what_stands_twice_counts_as_it_stands_last(home: Path) -> None:
    text = "[property]\nonnx-file=none\n[class-attrs-all]\n[property]\nonnx-file=yolo.onnx"
    assert read_pgie(written(home, text)).onnx_file == home / "yolo.onnx"


def test_paths_begin_at_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "sub").mkdir()
    text = "[property]\nonnx-file=../yolo.onnx"
    monkeypatch.chdir(home)
    written(home / "sub", text)
    assert read_pgie(Path("sub/pgie.txt")).onnx_file.is_file()


def test_all_mistakes_are_told_at_once_with_their_lines(home: Path) -> None:
    text = """\
onnx-file=yolo.onnx
[property]
onnx-fil=yolo.onnx
onnx-file=gone.onnx
labelfile-path=gone.txt
net-scale-factor=1/255
model-color-format=RGB
offsets=1;2
maintain-aspect-ratio=yes # keep it
what is this
[class-attr-all]
pre-cluster-threshold=0.2
[class-attrs-all]
pre-cluster-threshold=20
"""
    assert mistakes(home, text) == [
        ":1: stands before the first group, which is [property]",
        ":3: onnx-fil: unknown; did you mean onnx-file?",
        f":4: onnx-file: must be a file that is there (looked for {home}/gone.onnx), "
        "not 'gone.onnx'",
        f":5: labelfile-path: must be a file that is there (looked for {home}/gone.txt), "
        "not 'gone.txt'",
        ":6: net-scale-factor: must be a number from 1e-09 to 1e+09, not '1/255'",
        ":7: model-color-format: must be a whole number from 0 to 2, not 'RGB'",
        ":8: offsets: must be 3 for rgb, like 123.675;116.28;103.53, not '1;2'",
        ":9: maintain-aspect-ratio: must be 0 or 1, not 'yes # keep it'; "
        "a comment needs a line of its own",
        ":10: is neither [group], key=value nor # comment: 'what is this'",
        ":11: [class-attr-all]: unknown; did you mean class-attrs-all?",
        ":14: pre-cluster-threshold: must be a number from 0 to 1, not '20'",
    ]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("model-engine-file=a.engine", "model-engine-file (an engine of TensorRT)"),
        ("tlt-encoded-model=a.etlt\ntlt-model-key=k", "tlt-encoded-model"),
        ("model-file=a.caffemodel\nproto-file=a.prototxt", "model-file (a Caffe model)"),
        ("uff-file=a.uff", "uff-file"),
    ],
)
def test_a_file_without_onnx_says_what_is_needed(home: Path, said: str, names: str) -> None:
    (line,) = mistakes(home, f"[property]\n{said}\n")
    assert names in line
    assert "add onnx-file=MODEL.onnx" in line


@pytest.mark.parametrize(
    "said", ["process-mode=2", "network-type=1", "network-type=2", "is-classifier=1"]
)
def test_what_is_no_detector_for_whole_pictures_is_refused(home: Path, said: str) -> None:
    (line,) = mistakes(home, f"[property]\nonnx-file=yolo.onnx\n{said}")
    assert line.startswith(f":3: {said}: ")


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("cluster-mode=1", ("cluster-mode",)),
        ("cluster-mode=2", ()),
        ("interval=4", ("interval",)),
        ("mean-file=mean.ppm", ("mean-file",)),
        ("network-mode=2\nint8-calib-file=x\nworkspace-size=2000", ()),
        ("output-tensor-meta=1\nscaling-filter=1", ()),
        ("[class-attrs-all]\ndetected-min-w=16", ("detected-min-w",)),
        ("[class-attrs-7]\ndetected-min-w=16", ()),
    ],
)
def test_only_keys_that_change_what_is_found_are_named(
    home: Path, said: str, named: tuple[str, ...]
) -> None:
    path = written(home, f"[property]\nonnx-file=yolo.onnx\n{said}")
    assert read_pgie(path).ignored == named


def test_other_files_are_told_for_what_they_are(home: Path) -> None:
    app = "[application]\nperf=1\n[primary-gie]\nconfig-file=pgie.txt"
    assert "configures deepstream-app" in mistakes(home, app)[0]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path, Path("/dev/zero"), tmp_path / "a\0b"):
        with pytest.raises(ConfigError) as caught:
            read_pgie(path)
        assert caught.value.hint
        assert str(caught.value).isprintable()


def test_many_mistakes_end_in_a_count(home: Path) -> None:
    found = mistakes(home, "x\n" * 500)
    assert len(found) == 21
    assert found[-1].endswith("more")


KEYS = [*(keys_of("property") or ()), *(keys_of("class-attrs-all") or ()), "onnx-fil", "", " a "]
VALUES = st.one_of(
    st.sampled_from(["yolo.onnx", "labels.txt", "0", "1", "2", "1e999", "nan", "1;2;3", "", "."]),
    st.text(max_size=8),
)
LINES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["[property]", "[class-attrs-all]", "[class-attrs-0]", "# x", "[]", "[[a]]"]),
    st.tuples(st.sampled_from(KEYS), VALUES).map("=".join),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, max_size=12))
def test_any_text_is_a_configuration_or_is_answered(home: Path, lines: list[str]) -> None:
    text = "\n".join(["[property]", "onnx-file=yolo.onnx", *lines])
    path = home / "any.txt"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        pgie = read_pgie(path)
    except ConfigError as error:
        said = str(error).split("\n")
        assert all(line.startswith(str(path)) and line.isprintable() for line in said[:20])
    else:
        assert pgie.onnx_file.is_file()
        assert pgie.scale > 0
        assert pgie.threshold is None or 0 <= pgie.threshold <= 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_are_answered(home: Path, data: bytes) -> None:
    path = home / "any.txt"
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        read_pgie(path)
