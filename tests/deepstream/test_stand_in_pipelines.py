"""Whole pipelines of stand-ins do with real pictures what the real elements do."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smartrec.graph.deepstream import TrackerFiles, Trunk
from smartrec.graph.platforms import PLATFORMS, Platform, with_new_mux
from smartrec.graph.tiles import tiles
from smartrec.media.demo_scene import HEIGHT, WIDTH
from smartrec.model import Codec, StreamFormat
from tests.deepstream.driven import Drive, Push, drive, shown
from tests.deepstream.scenes import (
    DGPU,
    ELSEWHERE,
    NOBODY,
    STANDING,
    assert_on_person,
    box_of,
    configuration,
    environment,
    into_memory,
    one,
    plan,
    rounds,
)


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
