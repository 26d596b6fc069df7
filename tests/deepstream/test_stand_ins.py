"""Each stand-in does what its contract says, and a whole pipeline of them what a real one does."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from smartrec.graph.deepstream import TrackerFiles, Trunk, whole
from smartrec.graph.platforms import PLATFORMS, Platform, with_new_mux
from smartrec.graph.tiles import tiles
from smartrec.media.demo_scene import HEIGHT, WIDTH, Scene, person_box, picture_of
from smartrec.model import Codec, StreamFormat
from tests.deepstream.driven import Drive, Push, Told, drive, shown
from tests.deepstream.facts import facts
from tests.deepstream.machine import deepstream_environment

ELEMENTS = (
    "nvv4l2decoder",
    "nvvideoconvert",
    "nvstreammux",
    "nvinfer",
    "nvtracker",
    "nvmultistreamtiler",
    "nvdsosd",
    "nvv4l2h264enc",
)
DGPU = PLATFORMS["dgpu"]
MACHINES = [
    pytest.param(machine, id=f"{name}{'-new-mux' if machine.new_mux else ''}")
    for name, row in PLATFORMS.items()
    for machine in (row, with_new_mux(row))
]
STREAM = StreamFormat(Codec.JPEG, WIDTH, HEIGHT, 30.0, "")
NOBODY, STANDING, ELSEWHERE = 10, 360, 450
"""Pictures of the demo: an empty hall, a person, and her further to the right."""
MODEL = Path(__file__).parents[2] / "src/smartrec/assets/models/nanodet-deepstream.onnx"
DESCRIBE = """
import json, sys
from smartrec.media.gst import Gst
told = {}
for name in sys.argv[1:]:
    element = Gst.ElementFactory.make(name, None)
    told[name] = {
        "properties": {
            spec.name: [
                getattr(spec, "minimum", None),
                getattr(spec, "maximum", None),
                int(spec.flags) >> 1 & 1,
                int(spec.flags) >> 10 & 1,
                [v.value_nick for v in spec.enum_class.__enum_values__.values()]
                if hasattr(spec, "enum_class") else [],
                str(spec.default_value) if spec.value_type.name != "gpointer" else None,
            ]
            for spec in element.list_properties()
        },
        "pads": {
            pad.name_template: pad.caps.to_string()
            for pad in Gst.ElementFactory.find(name).get_static_pad_templates()
            for pad in [pad.get()]
        },
    }
print(json.dumps(told))
"""


def environment(tmp_path: Path, on: Platform = DGPU) -> dict[str, str]:
    return deepstream_environment(tmp_path, on.name, new_mux=on.new_mux)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """JPEGs of the demo by number."""
    scene, at = Scene(), tmp_path_factory.mktemp("pictures")
    made = {}
    for number in (NOBODY, STANDING, ELSEWHERE):
        path = at / f"{number}.jpg"
        Image.fromarray(scene.draw(picture_of(number))).save(path, quality=90)
        made[number] = str(path)
    return made


def configuration(tmp_path: Path, **changes: str | None) -> str:
    """A file for nvinfer; a change to None leaves the key out."""
    (tmp_path / "labels.txt").write_text("person\n")
    keys: dict[str, str | None] = {
        "onnx-file": str(MODEL),
        "labelfile-path": "labels.txt",
        "custom-lib-path": "deepstream/lib/libnvds_infercustomparser.so",
        "parse-bbox-func-name": "NvDsInferParseCustomTfSSD",
        "num-detected-classes": "1",
        "model-color-format": "1",
        "maintain-aspect-ratio": "1",
        "cluster-mode": "4",
        "crop-objects-to-roi-boundary": "1",
    }
    keys.update((key.replace("_", "-"), value) for key, value in changes.items())
    lines = [f"{key}={value}" for key, value in keys.items() if value is not None]
    path = tmp_path / "nvinfer.txt"
    attributes = ["[class-attrs-all]", "pre-cluster-threshold=0.5"]
    path.write_text("\n".join(["[property]", *lines, *attributes]) + "\n")
    return str(path)


def plan(trunk: Trunk, on: Platform = DGPU, stream: StreamFormat = STREAM) -> str:
    return str(whole(trunk, [stream] * trunk.cameras, on))


def one(tmp_path: Path, on: Platform = DGPU) -> str:
    return plan(Trunk(1, (WIDTH, HEIGHT), configuration(tmp_path)), on)


def into_memory(text: str) -> str:
    """The plan with what the screen would show, as RGBA, at an appsink instead."""
    sink = "nvvideoconvert ! video/x-raw,format=RGBA ! appsink name=shown sync=false async=false"
    made, count = re.subn(r"nveglglessink .*", sink, text)
    assert count == 1
    return made


def rounds(pictures: dict[int, str], *numbers: int, cameras: int = 1) -> list[list[Push]]:
    """Each round a picture of every camera, at odd times."""
    return [
        [Push(n, pictures[number], 7_000_000_003 + 40_000_001 * at + n) for n in range(cameras)]
        for at, number in enumerate(numbers)
    ]


def box_of(found: dict[str, Any], size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[float]:
    left, top, width, height = found["box"]
    return [left / size[0], top / size[1], (left + width) / size[0], (top + height) / size[1]]


def assert_on_person(box: list[float], number: int) -> None:
    where = person_box(number)
    assert where is not None
    truth = [where.left, where.top, where.right, where.bottom]
    width = min(box[2], truth[2]) - max(box[0], truth[0])
    height = min(box[3], truth[3]) - max(box[1], truth[1])
    both = max(0.0, width) * max(0.0, height)
    areas = sum((each[2] - each[0]) * (each[3] - each[1]) for each in (box, truth))
    assert both / (areas - both) > 0.6, (box, truth)


# ------------------------------------------------------------------------------------- contract


@pytest.mark.parametrize("on", MACHINES)
def test_pads_and_properties_are_those_of_the_contract(tmp_path: Path, on: Platform) -> None:
    names = (*ELEMENTS, on.sink)
    told = json.loads(
        subprocess.run(
            [sys.executable, "-c", DESCRIBE, *names],
            env={**os.environ, **environment(tmp_path, on)},
            capture_output=True,
            check=True,
            text=True,
            timeout=40,
        ).stdout
    )
    for name in names:
        known = facts(name, on)
        assert known is not None
        assert set(told[name]["pads"]) == {pad.name for pad in known.pads}
        for prop, fact in known.properties.items():
            low, high, writable, early, values, default = told[name]["properties"][prop]
            where = f"{name} {prop}"
            assert fact.range is None or (low, high) == fact.range, where
            assert set(values) == set(fact.values) or fact.type == "flags", where
            if prop != "qos":  # a transform's own
                assert bool(writable) == (fact.changeable != "never"), where
                assert bool(early) == (fact.changeable == "ready"), where
            if fact.default is not None and not fact.values and fact.type != "flags":
                assert default == str(fact.default), where
    missing = "nveglglessink" if on.integrated else "nv3dsink"
    assert missing not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nvinfer no-such=1", 'no property "no-such"'),
        ("nvv4l2decoder mjpeg=1", 'no property "mjpeg"'),
        ("nvvideoconvert flip-method=sideways", 'could not set property "flip-method"'),
        ("nv3dsink", 'no element "nv3dsink"'),
    ],
)
def test_what_the_real_ones_lack_is_refused(tmp_path: Path, text: str, said: str) -> None:
    code = "import sys; from smartrec.media.gst import Gst; Gst.parse_launch(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, text],
        env={**os.environ, **environment(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
        timeout=40,
    )
    assert done.returncode != 0
    assert said in done.stderr


def test_property_set_too_late_is_an_error(tmp_path: Path) -> None:
    todo = Drive(one(tmp_path), late=("infer", "interval", 3))
    told = drive(todo, environment(tmp_path))
    assert told.error is not None
    assert "interval is changeable in NULL or READY only" in told.error[2]


# ------------------------------------------------------------------------------- whole pipelines


@pytest.mark.parametrize(
    "on",
    [
        pytest.param(DGPU, id="dgpu"),
        pytest.param(with_new_mux(DGPU), id="dgpu-new-mux"),
        pytest.param(PLATFORMS["jetson-orin"], id="jetson-orin"),
        pytest.param(PLATFORMS["jetson-thor"], id="jetson-thor"),
    ],
)
def test_pictures_come_out_with_their_times_and_the_person_where_she_is(
    tmp_path: Path, pictures: dict[int, str], on: Platform
) -> None:
    pushes = rounds(pictures, NOBODY, STANDING, ELSEWHERE)
    told = drive(Drive(one(tmp_path, on), pushes), environment(tmp_path, on))
    assert told.error is None
    assert [each["buf_pts"] for each in told.frames] == [push.pts for (push,) in pushes]
    assert [each["frame_num"] for each in told.frames] == [0, 1, 2]
    for each in told.frames:
        assert each["infer_done"]
        assert (each["source_frame_width"], each["source_frame_height"]) == (WIDTH, HEIGHT)
    nobody, standing, elsewhere = (each["objects"] for each in told.frames)
    assert nobody == []
    for found, number in ((standing, STANDING), (elsewhere, ELSEWHERE)):
        (person,) = found
        assert_on_person(box_of(person), number)
        assert person["confidence"] > 0.5
        assert (person["label"], person["text"], person["component"]) == ("person", "person", 1)
        assert person["object_id"] == 2**64 - 1


def test_batches_between_are_not_looked_at(tmp_path: Path, pictures: dict[int, str]) -> None:
    text = plan(Trunk(1, (WIDTH, HEIGHT), configuration(tmp_path), interval=2))
    told = drive(Drive(text, rounds(pictures, *[STANDING] * 5)), environment(tmp_path))
    assert [each["infer_done"] for each in told.frames] == [1, 0, 0, 1, 0]
    assert [len(each["objects"]) for each in told.frames] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    "on", [pytest.param(DGPU, id="legacy"), pytest.param(with_new_mux(DGPU), id="new-mux")]
)
def test_cameras_share_batches_and_one_that_is_lost_stops_no_other(
    tmp_path: Path, pictures: dict[int, str], on: Platform
) -> None:
    text = plan(Trunk(2, (WIDTH, HEIGHT), configuration(tmp_path)), on)
    both = rounds(pictures, STANDING, STANDING, cameras=2)
    alone = [[replace(push, pts=push.pts + 10**9)] for push, _ in both]
    told = drive(Drive(text, [*both, *alone]), environment(tmp_path, on))
    assert told.error is None
    assert [each["source_id"] for each in told.frames if each["buf_pts"] > 8 * 10**9] == [0, 0]
    for camera in range(2):
        ours = [each for each in told.frames if each["source_id"] == camera]
        assert [each["frame_num"] for each in ours] == list(range(len(ours)))
        assert [each["buf_pts"] % 40_000_001 for each in ours[:2]] == [
            each[camera].pts % 40_000_001 for each in both
        ]
        for each in ours:
            assert_on_person(box_of(each["objects"][0]), STANDING)
    assert max(each["batch_id"] for each in told.frames) == 1, "never two in a batch"


def test_legacy_mux_scales_and_the_new_one_does_not(
    tmp_path: Path, pictures: dict[int, str]
) -> None:
    sizes = {}
    for on in (DGPU, with_new_mux(DGPU)):
        text = plan(Trunk(1, (640, 360), configuration(tmp_path)), on)
        told = drive(Drive(text, rounds(pictures, STANDING)), environment(tmp_path, on))
        (frame,) = told.frames
        size = frame["pipeline_width"], frame["pipeline_height"]
        sizes[on.new_mux] = size
        assert_on_person(box_of(frame["objects"][0], size), STANDING)
    assert sizes == {False: (640, 360), True: (WIDTH, HEIGHT)}


def test_tracker_gives_one_person_one_number(tmp_path: Path, pictures: dict[int, str]) -> None:
    trunk = Trunk(1, (WIDTH, HEIGHT), configuration(tmp_path), tracker=TrackerFiles("a", "b"))
    todo = Drive(plan(trunk), rounds(pictures, STANDING, STANDING, NOBODY), look="tracker")
    told = drive(todo, environment(tmp_path))
    first, again, gone = told.frames
    assert first["objects"][0]["object_id"] == again["objects"][0]["object_id"] < 2**63
    assert gone["objects"] == []


def test_camera_on_its_side_is_seen_upright(tmp_path: Path, pictures: dict[int, str]) -> None:
    lying = tmp_path / "lying.jpg"
    Image.open(pictures[STANDING]).transpose(Image.Transpose.ROTATE_90).save(lying, quality=90)
    stream = StreamFormat(Codec.JPEG, HEIGHT, WIDTH, 30.0, "", rotate=90)
    text = plan(Trunk(1, (WIDTH, HEIGHT), configuration(tmp_path)), stream=stream)
    told = drive(Drive(text, [[Push(0, str(lying), 5)]]), environment(tmp_path))
    (frame,) = told.frames
    assert_on_person(box_of(frame["objects"][0]), STANDING)


@pytest.mark.parametrize("cameras", [1, 2])
def test_boxes_and_texts_are_drawn_where_the_person_is(
    tmp_path: Path, pictures: dict[int, str], cameras: int
) -> None:
    trunk = Trunk(cameras, (WIDTH, HEIGHT), configuration(tmp_path), display=(WIDTH, HEIGHT))
    text = into_memory(plan(trunk))
    file = tmp_path / "shown.npy"
    pushes = rounds(pictures, STANDING, cameras=cameras)
    todo = Drive(text, pushes, show=str(file))
    told = drive(todo, environment(tmp_path))
    assert told.error is None
    picture = shown(file).astype(int)
    rows, columns, _ = tiles(cameras, (WIDTH, HEIGHT), (WIDTH, HEIGHT))
    size = picture.shape[1] // columns, picture.shape[0] // rows
    picture = picture[: size[1], : size[0]]
    red = (picture[..., 0] > 200) & (picture[..., 1:] < 90).all(axis=2)
    across = np.flatnonzero(red.sum(axis=0) > size[1] // 3)
    down = np.flatnonzero(red.sum(axis=1) > size[0] // 6)
    assert len(across) >= 2, "no upright lines"
    drawn = [across[0] / size[0], down[0] / size[1], across[-1] / size[0], down[-1] / size[1]]
    assert_on_person(drawn, STANDING)
    box = box_of(told.frames[0]["objects"][0])
    plate = picture[
        round(box[1] * size[1]) - 8 : round(box[1] * size[1]) + 6,
        round(box[0] * size[0]) : round(box[0] * size[0]) + 40,
    ]
    assert (plate.max(axis=2) < 60).any(), "no black ground"
    assert (plate.min(axis=2) > 180).any(), "no white letters"


def test_one_camera_of_two_is_shown_alone(tmp_path: Path, pictures: dict[int, str]) -> None:
    trunk = Trunk(2, (WIDTH, HEIGHT), configuration(tmp_path), display=(WIDTH, HEIGHT))
    text = into_memory(plan(trunk)).replace("name=tiler", "name=tiler show-source=1")
    pushes = [Push(0, pictures[STANDING], 3, wanted=False), Push(1, pictures[ELSEWHERE], 4)]
    told = drive(Drive(text, [pushes], look="tiler"), environment(tmp_path))
    assert told.error is None
    assert {each["source_id"] for each in told.frames} == {1}
    *_, place = tiles(2, (WIDTH, HEIGHT), (WIDTH, HEIGHT))
    (person,) = told.frames[0]["objects"]
    assert_on_person(box_of(person, (place.width, place.height)), ELSEWHERE)


def test_colours_are_those_of_the_jpeg(tmp_path: Path) -> None:
    colours = [(235, 60, 60), (60, 200, 60), (60, 60, 235), (250, 250, 250), (8, 8, 8)]
    picture = np.repeat(np.array(colours, np.uint8)[None], 64, axis=0).repeat(64, axis=1)
    path = tmp_path / "colours.jpg"
    Image.fromarray(picture).save(path, quality=95)
    wide = 64 * len(colours)
    caps = "video/x-raw(memory:NVMM),format=NV12,colorimetry=2:4:0:0"
    text = (
        f"appsrc name=source_0 format=time caps=image/jpeg,width={wide},height=64,framerate=1/1"
        f" ! nvv4l2decoder ! nvvideoconvert ! {caps} ! mux.sink_0"
        f" nvstreammux name=mux batch-size=1 width={wide} height=64 ! nvvideoconvert name=infer"
        " ! video/x-raw,format=RGBA ! appsink name=shown sync=false"
    )
    file = tmp_path / "shown.npy"
    # The converter hands no metadata on, so nothing is waited for but the picture itself.
    drive(Drive(text, [[Push(0, str(path), 5)]], look="mux", show=str(file)), environment(tmp_path))
    seen = shown(file).astype(int)
    for at, colour in enumerate(colours):
        middle = seen[24:40, 64 * at + 24 : 64 * at + 40].mean(axis=(0, 1))
        assert np.abs(middle - colour).max() < 8, (colour, middle)


# --------------------------------------------------------------------------------- what goes wrong


def failure(tmp_path: Path, text: str, on: Platform = DGPU, file: str = "/dev/null") -> list[Any]:
    told: Told = drive(Drive(text, [[Push(0, file, 5)]]), environment(tmp_path, on))
    assert told.error is not None
    return told.error


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"onnx_file": "missing.onnx"}, "NVDSINFER_CONFIG_FAILED"),
        ({"labelfile_path": "missing.txt"}, "NVDSINFER_CONFIG_FAILED"),
        ({"custom_lib_path": "missing.so"}, "NVDSINFER_CUSTOM_LIB_FAILED"),
        ({"parse_bbox_func_name": "NoSuchFunction"}, "NVDSINFER_CUSTOM_LIB_FAILED"),
    ],
)
def test_nvinfer_refuses_what_the_real_one_refuses(
    tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    text = plan(Trunk(1, (WIDTH, HEIGHT), configuration(tmp_path, **changes)))
    domain, code, message, debug = failure(tmp_path, text)
    assert (domain, code) == ("gst-resource-error-quark", 1)
    assert message == "Failed to create NvDsInferContext instance"
    assert debug.rstrip().endswith(reason)


def test_nvinfer_without_an_id_of_its_own_is_refused(tmp_path: Path) -> None:
    error = failure(tmp_path, one(tmp_path).replace("unique-id=1", "unique-id=0"))
    assert error[3].rstrip().endswith("NVDSINFER_CONFIG_FAILED")


@pytest.mark.parametrize("written", [None, "[property]\nno line of a key file\n", "[other]\na=1\n"])
def test_nvinfer_without_a_readable_configuration_is_refused(
    tmp_path: Path, written: str | None
) -> None:
    path = tmp_path / "odd.txt"
    if written is not None:
        path.write_text(written)
    error = failure(tmp_path, plan(Trunk(1, (WIDTH, HEIGHT), str(path))))
    assert error[:3] == ["gst-library-error-quark", 5, "Configuration file parsing failed"]


def test_engine_is_kept_beside_the_model_and_taken_the_next_time(
    tmp_path: Path, pictures: dict[int, str]
) -> None:
    (tmp_path / "mine.onnx").symlink_to(MODEL)
    first = configuration(tmp_path, onnx_file="mine.onnx", network_mode="2")
    text = plan(Trunk(1, (WIDTH, HEIGHT), first))
    assert drive(Drive(text, rounds(pictures, NOBODY)), environment(tmp_path)).error is None
    engine = "mine.onnx_b1_gpu0_fp16.engine"
    assert (tmp_path / engine).is_file()
    configuration(tmp_path, onnx_file="gone.onnx", model_engine_file=engine)
    told = drive(Drive(text, rounds(pictures, STANDING)), environment(tmp_path))
    assert len(told.frames[0]["objects"]) == 1


def test_jpeg_that_the_hardware_cannot_decode_is_an_error(
    tmp_path: Path, pictures: dict[int, str]
) -> None:
    orin, thor = PLATFORMS["jetson-orin"], PLATFORMS["jetson-thor"]
    told = one(tmp_path, orin).replace(" mjpeg=true", "")
    assert "image/jpeg" in failure(tmp_path, told, orin, pictures[NOBODY])[2]
    assert "image/jpeg" in failure(tmp_path, one(tmp_path), thor, pictures[NOBODY])[2]
    fine = tmp_path / "444.jpg"
    Image.open(pictures[NOBODY]).save(fine, subsampling=0)
    assert "4:4:4" in failure(tmp_path, one(tmp_path), DGPU, str(fine))[2]


def test_encoder_of_an_orin_nano_does_not_reach_ready(tmp_path: Path) -> None:
    code = "from smartrec.media.gst import reaches_ready; print(reaches_ready('nvv4l2h264enc'))"
    for name, reaches in (("jetson-orin", "True"), ("jetson-orin-nano", "False")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **environment(tmp_path, PLATFORMS[name])},
            capture_output=True,
            check=True,
            text=True,
            timeout=40,
        )
        assert done.stdout.strip() == reaches
