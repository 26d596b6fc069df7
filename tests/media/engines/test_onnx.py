"""The engine on the built-in model and on small models whose outputs are known."""

import hashlib
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from smartrec.detection.persons import FLOOR
from smartrec.detection.tensors import Array
from smartrec.errors import ConfigError, DetectionFailed, ModelUnusable
from smartrec.media.engines.onnx import Engine, open_engine
from smartrec.media.watch.messages import DetectorSetup
from smartrec.model import Box
from tests.media.engines.models import PERSON, PICTURE, constant_model, save, ssd, yolov8

ASSETS = Path(str(resources.files("smartrec"))) / "assets"
GREY = np.full((128, 192, 3), 128, np.uint8)
NAMES = {"names": "{0: 'person', 1: 'car', 2: 'dog'}"}


def opened(model: Path, **settings: object) -> Engine:
    return open_engine(DetectorSetup(model=str(model), **settings))  # type: ignore[arg-type]


def refusal(model: Path, **settings: object) -> ModelUnusable:
    with pytest.raises(ModelUnusable) as caught:
        opened(model, **settings)
    assert caught.value.hint
    return caught.value


@pytest.fixture(scope="module")
def built_in() -> Engine:
    return open_engine(DetectorSetup())


@pytest.fixture(scope="module")
def room() -> Image.Image:
    with Image.open(ASSETS / "room.webp") as picture:
        return picture.convert("RGB")


def with_person(room: Image.Image, left: int) -> tuple[NDArray[np.uint8], Box]:
    """The demo's scene, and where the person is in it."""
    scene = room.copy()
    with Image.open(ASSETS / "person.webp") as person:
        top = scene.height - person.height
        scene.paste(person, (left, top), person)
        visible = person.getchannel("A").getbbox()
    assert visible is not None
    sides = (np.array(visible) + (left, top) * 2) / (scene.size * 2)
    return np.asarray(scene), Box(*sides.tolist())


def iou(one: Box, two: Box) -> float:
    width = min(one.right, two.right) - max(one.left, two.left)
    height = min(one.bottom, two.bottom) - max(one.top, two.top)
    common = max(0.0, width) * max(0.0, height)
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one, two)]
    return common / (sum(areas) - common)


@pytest.mark.parametrize("left", [80, 420, 760])
def test_the_built_in_model_sees_the_person_where_the_person_is(
    built_in: Engine, room: Image.Image, left: int
) -> None:
    picture, truth = with_person(room, left)
    found = built_in.detect(picture)
    assert found[0].score >= built_in.min_confidence
    assert iou(found[0].box, truth) > 0.7
    assert all(each.score < built_in.min_confidence for each in found[1:])


def test_the_built_in_model_sees_nobody_in_an_empty_room(
    built_in: Engine, room: Image.Image
) -> None:
    assert all(each.score < built_in.min_confidence for each in built_in.detect(np.asarray(room)))


def test_a_picture_given_as_it_fits_tells_the_same(built_in: Engine, room: Image.Image) -> None:
    picture, _ = with_person(room, 420)
    size = built_in.fit(picture.shape[1], picture.shape[0])
    assert size == (416, 234)
    fitting = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    one, two = built_in.detect(picture)[0], built_in.detect(np.asarray(fitting))[0]
    assert iou(one.box, two.box) > 0.9
    assert abs(one.score - two.score) < 0.1


def test_a_change_of_shape_between_two_pictures_changes_nothing_else(
    built_in: Engine, room: Image.Image
) -> None:
    picture, _ = with_person(room, 420)
    before = built_in.detect(picture)
    upright = np.ascontiguousarray(picture[:, 400:900])
    assert iou(built_in.detect(upright)[0].box, Box(0.1, 0.3, 0.9, 1)) > 0.5
    assert built_in.detect(picture) == before


def test_scores_fall_and_boxes_lie_within_the_picture(built_in: Engine, room: Image.Image) -> None:
    found = built_in.detect(with_person(room, 900)[0])
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= FLOOR
    for box in (each.box for each in found):
        assert 0 <= box.left < box.right <= 1
        assert 0 <= box.top < box.bottom <= 1


def test_the_built_in_model_says_what_it_is(built_in: Engine) -> None:
    assert built_in.name == "NanoDet-G"
    assert built_in.min_confidence == 0.5
    assert built_in.notes == ()
    file = ASSETS / "models" / "nanodet.onnx"
    assert built_in.digest == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_users_model_is_called_by_its_file_and_told_its_family(tmp_path: Path) -> None:
    engine = opened(constant_model(tmp_path / "mine.onnx", yolov8(), metadata=NAMES))
    assert (engine.name, engine.family, engine.notes) == ("mine.onnx", "YOLOv8", ())


def test_the_threshold_of_the_settings_counts_before_the_models(tmp_path: Path) -> None:
    model = constant_model(tmp_path / "ssd.onnx", ssd())
    assert opened(model).min_confidence == 0.5
    assert opened(model, min_confidence=0.3).min_confidence == 0.3


def test_of_two_boxes_of_one_person_the_surer_is_told(tmp_path: Path) -> None:
    engine = opened(constant_model(tmp_path / "m.onnx", yolov8(), metadata=NAMES))
    (only,) = engine.detect(GREY)
    assert only.score == pytest.approx(0.9)
    assert iou(only.box, Box(24 / 96, 16 / 64, 48 / 96, 48 / 64)) == pytest.approx(1, abs=1e-4)


def test_boxes_are_fractions_of_the_picture_not_of_the_letterbox(tmp_path: Path) -> None:
    engine = opened(constant_model(tmp_path / "m.onnx", yolov8(), metadata=NAMES))
    (only,) = engine.detect(np.full((640, 640, 3), 9, np.uint8))  # 64 x 64 from 16 to 80
    assert iou(only.box, Box(8 / 64, 16 / 64, 32 / 64, 48 / 64)) == pytest.approx(1, abs=1e-4)


def test_a_box_outside_the_picture_is_clipped_or_dropped(tmp_path: Path) -> None:
    outputs = yolov8()
    outputs["output0"][0, :4, 0] = (10, 32, 40, 32)  # from -10 to 30 across
    outputs["output0"][0, :4, 1] = (4, 32, 8, 32)  # left of the picture
    engine = opened(constant_model(tmp_path / "m.onnx", outputs, metadata=NAMES))
    (only,) = engine.detect(np.full((640, 640, 3), 9, np.uint8))
    assert iou(only.box, Box(0, 16 / 64, 14 / 64, 48 / 64)) == pytest.approx(1, abs=1e-4)


def test_other_classes_are_not_told_unless_asked_for(tmp_path: Path) -> None:
    model = constant_model(tmp_path / "m.onnx", yolov8(), metadata=NAMES)
    assert [each.score for each in opened(model, person_class_ids=(1,)).detect(GREY)] == [
        pytest.approx(0.6)
    ]
    assert len(opened(model, person_class_ids=(0, 1)).detect(GREY)) == 2


def test_a_class_below_the_floor_is_not_told(tmp_path: Path) -> None:
    assert opened(constant_model(tmp_path / "m.onnx", ssd(0.05))).detect(GREY) == []


def test_the_pixels_reach_the_model_as_it_wants_them(tmp_path: Path) -> None:
    """The score is the mean of the red channel, of 255."""
    constants = {**ssd(), "full": np.array([255], np.float32), "red": np.array([0])}
    del constants["detection_scores"]
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
        for name, value in constants.items()
    ]
    nodes += [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["floats", "red"], ["reds"], axis=3),
        helper.make_node("ReduceMean", ["reds"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceMean", ["mean"], ["one"], axes=[1], keepdims=1),
        helper.make_node("Div", ["one", "full"], ["detection_scores"]),
    ]
    outputs = list(ssd())
    shape = (1, 64, 96, 3)
    model = save(tmp_path / "m.onnx", nodes, outputs, shape=shape, dtype=TensorProto.UINT8)
    picture = np.full((50, 50, 3), (204, 20, 30), np.uint8)
    (only,) = opened(model).detect(picture)
    assert only.score == pytest.approx(0.8)
    assert only.box == Box(*PERSON)


def test_a_picture_on_which_the_model_fails_is_an_error_and_the_next_one_is_none(
    tmp_path: Path,
) -> None:
    """Its index is out of bounds when a pixel is brighter than 200."""
    constants = {**ssd(), "limit": np.array([200], np.float32)}
    boxes = constants.pop("detection_boxes")
    constants["table"] = boxes
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
        for name, value in constants.items()
    ]
    nodes += [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["floats"], ["brightest"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Greater", ["brightest", "limit"], ["too"]),
        helper.make_node("Cast", ["too"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["detection_boxes"], axis=0),
    ]
    shape = (1, 64, 96, 3)
    model = save(tmp_path / "m.onnx", nodes, list(ssd()), shape=shape, dtype=TensorProto.UINT8)
    engine = opened(model)
    with pytest.raises(DetectionFailed, match="the model failed on a picture"):
        engine.detect(np.full((64, 96, 3), 250, np.uint8))
    assert len(engine.detect(GREY)) == 1


def misfits() -> dict[str, dict[str, Array]]:
    """Outputs that look known by their names and are not."""
    rows = np.full((1, 5), 0.9, np.float32)
    no_classes = {"boxes": np.zeros((1, 5, 4), np.float32), "logits": np.zeros((1, 5, 0), "f4")}
    return {
        "more scores than boxes": {**ssd(), "detection_scores": rows, "detection_classes": rows},
        "more classes than scores": {**ssd(), "detection_classes": rows},
        "classes of text": {**ssd(), "detection_classes": np.array([["person"]], object)},
        "no classes": no_classes,
    }


@pytest.mark.parametrize("kind", misfits())
def test_outputs_that_do_not_fit_together_are_refused(tmp_path: Path, kind: str) -> None:
    error = refusal(constant_model(tmp_path / "m.onnx", misfits()[kind]))
    assert "do not fit together" in str(error) or "are not known" in str(error)


def test_outputs_that_do_not_fit_together_on_one_picture_cost_that_picture(
    tmp_path: Path,
) -> None:
    """Of a picture brighter than 0.9, of -1 to 1, it has three scores and one box."""
    constants = {**ssd(), "limit": np.array([0.9], np.float32)}
    constants |= {"two": np.array([[2]], np.int64), "one": np.array([[1]], np.int64)}
    both = ("detection_scores", "detection_classes")
    nodes = [
        helper.make_node("Constant", [], [name + " of one" * (name in both)], value=value)
        for name, value in ((n, numpy_helper.from_array(v, n)) for n, v in constants.items())
    ]
    nodes += [
        helper.make_node("ReduceMax", ["images"], ["brightest"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Greater", ["brightest", "limit"], ["too"]),
        helper.make_node("Cast", ["too"], ["more"], to=TensorProto.INT64),
        helper.make_node("Mul", ["more", "two"], ["twice"]),
        helper.make_node("Add", ["twice", "one"], ["count"]),
        helper.make_node("Concat", ["one", "count"], ["shape"], axis=1),
        helper.make_node("Constant", [], ["flat"], value=numpy_helper.from_array(np.array([2]))),
        helper.make_node("Reshape", ["shape", "flat"], ["sizes"]),
        *(helper.make_node("Expand", [f"{name} of one", "sizes"], [name]) for name in both),
    ]
    engine = opened(save(tmp_path / "m.onnx", nodes, list(ssd()), shape=(1, 64, 96, 3)))
    with pytest.raises(DetectionFailed, match="do not fit together as those of SSD"):
        engine.detect(np.full((64, 96, 3), 255, np.uint8))
    assert len(engine.detect(GREY)) == 1


def test_a_model_that_computes_no_numbers_is_refused(tmp_path: Path) -> None:
    outputs = {name: np.full_like(value, np.nan) for name, value in yolov8().items()}
    error = refusal(constant_model(tmp_path / "m.onnx", outputs))
    assert "nothing but NaN" in str(error)
    assert "float32" in str(error.hint)


@pytest.mark.parametrize("row", [(np.nan,) * 4, (np.inf,) * 4, (0.9, 0.9, 0.1, 0.1)])
def test_what_is_no_box_is_left_out(tmp_path: Path, row: tuple[float, ...]) -> None:
    outputs = {**ssd(), "detection_boxes": np.array([[row]], np.float32)}
    assert opened(constant_model(tmp_path / "m.onnx", outputs)).detect(GREY) == []


@pytest.mark.parametrize("names", ["{-5: 'person'}", "[" * 1000, "{0: 'x' * 3}", "7"])
def test_names_that_the_model_writes_wrongly_are_as_good_as_none(
    tmp_path: Path, names: str
) -> None:
    model = constant_model(tmp_path / "m.onnx", yolov8(), metadata={"names": names})
    assert len(opened(model).detect(GREY)) == 1


@pytest.mark.parametrize("imgsz", ["[64.0, 96.0]", "[0, 0]", "'a'", "(" * 1000])
def test_a_size_that_the_model_writes_wrongly_is_640(tmp_path: Path, imgsz: str) -> None:
    shape = (1, 3, "height", "width")
    model = constant_model(tmp_path / "m.onnx", ssd(), shape=shape, metadata={"imgsz": imgsz})
    assert opened(model).fit(640, 640) == (640, 640)


def test_a_batch_that_is_left_open_is_one(tmp_path: Path) -> None:
    shape = ("batch", 3, 64, 96)
    engine = opened(constant_model(tmp_path / "m.onnx", yolov8(), shape=shape, metadata=NAMES))
    assert len(engine.detect(GREY)) == 1


def test_a_size_that_is_left_open_is_the_one_in_the_metadata(tmp_path: Path) -> None:
    metadata = {**NAMES, "imgsz": "[64, 96]"}
    shape = ("batch", 3, "height", "width")
    engine = opened(constant_model(tmp_path / "m.onnx", yolov8(), shape=shape, metadata=metadata))
    assert engine.fit(1920, 1280) == (96, 64)
    assert engine.notes == ()


def test_a_size_that_nobody_tells_is_640_and_that_is_told(tmp_path: Path) -> None:
    shape = ("batch", None, None, 3)
    model = constant_model(tmp_path / "m.onnx", ssd(), shape=shape, dtype=TensorProto.UINT8)
    engine = opened(model)
    assert engine.fit(1920, 1080) == (640, 640)
    assert "leaves the size of its input open" in engine.notes[0]


def test_a_guess_at_the_class_of_persons_is_told(tmp_path: Path) -> None:
    (note,) = opened(constant_model(tmp_path / "m.onnx", yolov8())).notes
    assert "class 0 counts as a person" in note


def test_sizes_and_masks_that_a_model_wants_beside_the_picture_are_given(tmp_path: Path) -> None:
    others = {
        "orig_target_sizes": (TensorProto.INT64, ("n", 2)),
        "pixel_mask": (TensorProto.INT64, ("n", "h", "w")),
    }
    assert len(opened(constant_model(tmp_path / "m.onnx", ssd(), others=others)).detect(GREY)) == 1


def test_an_input_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    others = {"tokens": (TensorProto.INT64, (1, 77))}
    error = refusal(constant_model(tmp_path / "m.onnx", ssd(), others=others))
    assert "tokens is not known (inputs: images float [1, 3, 64, 96], tokens int64" in str(error)


def test_outputs_that_nobody_knows_are_shown(tmp_path: Path) -> None:
    outputs = {"probabilities": np.zeros((1, 1000), np.float32)}
    error = refusal(constant_model(tmp_path / "m.onnx", outputs))
    assert "probabilities float32 [1, 1000]" in str(error)
    assert "images float [1, 3, 64, 96]" in str(error)
    assert "YOLOX" in str(error.hint)


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ((4, 3, 64, 96), "takes 4 pictures at once"),
        ((1, 12, 64, 96), "no picture of one or three channels"),
        ((1, 3, 64), "no input takes a picture"),
        ((1, 3, 0, 0), "pictures of 0x0 pixels"),
        ((1, 3, 20000, 20000), "pictures of 20000x20000 pixels"),
    ],
)
def test_an_input_that_takes_no_single_picture_is_refused(
    tmp_path: Path, shape: tuple[int, ...], why: str
) -> None:
    error = refusal(constant_model(tmp_path / "m.onnx", ssd(), shape=shape))
    assert why in str(error)


def no_file(path: Path) -> None:
    path.with_name("other").touch()


def directory(path: Path) -> None:
    path.mkdir()


def part_of_a_model(path: Path) -> None:
    path.write_bytes((ASSETS / "models" / "nanodet.onnx").read_bytes()[:100_000])


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (no_file, "No such file"),
    "a directory": (directory, "Is a directory"),
    "empty": (lambda path: path.touch(), "is empty"),
    "of the kernel": (lambda path: path.symlink_to("/proc/kmsg"), "is empty"),
    "text": (lambda path: path.write_text("weights\n"), "no ONNX file"),
    "a part": (part_of_a_model, "no ONNX file, or only a part"),
    "Git LFS": (lambda path: path.write_text("version https://git-lfs.x/1"), "Git LFS"),
    "PyTorch": (lambda path: path.write_bytes(b"PK\x03\x04data.pkl"), "PyTorch"),
    "TensorRT": (lambda path: path.write_bytes(b"ftrt\0\0\0\0"), "TensorRT"),
    "TFLite": (lambda path: path.write_bytes(b"\x1c\0\0\0TFL3"), "TensorFlow Lite"),
    "HTML": (lambda path: path.write_text("<!doctype html>"), "HTML"),
    "endless": (lambda path: path.symlink_to("/dev/zero"), "it is no file"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_that_is_no_model_is_told_from_one(tmp_path: Path, kind: str) -> None:
    make, why = WRONG[kind]
    model = tmp_path / "model.onnx"
    make(model)
    error = refusal(model)
    assert why in str(error)
    assert str(model) in str(error)


def test_a_model_whose_weights_are_not_beside_it_says_so(tmp_path: Path) -> None:
    weights = np.ones((1, 3, 64, 96), np.float32)
    node = helper.make_node("Add", ["images", "weights"], ["output"])
    graph = helper.make_graph(
        [node],
        "test",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, PICTURE)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, PICTURE)],
        [numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path = tmp_path / "m.onnx"
    onnx.save(model, path, save_as_external_data=True, location="w.data", size_threshold=0)
    (tmp_path / "w.data").unlink()
    error = refusal(path)
    assert "keeps its weights in a second file" in str(error)


def test_an_operator_that_onnx_runtime_has_not_is_told(tmp_path: Path) -> None:
    nodes = [helper.make_node("EfficientNMS_TRT", ["images"], ["output"])]
    assert "cannot load the model" in str(refusal(save(tmp_path / "m.onnx", nodes, ["output"])))


def test_labels_of_another_length_are_refused(tmp_path: Path) -> None:
    model = constant_model(tmp_path / "m.onnx", yolov8())
    labels = tmp_path / "labels.txt"
    labels.write_text("person\ncar\n")
    assert "name 2 classes, but the model has 3" in str(refusal(model, labels=str(labels)))
    labels.write_text("dog\nperson\ncar\n\n")
    engine = opened(model, labels=str(labels))
    assert [each.score for each in engine.detect(GREY)] == [pytest.approx(0.6)]
    assert engine.notes == ()


def test_labels_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    model = constant_model(tmp_path / "m.onnx", yolov8())
    labels = tmp_path / "labels.txt"
    assert "cannot be read: No such file" in str(refusal(model, labels=str(labels)))
    labels.write_bytes(b"\xff\xfe\x00")
    assert "it is not UTF-8 text" in str(refusal(model, labels=str(labels)))
    os.mkfifo(tmp_path / "pipe")
    assert "it is no file" in str(refusal(model, labels=str(tmp_path / "pipe")))
    labels.write_text("")
    assert "it is empty" in str(refusal(model, labels=str(labels)))
    labels.write_text("\n")
    assert "hold 0 lines" in str(refusal(model, labels=str(labels)))


def test_a_class_that_the_model_has_not_is_refused(tmp_path: Path) -> None:
    model = constant_model(tmp_path / "m.onnx", yolov8())
    assert "class 3 is to count" in str(refusal(model, person_class_ids=(3,)))


def pgie(path: Path, *lines: str) -> Path:
    config = path / "pgie.txt"
    config.write_text("\n".join(["[property]", "onnx-file=m.onnx", *lines]) + "\n")
    return config


def test_a_deepstream_configuration_says_input_and_threshold(tmp_path: Path) -> None:
    constant_model(tmp_path / "m.onnx", yolov8(), metadata=NAMES)
    engine = opened(pgie(tmp_path, "maintain-aspect-ratio=0"))
    assert engine.name == "m.onnx"
    assert engine.min_confidence == 0.35
    assert engine.fit(640, 640) == (96, 64)
    kept = opened(pgie(tmp_path, "maintain-aspect-ratio=1"))
    assert kept.fit(640, 640) == (64, 64)
    config = pgie(tmp_path, "[class-attrs-all]", "pre-cluster-threshold=0.6")
    assert opened(config).min_confidence == 0.6
    assert opened(config, min_confidence=0.2).min_confidence == 0.2


def test_what_a_deepstream_configuration_asks_in_vain_is_told(tmp_path: Path) -> None:
    constant_model(tmp_path / "m.onnx", yolov8(), metadata=NAMES)
    engine = opened(pgie(tmp_path, "num-detected-classes=80", "cluster-mode=1"))
    assert any("cluster-mode" in note for note in engine.notes)
    assert any("num-detected-classes=80" in note for note in engine.notes)


def test_a_model_of_one_channel_gets_gray_pictures(tmp_path: Path) -> None:
    shape = (1, 1, 64, 96)
    engine = opened(constant_model(tmp_path / "m.onnx", yolov8(), shape=shape, metadata=NAMES))
    assert len(engine.detect(GREY)) == 1


def test_a_deepstream_configuration_without_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"m\.onnx"):
        opened(pgie(tmp_path))
