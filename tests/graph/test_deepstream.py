"""The watch on NVIDIA's machines as text, one file each; whether it may be so is the contract's.

A difference is shown by pytest; where it is meant, write the new text into the file.
"""

import re
from pathlib import Path

import pytest

from smartrec.graph.deepstream import (
    Recorder,
    SmartRecord,
    TrackerFiles,
    Trunk,
    branch,
    quoted,
    rtsp_branch,
    trunk,
    whole,
)
from smartrec.graph.plan import Graph, finish_encode
from smartrec.graph.platforms import PLATFORMS, Platform, with_new_mux
from smartrec.graph.recipes import RECIPES, RECORDERS, Recipe, Role
from smartrec.model import Codec, StreamFormat

GOLDEN = Path(__file__).parent / "golden"
JPEG = StreamFormat(Codec.JPEG, 1280, 720, 30.0, "image/jpeg")
H264 = StreamFormat(Codec.H264, 1920, 1080, 25.0, "video/x-h264")
ORIN = PLATFORMS["jetson-orin"]
TRACKER = TrackerFiles("/opt/lib/libnvds_nvmultiobjecttracker.so", "/opt/tracker.yml")


def shared(cameras: int, *, shown: bool) -> Trunk:
    display = (1920, 1080) if shown else None
    return Trunk(cameras, (1280, 720), "/etc/smartrec/nvinfer.txt", interval=5, display=display)


def watch(on: Platform, cameras: int, *, shown: bool) -> Graph:
    return whole(shared(cameras, shown=shown), [JPEG] * cameras, on)


def recorder(on: Platform) -> Recorder:
    return Recorder(next(row for row in RECORDERS if row.name == on.encoder), 23)


def recipe(role: Role, name: str) -> Recipe:
    return next(row for row in RECIPES if (row.role, row.name) == (role, name))


def finisher(on: Platform) -> Graph:
    decoder = recipe(Role.DECODE_JPEG, "cpu")
    return finish_encode(JPEG, decoder, recipe(Role.ENCODE_H264, on.encoder), 23)


GRAPHS = {
    **{
        f"{name}{mux}-{cameras}-{'screen' if shown else 'headless'}": watch(
            machine, cameras, shown=shown
        )
        for name, on in PLATFORMS.items()
        for mux, machine in (("", on), ("-new-mux", with_new_mux(on)))
        for cameras in (1, 3)
        for shown in (True, False)
    },
    **{
        f"{name}-nvdssr": whole(shared(1, shown=True), [JPEG], on, recorder=recorder(on))
        for name, on in PLATFORMS.items()
    },
    "jetson-orin-nvdssr-h264": whole(shared(1, shown=True), [H264], ORIN, recorder=recorder(ORIN)),
    "jetson-orin-444": whole(shared(1, shown=True), [JPEG], ORIN, chroma="4:4:4"),
    "jetson-orin-tracker": trunk(Trunk(1, (1280, 720), "/etc/nvinfer.txt", tracker=TRACKER), ORIN),
    **{f"{name}-finish": finisher(on) for name, on in PLATFORMS.items()},
    "dgpu-rtsp-nvdssr": Graph(
        (
            tuple(
                rtsp_branch(
                    0, "rtsp://10.0.0.7/main", H264, SmartRecord("/var/clips", "door", 12)
                ).split(" ! ")
            ),
        )
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_is_as_reviewed(name: str) -> None:
    assert f"{GRAPHS[name]}\n" == (GOLDEN / f"deepstream-{name}.txt").read_text()


def test_no_text_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.glob("deepstream-*.txt")} == {
        f"deepstream-{name}" for name in GRAPHS
    }


def test_a_branch_has_loose_ends_of_fixed_names_and_no_tail() -> None:
    plain = branch(2, JPEG, ORIN)
    assert re.findall(r"name=(\w+)", plain) == ["source_2", "fresh_2"]
    assert plain.split(" ! ")[-1].startswith("queue name=fresh_2")
    recorded = branch(2, JPEG, ORIN, recorder=recorder(ORIN))
    assert re.findall(r"name=(\w+)", recorded) == ["source_2", "tee_2", "fresh_2", "encoded_2"]
    assert recorded.endswith("h264parse name=encoded_2")


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_nothing_is_dropped_before_pictures_that_build_on_each_other_are_decoded(
    codec: Codec,
) -> None:
    stream = StreamFormat(codec, 1920, 1080, 25.0, "")
    for text in (branch(0, stream, ORIN), branch(0, stream, ORIN, recorder=recorder(ORIN))):
        before, after = text.split("nvv4l2decoder")
        assert "leaky" not in before
        assert "leaky=downstream" in after
        assert f"video/x-{codec.value},stream-format=byte-stream,alignment=au" in before


def test_a_camera_that_encodes_is_recorded_as_it_comes() -> None:
    text = branch(0, H264, ORIN, recorder=recorder(ORIN))
    assert "nvv4l2h264enc" not in text
    assert text.index("tee name=tee_0") < text.index("nvv4l2decoder")


@pytest.mark.parametrize("chroma", ["4:4:4", "4:1:1", "4:4:0", "4:0:0"])
def test_jpegs_that_the_hardware_does_not_take_go_through_the_processor(chroma: str) -> None:
    text = branch(0, JPEG, ORIN, chroma=chroma)
    assert "jpegdec" in text
    assert "nvv4l2decoder" not in text


@pytest.mark.parametrize(
    ("rotate", "flip", "method", "size"),
    [
        (0, False, None, "width=1280,height=720"),
        (90, False, "clockwise", "width=720,height=1280"),
        (180, False, "rotate-180", "width=1280,height=720"),
        (270, False, "counterclockwise", "width=720,height=1280"),
        (0, True, "horizontal-flip", "width=1280,height=720"),
        (90, True, "upper-left-diagonal", "width=720,height=1280"),
        (180, True, "vertical-flip", "width=1280,height=720"),
        (270, True, "upper-right-diagonal", "width=720,height=1280"),
    ],
)
def test_both_ways_of_a_picture_stand_upright(
    rotate: int, flip: bool, method: str | None, size: str
) -> None:
    turned = StreamFormat(Codec.JPEG, 1280, 720, 30.0, "", rotate=rotate, flip=flip)
    text = branch(0, turned, ORIN, recorder=recorder(ORIN))
    assert re.findall(r"flip-method=(\S+)", text) == ([method] * 2 if method else [])
    assert re.findall(r"width=\d+,height=\d+(?=[ ,]|$)", text)[1:] == [size, size]


def test_what_is_drawn_on_is_always_a_copy() -> None:
    for graph in GRAPHS.values():
        for chain in graph.branches:
            if any(element.startswith("mux.sink") for element in chain):
                assert any("disable-passthrough=true" in element for element in chain)


def test_a_screen_without_a_detector_is_a_trunk_as_well() -> None:
    text = str(trunk(Trunk(1, (640, 480), None, display=(800, 600)), ORIN))
    assert "nvinfer" not in text
    assert "nvdsosd" in text


def test_without_a_font_nothing_is_drawn_and_pictures_are_shown_all_the_same() -> None:
    text = str(trunk(Trunk(3, (640, 480), "/n.txt", display=(800, 600), marked=False), ORIN))
    assert "nvdsosd" not in text
    assert "nvmultistreamtiler" in text
    assert "nv3dsink name=display" in text


def test_another_sink_gets_the_name_and_the_settings_of_the_display() -> None:
    wanted = Trunk(1, (640, 480), None, display=(800, 600), sink="nvvideoconvert ! ximagesink")
    last, sink = trunk(wanted, ORIN).branches[0][-2:]
    assert last == "nvvideoconvert"
    assert sink.startswith("ximagesink name=display sync=false")


@pytest.mark.parametrize(
    ("asked", "written"), [(0, 1), (20, 20), (299, 299), (300, 299), (7200, 299)]
)
def test_smart_record_never_gets_a_length_that_it_would_replace(asked: int, written: int) -> None:
    text = rtsp_branch(0, "rtsp://x/y", H264, SmartRecord("/clips", "door", 12, asked))
    assert f"smart-rec-default-duration={written} " in text


@pytest.mark.parametrize("path", ["/a b/c.txt", '/a"b', "/a\\b", "/a ! b", "/ü"])
def test_any_path_survives_the_text(path: str) -> None:
    from smartrec.media.gst import launch

    made = launch(f"filesrc name=file location={quoted(path)} ! fakesink")
    file = made.get_by_name("file")
    assert file is not None
    assert file.get_property("location") == path
