"""Each stand-in is what its contract says, and refuses what the real one refuses."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from smartrec.graph.deepstream import Trunk
from smartrec.graph.platforms import PLATFORMS, Platform, with_new_mux
from smartrec.media.demo_scene import HEIGHT, WIDTH
from tests.deepstream.driven import Drive, Push, Told, drive
from tests.deepstream.facts import facts
from tests.deepstream.plans import MACHINES as PLANNED_FOR
from tests.deepstream.scenes import (
    DGPU,
    MODEL,
    NOBODY,
    STANDING,
    configuration,
    environment,
    one,
    plan,
    rounds,
)

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
MACHINES = [
    pytest.param(machine, id=f"{name}{'-new-mux' if machine.new_mux else ''}")
    for name, row in PLATFORMS.items()
    for machine in (row, with_new_mux(row))
]
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
PARSE = """
import sys
from smartrec.media.gst import Gst
from tests.deepstream.plans import MACHINES, plans
count = 0
for what, text in plans(MACHINES[sys.argv[1]]):
    if "nvurisrcbin" in text or "nvvidconv " in text:  # for which there is no stand-in
        continue
    try:
        Gst.parse_launch(text)
    except Exception as error:
        sys.exit(f"{what}: {error}\\n{text}")
    count += 1
print(count)
"""


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


@pytest.mark.parametrize("machine", PLANNED_FOR)
def test_every_plan_parses_with_the_stand_ins(tmp_path: Path, machine: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARSE, machine],
        env={**os.environ, **environment(tmp_path, PLANNED_FOR[machine])},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


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
    shutil.copy(MODEL, tmp_path / "mine.onnx")
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
