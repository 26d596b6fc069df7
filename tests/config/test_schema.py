"""The settings as a whole: what is taken, what is refused, and what holds for every field."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from smartrec.config.arming import Arming
from smartrec.config.cameras import Camera, Controls, Keep
from smartrec.config.schema import Config, Log, Recording, Retention, Ring
from smartrec.config.table import (
    AT_ONCE,
    FILE_ONLY,
    NEEDS_NEW_START,
    REBUILDS_WATCH,
    RESTARTS_CAPTURE,
)
from smartrec.config.watching import AutoTrigger, Detector, Screen, Zone
from smartrec.units import SECOND, Ns, in_words, picture_in_words, size_in_words

TABLES: tuple[type[BaseModel], ...] = (
    Recording,
    Ring,
    Retention,
    Camera,
    Controls,
    Keep,
    Zone,
    Detector,
    AutoTrigger,
    Arming,
    Screen,
    Log,
)
ZONE = {"name": "door", "polygon": [[0, 0], [1, 0], [0.5, 1]]}


CHANGES = (AT_ONCE, FILE_ONLY, NEEDS_NEW_START, REBUILDS_WATCH, RESTARTS_CAPTURE)


def every_field() -> Iterator[tuple[str, FieldInfo]]:
    for table in TABLES:
        for name, field in table.model_fields.items():
            yield f"{table.__name__}.{name}", field


def refused(settings: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(settings)
    assert len(caught.value.errors()) == 1
    return str(caught.value)


@pytest.mark.parametrize(("name", "field"), list(every_field()))
def test_every_field_says_what_it_is_and_what_a_change_does(name: str, field: FieldInfo) -> None:
    assert field.description
    assert field.description.endswith("."), name
    assert field.json_schema_extra in CHANGES


def test_nothing_at_all_is_a_valid_configuration_without_cameras() -> None:
    config = Config()
    assert config.camera == ()
    assert config.recording.pre_roll == 10 * SECOND
    assert config.recording.directory == Path("SmartRecDir")
    assert config.recording.journal_dir is None


def test_a_configuration_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().recording.pre_roll = SECOND


def test_cameras_are_numbered_by_order_and_named_by_id() -> None:
    config = Config.model_validate({"camera": [{}, {"id": "door"}, {"name": "Yard / gate"}]})
    assert [camera.id for camera in config.camera] == ["cam0", "door", "cam2"]
    assert [camera.name for camera in config.camera] == ["cam0", "door", "Yard / gate"]


@pytest.mark.parametrize(
    "cameras",
    [
        [{"id": "a"}, {"id": "a"}],
        [{"name": "Door"}, {"name": "Door"}],
        [{"id": "door"}, {"name": "door"}],
        [{"id": "cam1"}, {}],
        [{"source": "usb:/dev/video0"}, {"source": "usb:/dev/video0"}],
    ],
)
def test_two_cameras_that_get_in_each_others_way_are_refused(cameras: object) -> None:
    assert "is taken by camera[0]" in refused({"camera": cameras})


@pytest.mark.parametrize(
    ("source", "kind", "path"),
    [
        ("usb", "usb", None),
        ("usb:/dev/video2", "usb", "/dev/video2"),
        ("usb:/dev/v4l/by-id/usb-A:B-index0", "usb", "/dev/v4l/by-id/usb-A:B-index0"),
        ("file:a b.mkv", "file", "a b.mkv"),
        ("demo", "demo", None),
        ("rtsp://me:pw@host:554/path", "rtsp", None),
        ("rtsps://host", "rtsp", None),
        (f"rtsps://me:pw@host/main#sha256={'aB' * 32}", "rtsp", None),
        (f"rtsps://host#sha256={':'.join(['aB'] * 32)}", "rtsp", None),
    ],
)
def test_a_source_is_taken_apart(source: str, kind: str, path: str | None) -> None:
    camera = Camera.model_validate({"source": source})
    assert camera.kind == kind
    assert camera.path == (Path(path) if path else None)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "video0",
        "usb:",
        "usb:video0",
        'usb:/dev/video0" ! filesink location="/tmp/taken',
        "usb:/dev/video0\\",
        "file:",
        "demo:1",
        "rtsp:",
        "rtsp://",
        "rtsp://a b/c",
        "rtsp://host:port/",
        f"rtsp://host/#sha256={'aB' * 32}",
        f"rtsps://host/#sha256={'aB' * 31}",
        "rtsps://host/#main",
        "http://host/",
        "file:a\nb",
        3,
        None,
        "\udcff",
    ],
)
def test_what_is_no_source_is_refused(source: object) -> None:
    refused({"camera": [{"source": source}]})


def test_a_bare_device_is_answered_with_the_right_spelling() -> None:
    assert "did you mean 'usb:/dev/video0'?" in refused({"camera": [{"source": "/dev/video0"}]})


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 300, "\x00", 5, "\x1b[2J"])
def test_a_name_that_no_screen_could_show_is_refused(name: object) -> None:
    refused({"camera": [{"name": name}]})


@pytest.mark.parametrize("id_", ["", "A", "a b", "a/b", "a\n", "x" * 33, "..", "ä", 0])
def test_an_id_that_is_not_safe_in_a_file_name_is_refused(id_: object) -> None:
    refused({"camera": [{"id": id_, "name": "any"}]})


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("recording", "pre_roll", "10m1s"),
        ("recording", "post_roll", "61m"),
        ("recording", "max_length", "999ms"),
        ("recording", "pre_roll", -1),
        ("recording", "pre_roll", True),
        ("recording", "pre_roll", [1]),
        ("recording", "quality", 52),
        ("recording", "quality", -1),
        ("recording", "quality", 21.5),
        ("recording", "quality", True),
        ("recording", "finishers", 0),
        ("recording", "format", "avi"),
        ("recording", "encoder", "x264enc ! filesink"),
        ("recording", "directory", ""),
        ("recording", "directory", "a\x00b"),
        ("recording", "directory", 5),
        ("recording", "directory", "~nobody-of-that-name/clips"),
        ("ring", "max_bytes", "10 apples"),
        ("ring", "max_bytes", "1kB"),
        ("log", "level", "loud"),
        ("detector", "enabled", 1),
        ("detector", "model", ""),
        ("detector", "model", "a\x00b"),
        ("detector", "model", "~nobody-of-that-name/model.onnx"),
        ("detector", "labels", 5),
        ("detector", "person_class_ids", []),
        ("detector", "person_class_ids", [-1]),
        ("detector", "person_class_ids", ["0"]),
        ("detector", "person_class_ids", 0),
        ("detector", "min_confidence", 50),
        ("detector", "min_confidence", "0.5"),
        ("detector", "min_confidence", True),
        ("detector", "fps", 0.1),
        ("detector", "threads", 0),
        ("detector", "at_least_every", "2m"),
        ("trigger", "frames", 0),
        ("trigger", "frames", 4),
        ("trigger", "of", 1),
        ("trigger", "hysteresis", -0.1),
        ("trigger", "min_area", 1.1),
        ("trigger", "cooldown", "2h"),
        ("screen", "show", True),
        ("screen", "sink", "ximagesink ! fakesink"),
    ],
)
def test_a_value_out_of_its_limits_is_refused(table: str, key: str, value: object) -> None:
    refused({table: {key: value}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("fps", 0.5),
        ("fps", 241),
        ("fps", float("nan")),
        ("fps", float("inf")),
        ("fps", "30"),
        ("fps", True),
        ("rotate", 45),
        ("flip", "yes"),
        ("loop", 1),
        ("size", "1280"),
        ("size", "8x8"),
        ("size", "99999x99999"),
        ("detect", "yes"),
        ("audio", "yes"),
        ("audio", 1),
        ("audio", "alsa:"),
        ("audio", "jack:system"),
        ("audio", "alsa:hw:0\n! filesink"),
        ("audio", 'alsa:hw:0" ! filesink location="/tmp/taken'),
        ("audio", "pulse:mic\\"),
        ("audio", "pipewire:" + "a" * 257),
        ("transport", "TCP"),
        ("transport", ""),
        ("power_cycle", 1),
        ("power_cycle", "true"),
        ("retention", {"max_age": "59m"}),
        ("retention", {"max_bytes": 999_999}),
        ("retention", {"min_free": "1GB"}),
        ("zone", [{**ZONE, "name": "Front door"}]),
        ("zone", [{**ZONE, "kind": "inside"}]),
        ("zone", [{**ZONE, "anchor": "feet"}]),
        ("zone", [{"polygon": ZONE["polygon"]}]),
        ("zone", [{"name": "door"}]),
        ("zone", [ZONE, ZONE]),
        ("controls", {"focus": "near"}),
        ("controls", {"focus": -1}),
        ("controls", {"focus": True}),
        ("controls", {"power_line_frequency": "55"}),
        ("controls", {"exposure_dynamic_framerate": 0}),
        ("controls", {"extra": {"gain,x=1": 1}}),
        ("controls", {"extra": {"gain": "1"}}),
        ("controls", {"extra": {"gain": 2**31}}),
    ],
)
def test_a_camera_setting_out_of_its_limits_is_refused(key: str, value: object) -> None:
    refused({"camera": [{key: value}]})


def test_the_limits_themselves_are_taken() -> None:
    config = Config.model_validate(
        {
            "recording": {"pre_roll": "10m", "post_roll": "1h", "max_length": 1, "quality": 51},
            "camera": [{"fps": 240, "size": "16x16384"}, {"fps": 7.5, "rotate": 270}],
        }
    )
    assert config.recording.max_length == SECOND
    assert config.camera[0].size == (16, 16_384)


def test_controls_are_handed_on_in_one_mapping_without_those_left_out() -> None:
    controls = Controls.model_validate(
        {"power_line_frequency": 50, "focus": 0, "exposure": "auto", "extra": {"gain": -3}}
    )
    assert controls.wanted() == {
        "power_line_frequency": "50",
        "focus": 0,
        "exposure": "auto",
        "gain": -3,
    }


def test_two_cameras_may_play_the_same_file_or_demo() -> None:
    Config.model_validate({"camera": [{"source": s} for s in ("demo", "demo", "file:a", "file:a")]})


def test_home_is_found_in_a_directory() -> None:
    assert Recording.model_validate({"directory": "~/clips"}).directory == Path.home() / "clips"


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ([[0, 0], [1, 1]], "a polygon has 3 to 200 corners, not 2"),
        ([[0, 0]] * 201, "a polygon has 3 to 200 corners, not 201"),
        ([[0, 0], [1, 0], [1.1, 1]], "corner 3 is outside the picture"),
        ([[0, 0], [640, 0], [640, 480]], "corner 2 is outside the picture"),
        ([[0, 0], [1, 0], [float("nan"), 1]], "corner 3 is outside the picture"),
        ([[0, 0], [1, 0], [0.5]], "corner 3 must be [x, y], two numbers"),
        ([[0, 0], [1, 0], ["0.5", 1]], "corner 3 must be [x, y], two numbers"),
        ([[0, 0], [1, 0], [True, 1]], "corner 3 must be [x, y], two numbers"),
        ([0, 0, 1, 0], "corner 1 must be [x, y], two numbers"),
        ([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]], "the corners enclose no area"),
        ("0,0 1,0 1,1", "must be a list of corners [x, y]"),
    ],
)
def test_a_zone_that_is_no_area_of_the_picture_is_refused(polygon: object, said: str) -> None:
    assert said in refused({"camera": [{"zone": [{"name": "door", "polygon": polygon}]}]})


def test_a_zone_may_be_as_large_as_the_picture() -> None:
    corners = [[0, 0], [1, 0], [1, 1], [0, 1]]
    zone = Zone.model_validate({"name": "all", "polygon": corners})
    assert zone.polygon == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert (zone.kind, zone.anchor) == ("include", "bottom")


def test_two_cameras_may_have_zones_of_one_name() -> None:
    cameras = [{"source": "demo", "zone": [ZONE]}, {"source": "demo", "zone": [ZONE]}]
    assert len(Config.model_validate({"camera": cameras}).camera) == 2


def test_frames_that_can_never_be_seen_are_refused_with_both_numbers() -> None:
    assert "frames is 4, more than of, 3" in refused({"trigger": {"frames": 4}})


SECONDS = st.integers(0, 600 * SECOND).map(lambda ns: in_words(Ns(ns)))
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "recording": st.fixed_dictionaries(
            {}, optional={"pre_roll": SECONDS, "quality": st.integers(0, 51)}
        ),
        "detector": st.fixed_dictionaries(
            {},
            optional={
                "min_confidence": st.floats(0, 1),
                "person_class_ids": st.lists(st.integers(0, 9999), min_size=1, max_size=3),
                "at_least_every": st.integers(1, 60).map(lambda s: f"{s}s"),
            },
        ),
        "ring": st.fixed_dictionaries(
            {}, optional={"max_bytes": st.integers(10**6, 10**12).map(size_in_words)}
        ),
        "camera": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "fps": st.floats(1, 240),
                    "size": st.tuples(st.integers(16, 9999), st.integers(16, 9999)).map(
                        picture_in_words
                    ),
                    "zone": st.lists(st.just(ZONE), max_size=1),
                    "rotate": st.sampled_from([0, 90, 180, 270]),
                },
            ),
            max_size=4,
        ),
    },
)


@given(CONFIGS)
def test_what_is_written_out_reads_back_the_same_with_the_same_digest(settings: object) -> None:
    config = Config.model_validate(settings)
    again = Config.model_validate(config.model_dump(mode="json"))
    assert again == config
    assert again.digest() == config.digest()


def test_the_digest_tells_settings_apart_but_not_their_spelling() -> None:
    digests = {
        Config.model_validate({"recording": {"pre_roll": written}}).digest()
        for written in ("60s", "1m", 60, "0.5m 30s", "61s")
    }
    assert len(digests) == 2
    assert all(len(digest) == 64 for digest in digests)


def test_a_schedule_is_kept_in_one_form() -> None:
    entries = ["Monday - fri 18:00-7:00", "22:00-0:00"]
    config = Config.model_validate({"arming": {"schedule": entries}})
    assert config.arming.schedule == ("mon-fri 18:00-07:00", "mon-sun 22:00-24:00")
    assert config.model_dump(mode="json")["arming"]["schedule"] == list(config.arming.schedule)


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("mon 18:00-07:00", "must be a list of times"),
        ([7], "must hold times"),
        (["mon 18:00-07:00", "weekdays 9:00-17:00"], "'weekdays' is no day"),
        (["00:00-24:00"] * 101, "100 at most"),
    ],
)
def test_a_schedule_that_is_none_is_refused(schedule: object, why: str) -> None:
    assert why in refused({"arming": {"schedule": schedule}})
