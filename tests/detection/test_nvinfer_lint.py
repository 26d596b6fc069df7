"""The text of a configuration as DeepStream reads it: what works passes, what does not is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.detection.nvinfer import keys_of
from smartrec.detection.nvinfer_keys import key_of
from smartrec.detection.nvinfer_lint import Configuration, read_configuration
from smartrec.errors import ConfigError

LEAST = "[property]\nonnx-file=a.onnx\nnum-detected-classes=2\n"
PEOPLE = """\
## as NVIDIA's samples are written
[property]
gpu-id=0
net-scale-factor=0.0039215697906911373
onnx-file=resnet34.onnx
labelfile-path=labels.txt
model-engine-file=resnet34.onnx_b1_gpu0_int8.engine
int8-calib-file=calibration.txt
infer-dims=3;544;960;
batch-size=1 # one camera
process-mode=1
model-color-format=0
network-mode=1
num-detected-classes=3
interval=0
gie-unique-id=1
output-blob-names=output_cov/Sigmoid:0;output_bbox/BiasAdd:0
force-implicit-batch-dim=false
cluster-mode=2
scaling-compute-hw=1
offsets=124;117;104

[class-attrs-all]
topk=20
nms-iou-threshold=0.5
pre-cluster-threshold=0.4
minBoxes=3
border-color=1;0;0;1

[class-attrs-1]
detected-min-w=4
"""


def read(home: Path, text: str, name: str = "pgie.txt") -> Configuration:
    path = home / name
    path.write_text(text)
    return read_configuration(path)


def said(found: Configuration) -> list[tuple[int, str]]:
    return [(each.line, each.words) for each in sorted(found.findings)]


def test_a_file_that_works_passes(tmp_path: Path) -> None:
    found = read(tmp_path, PEOPLE)
    assert found.findings == []
    assert found.whole("batch-size", 0) == 1
    assert found.file("onnx-file") == tmp_path / "resnet34.onnx"
    assert found.threshold((1,)) == 0.4


def test_the_same_in_yaml_passes(tmp_path: Path) -> None:
    lines = []
    for line in PEOPLE.splitlines():
        if line.startswith("["):
            lines.append(f"{line[1:-1]}:")
        elif "=" in line:
            lines.append("  " + line.replace("=", ": ", 1).replace("false", "0").rstrip(";"))
    found = read(tmp_path, "\n".join(lines), "pgie.yml")
    assert found.findings == []
    assert found.on("enable-dla") is False
    assert found.classes("infer-dims") == {3, 544, 960}


def test_yaml_takes_numbers_for_switches(tmp_path: Path) -> None:
    text = (
        "property:\n  onnx-file: a.onnx\n  num-detected-classes: 1\n  maintain-aspect-ratio: true"
    )
    assert said(read(tmp_path, text, "a.yml")) == [
        (4, "maintain-aspect-ratio: must be 0 or 1, not 'true'")
    ]


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    text = """\
[property]
onnx-fil=a.onnx
onnx-file=
network-mode=4
network-type=7
batch-size=0
gie-unique-id=0
infer-dims=3;640
offsets=1;2
num-detected-classes=2
filter-out-class-ids=1,2
maintain-aspect-ratio=True
model-engine-file=C:\\model.engine
interval=-1
[class-attrs-2]
pre-cluster-threshold=0.2
border-color=255;0;0;1
[class-attr-1]
"""
    assert said(read(tmp_path, text)) == [
        (2, "onnx-fil: unknown; did you mean onnx-file?"),
        (3, "onnx-file: must be the path of a file, or left out, not ''"),
        (4, "network-mode: must be 0 (fp32), 1 (int8), 2 (fp16) or 3 (best), not '4'"),
        (
            5,
            "network-type: must be 0 (detector), 1 (classifier), 2 (segmentation), "
            "3 (instance masks) or 100 (other), not '7'",
        ),
        (6, "batch-size: must be a whole number from 1 to 1024, not '0'"),
        (7, "gie-unique-id: must be a whole number from 1 up, not '0'"),
        (8, "infer-dims: must be 3 whole numbers with ; between, like 3;640;640, not '3;640'"),
        (9, "offsets: 2 numbers for a model of 3 channels"),
        (11, "filter-out-class-ids: must be whole numbers with ; between, like 1;2, not '1,2'"),
        (12, "maintain-aspect-ratio: must be 0 or 1, not 'True'"),
        (
            13,
            r"model-engine-file: must be text without \ (of GLib's escapes only \s \n \t \r \\ "
            r"are known), not 'C:\\model.engine'",
        ),
        (14, "interval: must be a whole number from 0 up, not '-1'"),
        (15, "[class-attrs-2]: there are 2 classes, 0 to 1 (num-detected-classes)"),
        (
            17,
            "border-color: must be 4 numbers from 0 to 1 with ; between, like 1;0;0;1, "
            "not '255;0;0;1'",
        ),
        (18, "[class-attr-1]: unknown; did you mean class-attrs-0?"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "has no group [property]"),
        ("[class-attrs-all]\n", 0, "has no group [property]"),
        ("[property]\nnum-detected-classes=1", 0, "names no model; add onnx-file=MODEL.onnx"),
        ("[property]\nonnx-file=a.onnx", 1, "num-detected-classes: is not said"),
        (LEAST + "process-mode=2", 4, "process-mode: 2 is a model that looks at what another"),
        (LEAST + "network-type=1", 4, "network-type: 1 is a classifier"),
        (LEAST + "network-type=2", 4, "network-type: 2 is a segmentation"),
        (LEAST + "network-type=100", 4, "network-type: 100 is a model whose outputs"),
        (LEAST + "is-classifier=1", 4, "is-classifier: 1 is a classifier"),
        (LEAST + "input-tensor-from-meta=1", 4, "input-tensor-from-meta: needs nvdspreprocess"),
        (LEAST + "model-color-format=2\noffsets=1;2;3", 5, "offsets: 3 numbers for a model of 1"),
        (LEAST + "output-instance-mask=1", 4, "output-instance-mask: works with cluster-mode=4"),
        (LEAST + "tlt-encoded-model=a.etlt", 4, "tlt-encoded-model: needs tlt-model-key"),
        (LEAST + "model-file=a.caffemodel", 4, "model-file: needs proto-file beside it"),
        (LEAST + "overwrite-input-tensor=1", 4, "overwrite-input-tensor: puts a file"),
        (LEAST + "uff-input-dims=3;5;9;7", 4, "uff-input-dims: must be 4 whole numbers"),
        (LEAST + "net-scale-factor=nan", 4, "net-scale-factor: must be a number"),
        (LEAST + "max-gpu-mem-per=150", 4, "max-gpu-mem-per: must be a whole number from 0"),
        (LEAST + "batch-size=4 cameras\ninterval=4#", 5, "comment needs a line of its own"),
    ],
)
def test_what_nvinfer_cannot_do_stops(tmp_path: Path, text: str, line: int, words: str) -> None:
    (finding,) = read(tmp_path, text).findings
    assert (finding.line, finding.stops) == (line, True)
    assert words in finding.words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("parse-bbox-func-name=F", "parse-bbox-func-name: is let be by nvinfer"),
        ("network-mode=1", "network-mode: needs int8-calib-file for int8"),
    ],
)
def test_what_only_surprises_is_told_and_does_not_stop(
    tmp_path: Path, text: str, words: str
) -> None:
    (finding,) = read(tmp_path, LEAST + text).findings
    assert (finding.line, finding.stops) == (4, False)
    assert finding.words.startswith(words)


def test_a_name_that_nvinfer_takes_for_no_yaml_is_told(tmp_path: Path) -> None:
    text = "property:\n  onnx-file: a.onnx\n  num-detected-classes: 1\n"
    ((line, words),) = said(read(tmp_path, text, "a.YML"))
    assert line == 0
    assert "ends in .yml or .yaml" in words


def test_paths_begin_beside_the_file_itself_not_beside_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/pgie.txt").write_text(LEAST.replace("a.onnx", r"a\sb.onnx"))
    (tmp_path / "pgie.txt").symlink_to("real/pgie.txt")
    found = read_configuration(tmp_path / "pgie.txt")
    assert found.file("onnx-file") == tmp_path / "real/a b.onnx"


def test_the_weakest_threshold_of_the_persons_counts(tmp_path: Path) -> None:
    text = LEAST + "[class-attrs-all]\nthreshold=0.4\n[class-attrs-1]\npre-cluster-threshold=0.3"
    found = read(tmp_path, text)
    assert found.threshold((0,)) == 0.4
    assert found.threshold((0, 1)) == 0.3
    assert read(tmp_path, LEAST).threshold((0,)) is None


def test_every_key_that_the_portable_engine_knows_has_a_rule() -> None:
    for group in ("property", "class-attrs-all", "class-attrs-3"):
        for key in keys_of(group) or ():
            rule = key_of(group, key)
            assert rule is not None
            assert rule.must
    assert key_of("property", "pre-cluster-threshold") is None
    assert key_of("sources", "batch-size") is None


KEYS = [*(keys_of("property") or ()), *(keys_of("class-attrs-all") or ()), "onnx-fil", "", " a "]
VALUES = st.one_of(
    st.sampled_from(["a.onnx", "0", "1", "2", "-1", "1e999", "nan", "1;2;3", "", ".", ";", "\\"]),
    st.text(max_size=8),
)
GROUPS = ["[property]", "[class-attrs-all]", "[class-attrs-0]", "[class-attrs-9999]", "[]", "[a"]
YAML = ["property:", "class-attrs-all:", "class-attrs-0:", "  ", "\t", "- a", "'", "{"]


def lines(*, yaml: bool) -> st.SearchStrategy[str]:
    said = st.tuples(st.sampled_from(KEYS), VALUES)
    pair = said.map(lambda each: f"  {each[0]}: {each[1]}" if yaml else "=".join(each))
    return st.one_of(st.text(max_size=12), st.sampled_from(YAML if yaml else GROUPS), pair)


@pytest.mark.parametrize("name", ["any.txt", "any.yml"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_text_is_answered(tmp_path: Path, name: str, data: st.DataObject) -> None:
    first = "property:" if name.endswith("yml") else "[property]"
    text = data.draw(st.lists(lines(yaml=name.endswith("yml")), max_size=12))
    path = tmp_path / name
    path.write_bytes("\n".join([first, *text]).encode("utf-8", "surrogatepass"))
    try:
        found = read_configuration(path)
    except ConfigError:
        return  # a lone surrogate is no UTF-8
    assert all(each.words and each.line >= 0 for each in found.findings)
    found.threshold((0, 1))


def mutations(text: str) -> Iterator[str]:
    """Of each line: gone, twice, cut, without its equals sign, with a letter more."""
    written = text.splitlines()
    for at, line in enumerate(written):
        for other in ([], [line, line], [line[: len(line) // 2]], [line.replace("=", " ")]):
            yield "\n".join([*written[:at], *other, *written[at + 1 :]])
        yield "\n".join([*written[:at], f"x{line}", *written[at + 1 :]])


def test_no_mutation_of_a_file_crashes_and_most_are_told(tmp_path: Path) -> None:
    told = [bool(read(tmp_path, text).findings) for text in mutations(PEOPLE)]
    assert sum(told) > len(told) / 2
