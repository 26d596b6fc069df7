"""What can be tried on what was recorded, what cannot and why, and that no password goes along."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.replay_question import Question, Side, question, side_of, sides
from smartrec.app.settings_question import Change
from smartrec.config.load import flat
from smartrec.config.schema import Config
from smartrec.detection.zones import Zone
from smartrec.errors import ConfigError, UsageError
from smartrec.units import SECOND, Ns

DOOR = {"name": "door", "polygon": [[0.1, 0.4], [0.6, 0.4], [0.6, 1.0]]}
CONFIG = Config.model_validate(
    {
        "camera": [
            {
                "id": "front",
                "source": "rtsp://user:hush-hush@host/stream?token=psst",
                "zone": [DOOR],
                "controls": {"extra": {"gain": 3}},
            },
            {"source": "demo", "detect": False},
        ],
        "trigger": {"cooldown": "1.5s"},
        "detector": {"min_confidence": 0.4},
    }
)
VALUES = flat(CONFIG)
NOT_UTF8 = Path("/clips\udcff")


def tried(*changes: Change) -> tuple[Side, Side]:
    return sides(VALUES, changes, Path("/etc/smartrec"))


def refused(*changes: Change) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        tried(*changes)
    return {str(mistake.place): mistake.words for mistake in caught.value.mistakes}


def test_without_changes_both_sides_are_the_settings() -> None:
    now, then = tried()
    assert now == then == side_of(CONFIG)
    assert now.watched("front").zones == (Zone("door", ((0.1, 0.4), (0.6, 0.4), (0.6, 1.0))),)
    assert now.begins("front")
    assert not now.begins("cam1"), "nobody is looked for there"
    assert now.rules(0.4).cooldown == Ns(3 * SECOND // 2)


def test_changes_are_made_in_their_order_on_one_side() -> None:
    now, then = tried(
        Change("detector.min_confidence", 0.6),
        Change("camera[0].zone[0].polygon", [[0, 0], [1, 0], [1, 1]]),
        Change("camera[1].detect", value=True),
        Change("trigger.frames", 3),
        Change("trigger.cooldown", unset=True),
        Change("detector.min_confidence", 0.7),
    )
    assert now == side_of(CONFIG)
    assert then.detector.min_confidence == 0.7
    assert then.watched("front").zones[0].polygon == ((0, 0), (1, 0), (1, 1))
    assert then.begins("cam1")
    assert then.trigger.frames == 3
    assert then.trigger.cooldown == 0


def test_zones_come_and_go() -> None:
    hall = {**DOOR, "name": "hall", "kind": "exclude"}
    _, more = tried(Change("camera[0].zone", [DOOR, hall]))
    assert [zone.name for zone in more.watched("front").zones] == ["door", "hall"]
    _, none = tried(Change("camera[0].zone", unset=True))
    assert none.watched("front").zones == ()


def test_a_path_begins_at_the_settings_file() -> None:
    _, then = tried(Change("detector.model", "models/own.onnx"))
    assert then.detector.model == "/etc/smartrec/models/own.onnx"


@pytest.mark.parametrize(
    ("key", "value", "like"),
    [
        ("detector.min_confidence", 0.6, True),
        ("detector.threads", 4, True),
        ("detector.enabled", False, True),
        ("trigger.of", 5, True),
        ("camera[0].zone", [], True),
        ("detector.fps", 2.0, False),
        ("detector.model", "x.onnx", False),
        ("detector.motion_gate", False, False),
        ("detector.at_least_every", "5s", False),
        ("detector.keyframes_only", True, False),
        ("detector.person_class_ids", [1], False),
        ("detector.labels", "names.txt", False),
    ],
)
def test_other_eyes_are_told_from_other_rules(key: str, value: object, like: bool) -> None:
    now, then = tried(Change(key, value))
    assert now.sees_like(then) is like


def test_what_no_picture_can_tell_is_refused_each_with_its_reason() -> None:
    told = refused(
        Change("camera[0].size", "640x480"),
        Change("recording.pre_roll", "3s"),
        Change("detector.engine", "portable"),
        Change("camera[1]", unset=True),
        Change("trigger.frames", 1),
    )
    assert told == {
        "('recording', 'pre_roll')": "cannot be replayed: it has no say in who begins a clip",
        "('detector', 'engine')": "cannot be replayed: the portable engine looks again,"
        " whichever looked live",
        "('camera', 0, 'size')": "cannot be replayed: the pictures are as they are",
        "('camera', 1)": "cannot be replayed: there are no pictures of another camera",
    }


def test_wrong_settings_are_told_at_their_places() -> None:
    told = refused(Change("detector.min_confidence", 3), Change("trigger.frames", 0))
    assert set(told) == {"('detector', 'min_confidence')", "('trigger', 'frames')"}
    with pytest.raises(UsageError):
        tried(Change("..", 1))


def test_values_without_end_are_refused_and_nothing_is_made_up_between() -> None:
    deep: object = 1
    for _ in range(900):
        deep = [deep]
    assert "nested" in refused(Change("trigger.frames", deep))["('trigger', 'frames')"]
    assert refused(Change("camera[9999].zone", [])) == {
        "('camera', 9999)": "is beyond the end: there are 2"
    }
    assert refused(Change("camera[0].zone[2].anchor", "any")) == {
        "('camera', 0, 'zone', 2)": "is beyond the end: there are 1"
    }
    _, then = tried(Change("camera[0].zone[1]", {**DOOR, "name": "hall"}))
    assert len(then.watched("front").zones) == 2


def test_no_password_and_no_address_goes_along() -> None:
    now, then = tried(Change("trigger.frames", 1))
    line = json.dumps(Question(now, then, Path("/clips")).as_json())
    assert not any(word in line for word in ("hush", "psst", "user", "rtsp", "host"))


def test_settings_of_no_camera_ask_of_any() -> None:
    now, _ = sides(flat(Config()), [], Path())
    assert now.begins("anything")
    assert now.watched("anything").zones == ()


@given(
    camera=st.none() | st.text(max_size=9),
    times=st.tuples(st.none() | st.integers(0, 2**62), st.none() | st.integers(0, 2**62)),
    only=st.none() | st.lists(st.text(max_size=9), max_size=3).map(tuple),
    files=st.lists(st.text("abc/. ", min_size=1, max_size=9).map(Path), max_size=2).map(tuple),
    flags=st.tuples(st.booleans(), st.booleans()),
    most=st.integers(1, 10**9),
)
def test_a_question_is_the_same_when_it_was_said(
    camera: str | None,
    times: tuple[int | None, int | None],
    only: tuple[str, ...] | None,
    files: tuple[Path, ...],
    flags: tuple[bool, bool],
    most: int,
) -> None:
    now, then = tried(Change("trigger.frames", 1), Change("detector.model", "x.onnx"))
    asked = Question(now, then, NOT_UTF8, camera, *times, only, files, flags[0], most, flags[1])
    assert question(json.dumps(asked.as_json())) == asked


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["now", "then", "clips", "most", "again", "detector", "x"]), inner
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_else_is_said_is_refused(line: bytes) -> None:
    try:
        asked = question(line)
    except UsageError:
        return
    assert isinstance(asked, Question)
