"""Finding, merging and explaining: real files, a handed-in environment, every mistake placed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smartrec.config.load import Given, Loaded, flat, load
from smartrec.config.reference import example as example_file
from smartrec.errors import ConfigError

GOOD = """\
# settings
[recording]
pre_roll = "5s"      # with a comment
directory = 'clips'

[[camera]]
id = "front"
source = "demo"
controls = { focus = "auto", extra = { gain = 3 } }

[[camera]]
id = "back"
controls.exposure = 312
[camera.controls.extra]
gain = 4
"""


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current directory and home, whatever the machine has."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))


def loaded(
    text: str | bytes | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Loaded:
    path = None
    if text is not None:
        path = Path("my.toml")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path=path, environ=environ or {}, overrides=overrides or {})


def mistakes(
    text: str | bytes | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, environ=environ, overrides=overrides)
    assert caught.value.hint == "See what there is: smartrec config example"
    return str(caught.value).split("\n")


def test_without_a_file_everything_is_the_default() -> None:
    result = loaded()
    assert result.path is None
    assert set(result.origins.values()) == {"default"}
    assert set(result.origins) == set(flat(result.config))


def test_every_value_says_in_which_line_of_the_file_it_stands() -> None:
    result = loaded(GOOD)
    assert result.path == Path("my.toml")
    said = {key: origin for key, origin in result.origins.items() if origin != "default"}
    assert said == {
        "recording.pre_roll": "my.toml:3",
        "recording.directory": "my.toml:4",
        "camera[0].id": "my.toml:7",
        "camera[0].source": "my.toml:8",
        "camera[0].controls.focus": "my.toml:9",
        "camera[0].controls.extra.gain": "my.toml:9",
        "camera[1].id": "my.toml:12",
        "camera[1].controls.exposure": "my.toml:13",
        "camera[1].controls.extra.gain": "my.toml:15",
    }


def test_the_command_line_wins_over_the_environment_and_that_over_the_file() -> None:
    text = '[recording]\npre_roll = "1s"\npost_roll = "1s"\nmax_length = "1m"\n'
    environ = {"SMARTREC_RECORDING__PRE_ROLL": "2s", "SMARTREC_RECORDING__POST_ROLL": "2s"}
    result = loaded(text, environ=environ, overrides={"recording.pre_roll": "3s"})
    recording = result.config.recording
    assert (recording.pre_roll, recording.post_roll, recording.max_length) == (3e9, 2e9, 60e9)
    assert result.origins["recording.pre_roll"] == "command line"
    assert result.origins["recording.post_roll"] == "SMARTREC_RECORDING__POST_ROLL"
    assert result.origins["recording.max_length"] == "my.toml:4"


def test_files_are_looked_for_in_the_order_that_the_page_promises(tmp_path: Path) -> None:
    home, here, named, asked = (
        tmp_path / "home" / "smartrec" / "smartrec.toml",
        Path("smartrec.toml"),
        Path("named.toml"),
        Path("asked.toml"),
    )
    environ = {"SMARTREC_CONFIG": str(named)}
    home.parent.mkdir(parents=True)
    for path in (home, here, named, asked):
        path.touch()
    assert load(path=asked, environ=environ, overrides={}).path == asked
    assert load(path=None, environ=environ, overrides={}).path == named
    assert load(path=None, environ={}, overrides={}).path == here
    assert Given(None, {}, {}).unread() == home
    assert Given(asked, {}, {}).unread() is Given(None, environ, {}).unread() is None
    here.unlink()
    assert Given(None, {}, {}).unread() is None
    here.symlink_to(home)
    assert Given(None, {}, {}).unread() is None
    here.unlink()
    assert load(path=None, environ={}, overrides={}).path == home
    home.unlink()
    assert load(path=None, environ={}, overrides={}).path is None


def test_an_environment_names_its_own_home_for_settings(tmp_path: Path) -> None:
    file = tmp_path / "other" / "smartrec" / "smartrec.toml"
    file.parent.mkdir(parents=True)
    file.touch()
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "other")}
    assert load(path=None, environ=environ, overrides={}).path == file


def test_a_list_of_cameras_is_laid_over_those_of_the_file_first_over_first() -> None:
    overrides = {"camera": [{"source": "usb", "controls": {"focus": 7}}], "log.level": None}
    result = loaded(GOOD, overrides=overrides)
    (camera,) = result.config.camera
    assert (camera.id, camera.source) == ("front", "usb")
    assert (camera.controls.focus, camera.controls.extra) == (7, {"gain": 3})
    assert result.origins["camera[0].id"] == "my.toml:7"
    assert result.origins["camera[0].source"] == "command line"
    assert result.origins["camera[0].controls.focus"] == "command line"
    assert result.origins["camera[0].controls.extra.gain"] == "my.toml:9"
    assert result.origins["camera[0].fps"] == "default"
    assert result.origins["log.level"] == "default"


def test_there_are_as_many_cameras_as_the_list_has() -> None:
    many = [{"source": "demo"}, {"fps": 5}, {"id": "third"}]
    result = loaded(GOOD, overrides={"camera": many})
    assert [camera.id for camera in result.config.camera] == ["front", "back", "third"]
    assert [camera.fps for camera in result.config.camera] == [30, 5, 30]
    assert result.config.camera[1].controls.exposure == 312
    assert result.origins["camera[2].id"] == "command line"
    assert loaded(GOOD, overrides={"camera": []}).config.camera == ()


def test_a_list_of_cameras_over_what_is_none_is_told_where_it_stands() -> None:
    assert mistakes("camera = 5", overrides={"camera": [{"fps": 5}]}) == [
        "my.toml:1: camera: must be written [[camera]], once for each camera"
    ]
    assert mistakes("camera = [{controls = 5}]", overrides={"camera": [{"controls": {}}]}) == [
        "my.toml:1: camera[0].controls: must be a table, not 5"
    ]
    assert mistakes("", overrides={"camera": ["usb"]}) == [
        "command line: camera[0]: must be a table, not 'usb'"
    ]


def test_zones_of_the_file_stay_under_a_list_of_cameras() -> None:
    result = loaded(ZONES, overrides={"camera": [{"source": "demo"}]})
    assert [zone.name for zone in result.config.camera[0].zone] == ["door", "street"]
    assert result.origins["camera[0].zone[1].kind"] == "my.toml:12"


def test_a_camera_that_nobody_names_is_found_and_no_other_one_is() -> None:
    two = '[[camera]]\nid = "a"\n[[camera]]\nsource = "file:x.mkv"\n[[camera]]\n'
    given = Given(Path("my.toml"), {}, {}, found="demo")
    result = given.load(two)
    assert [camera.source for camera in result.config.camera] == ["demo", "file:x.mkv", "usb"]
    assert result.origins["camera[0].source"] == "found at the start"
    assert result.origins["camera[1].source"] == "my.toml:4"
    assert result.origins["camera[2].source"] == "default"
    named = given.load('[[camera]]\nsource = "usb"\n')
    assert named.config.camera[0].source == "usb"
    assert named.origins["camera[0].source"] == "my.toml:2"
    assert [camera.source for camera in given.load("").config.camera] == ["demo"]
    with pytest.raises(ConfigError, match="must be written"):
        given.load("camera = 5")


def test_a_text_is_taken_for_what_stands_in_the_file() -> None:
    Path("my.toml").write_text('[detector]\nmodel = "own.onnx"\n')
    given = Given(Path("my.toml"), {}, {"recording.quality": 30}, "usb_cam.py")
    result = given.load('\ufeff[detector]\r\nlabels = "l.txt"\r\n')
    assert result.path == Path("my.toml")
    assert result.config.detector.labels == str(Path.cwd() / "l.txt")
    assert result.config.detector.model == "nanodet"
    assert result.origins["detector.labels"] == "my.toml:2"
    assert result.origins["recording.quality"] == "usb_cam.py"
    assert given.load().config.detector.model == str(Path.cwd() / "own.onnx")


def test_a_text_for_a_file_that_is_not_there_is_that_of_the_users_own(tmp_path: Path) -> None:
    given = Given(None, {"XDG_CONFIG_HOME": str(tmp_path)}, {})
    assert given.file() == tmp_path / "smartrec" / "smartrec.toml"
    assert given.load("[ring]").path == given.file()
    assert given.load().path is None
    Path("smartrec.toml").touch()
    assert given.file() == Path("smartrec.toml")


def test_each_mistake_names_the_setting_that_it_is_in() -> None:
    text = 'x = 1\n[[camera]]\nfps = "rtsp://me:s3cret@host/"\n[trigger]\nframes = 9\n'
    with pytest.raises(ConfigError) as caught:
        loaded(text, environ={"SMARTREC_LOG__LEVEL": "loud", "SMARTREC_QQQQQQQ": "1"})
    found = {each.place: each.words for each in caught.value.mistakes}
    assert found == {
        None: "SMARTREC_QQQQQQQ: unknown variable",
        ("x",): "unknown",
        ("camera", 0, "fps"): "must be a number, not 'rtsp://me:***@host/'",
        ("trigger",): "frames is 9, more than of, 3: nobody would count",
        ("log", "level"): "must be 'debug', 'info', 'warning' or 'error', not 'loud'",
    }
    with pytest.raises(ConfigError) as caught:
        loaded("x = ")
    (mistake,) = caught.value.mistakes
    assert mistake.place is None
    assert mistake.words == str(caught.value)


def test_a_camera_setting_of_the_command_line_is_set_in_every_camera() -> None:
    result = loaded(GOOD, overrides={"camera.fps": 15, "camera.controls.focus": 7})
    assert [camera.fps for camera in result.config.camera] == [15, 15]
    assert [camera.controls.focus for camera in result.config.camera] == [7, 7]
    assert [camera.source for camera in result.config.camera] == ["demo", "usb"]
    assert result.origins["camera[1].fps"] == "command line"
    assert result.origins["camera[0].source"] == "my.toml:8"
    assert result.origins["camera[1].source"] == "default"


def test_a_camera_setting_of_the_command_line_makes_a_camera_where_there_is_none() -> None:
    result = loaded(overrides={"camera.size": "640x480", "camera.rotate": 90})
    (camera,) = result.config.camera
    assert (camera.source, camera.size, camera.rotate) == ("usb", (640, 480), 90)
    assert result.origins["camera[0].source"] == "default"
    overrides = {"camera.fps": 15, "camera": [{"source": "demo"}, {"source": "demo"}]}
    assert [camera.fps for camera in loaded(overrides=overrides).config.camera] == [15, 15]


def test_numbers_come_from_the_environment_as_numbers() -> None:
    environ = {"SMARTREC_RECORDING__QUALITY": "30", "SMARTREC_RING__MAX_BYTES": "64MB"}
    config = loaded(environ=environ).config
    assert (config.recording.quality, config.ring.max_bytes) == (30, 64_000_000)


def test_every_kind_of_value_comes_from_the_environment() -> None:
    environ = {
        "SMARTREC_DETECTOR__PERSON_CLASS_IDS": "0, 2",
        "SMARTREC_DETECTOR__MIN_CONFIDENCE": "0.25",
        "SMARTREC_DETECTOR__FPS": "2",
        "SMARTREC_DETECTOR__MOTION_GATE": "false",
        "SMARTREC_DETECTOR__AT_LEAST_EVERY": "5s",
        "SMARTREC_ARMING__SCHEDULE": "mon-fri 18:00-07:00, sat-sun 00:00-24:00",
        "SMARTREC_SCREEN__SHOW": "off",
    }
    result = loaded(environ=environ)
    detector = result.config.detector
    assert result.config.arming.schedule == ("mon-fri 18:00-07:00", "sat-sun 00:00-24:00")
    assert (detector.person_class_ids, detector.min_confidence) == ((0, 2), 0.25)
    assert (detector.fps, detector.motion_gate, detector.at_least_every) == (2.0, False, 5e9)
    assert result.config.screen.show == "off"
    assert result.origins["detector.person_class_ids"] == "SMARTREC_DETECTOR__PERSON_CLASS_IDS"


def test_what_a_variable_cannot_hold_is_told_by_its_name() -> None:
    environ = {
        "SMARTREC_DETECTOR__ENABLED": "yes",
        "SMARTREC_DETECTOR__PERSON_CLASS_IDS": "0,person",
        "SMARTREC_DETECTOR__MIN_CONFIDENCE": "50%",
        "SMARTREC_TRIGGER__FRAMES": "4",
    }
    assert sorted(mistakes("[ring]", environ=environ)) == [
        "SMARTREC_DETECTOR__ENABLED: must be true or false, not 'yes'",
        "SMARTREC_DETECTOR__MIN_CONFIDENCE: must be a number, not '50%'",
        "SMARTREC_DETECTOR__PERSON_CLASS_IDS: must hold whole numbers from 0 to 9999 only",
        "SMARTREC_TRIGGER__FRAMES: frames is 4, more than of, 3: nobody would count",
    ]


ZONES = """\
[[camera]]
id = "front"
[[camera.zone]]
name = "door"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
[[camera.zone]]
name = "street"
polygon = [
  [0.0, 0.0], [1.0, 0.0],
  [1.0, 0.2],
]
kind = "exclude"
"""


def test_zones_say_in_which_lines_they_stand() -> None:
    result = loaded(ZONES)
    assert [zone.name for zone in result.config.camera[0].zone] == ["door", "street"]
    assert result.origins["camera[0].zone[0].polygon"] == "my.toml:5"
    assert result.origins["camera[0].zone[1].polygon"] == "my.toml:8"
    assert result.origins["camera[0].zone[1].kind"] == "my.toml:12"
    assert result.origins["camera[0].zone[1].anchor"] == "default"


def test_zones_of_the_command_line_come_with_their_camera() -> None:
    zone = {"name": "door", "polygon": ((0, 0), (1, 0), (1, 1))}
    result = loaded(ZONES, overrides={"camera": [{"source": "demo", "zone": [zone]}]})
    assert [zone.name for zone in result.config.camera[0].zone] == ["door"]
    assert result.origins["camera[0].zone[0].polygon"] == "command line"


def test_all_mistakes_of_all_zones_are_told_at_once() -> None:
    text = (
        ZONES
        + """\
[[camera]]
zone = "door"
[[camera]]
id = "back"
[[camera.zone]]
name = "Back Door"
polygon = [[0, 0], [1, 1]]
[[camera.zone]]
polygn = [[0, 0], [1, 0], [640, 480]]
anchor = "feet"
[[camera.zone]]
name = "a"
polygon = [[0, 0], [1, 0], [640, 480]]
[[camera.zone]]
name = "a"
polygon = [[0, 0], [1, 0], [1, 1]]
"""
    )
    assert mistakes(text) == [
        "my.toml:14: camera[1].zone: must be written [[camera.zone]], once for each zone",
        "my.toml:18: camera[2].zone[0].name: must be 1 to 32 of: a to z 0 to 9 _ -",
        "my.toml:19: camera[2].zone[0].polygon: a polygon has 3 to 200 corners, not 2",
        "my.toml:20: camera[2].zone[1].name: is missing",
        "my.toml:20: camera[2].zone[1].polygon: is missing",
        "my.toml:21: camera[2].zone[1].polygn: unknown; did you mean 'polygon'?",
        "my.toml:22: camera[2].zone[1].anchor: must be 'bottom', 'center' or 'any', not 'feet'",
        "my.toml:25: camera[2].zone[2].polygon: corner 3 is outside the picture: "
        "x and y must be 0 to 1",
        "my.toml:27: camera[2].zone[3].name: 'a' is taken by zone[2]",
    ]


def test_a_key_of_a_zone_that_stands_elsewhere_is_told_its_place() -> None:
    assert mistakes("[detector]\npolygon = []") == [
        "my.toml:2: detector.polygon: unknown; did you mean 'camera.zone.polygon'?"
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ('type = "rtsp"', "the source says what it is"),
        ('url = "rtsp://me:s3cret@cam/main"', "all of it stands in the source"),
        ('password = "s3cret"', "all of it stands in the source"),
        ('device = "/dev/video0"', 'write source = "usb:/dev/video0"'),
    ],
)
def test_a_key_of_another_program_is_answered_by_how_it_is_written_here(
    line: str, answer: str
) -> None:
    (mistake,) = mistakes(f"[[camera]]\n{line}\n")
    assert mistake.startswith(f"my.toml:2: camera[0].{line.split()[0]}: unknown; {answer}")
    assert "s3cret" not in mistake


def test_the_paths_of_a_file_start_at_that_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "any.toml"
    path.write_text('[detector]\nmodel = "own/m.onnx"\nlabels = "/srv/labels.txt"\n')
    for asked in (path, Path("../etc/any.toml")):
        detector = load(path=asked, environ={}, overrides={}).config.detector
        assert detector.model.startswith("/")
        assert Path(detector.model).resolve() == tmp_path / "etc" / "own" / "m.onnx"
        assert detector.labels == "/srv/labels.txt"


def test_the_paths_of_command_line_and_environment_start_where_it_is_run(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "any.toml"
    path.write_text('[detector]\nmodel = "a.onnx"\nlabels = "b.txt"\n')
    environ = {"SMARTREC_DETECTOR__LABELS": "labels.txt"}
    detector = load(
        path=path, environ=environ, overrides={"detector.model": "m.onnx"}
    ).config.detector
    assert detector.model == str(Path.cwd() / "m.onnx")
    assert detector.labels == str(Path.cwd() / "labels.txt")


def test_home_is_found_in_a_path_and_the_built_in_model_is_none() -> None:
    text = '[detector]\nmodel = "nanodet"\nlabels = "~/labels.txt"\n'
    detector = loaded(text).config.detector
    assert detector.model == "nanodet"
    assert detector.labels == str(Path.home() / "labels.txt")
    assert "home" in mistakes('[detector]\nmodel = "~nobody-of-that-name/m.onnx"')[0]


def test_variables_of_the_program_itself_are_no_settings() -> None:
    loaded(environ={"SMARTREC_STATE_DIR": "/x", "SMARTREC_LOG": "debug", "SMARTREC_CONFIG": ""})


def test_all_mistakes_of_all_sources_are_told_at_once() -> None:
    text = """\
pre_roll = 5
[recording]
pre_rol = "5s"
post_roll = "10 apples"
note = \"\"\"
[ring]
\"\"\"
[ring]
max_bytes = [
  1, # ]
]
[[camera]]
id = "a"
flip = "yes"
[camera.controls]
focus = "x"
[[camera]]
id = "a"
zebra = 1
"""
    environ = {"SMARTREC_RING__MAX_BYTE": "3", "SMARTREC_LOG__LEVEL": "loud"}
    assert mistakes(text, environ=environ, overrides={"recording.quality": 99}) == [
        "SMARTREC_RING__MAX_BYTE: unknown variable; did you mean SMARTREC_RING__MAX_BYTES?",
        "my.toml:1: pre_roll: unknown; did you mean 'recording.pre_roll'?",
        "my.toml:3: recording.pre_rol: unknown; did you mean 'pre_roll'?",
        "my.toml:4: recording.post_roll: '10 apples' is no duration; "
        "write it like '10s', '500ms' or '1m30s'",
        "my.toml:5: recording.note: unknown",
        "my.toml:9: ring.max_bytes: must be a size like '512MB'",
        "my.toml:14: camera[0].flip: must be true or false, not 'yes'",
        'my.toml:16: camera[0].controls.focus: must be "auto" or a whole number, 0 or more',
        "my.toml:18: camera[1].id: 'a' is taken by camera[0]",
        "my.toml:19: camera[1].zebra: unknown",
        "command line: recording.quality: must be at most 51, not 99",
        "SMARTREC_LOG__LEVEL: must be 'debug', 'info', 'warning' or 'error', not 'loud'",
    ]


def test_a_camera_that_is_set_by_the_environment_is_told_where_it_is_set() -> None:
    assert mistakes("", environ={"SMARTREC_CAMERA__AUDIO": "true"}) == [
        "SMARTREC_CAMERA__AUDIO: unknown variable; cameras are set in a file, each in a table "
        "[[camera]]"
    ]


def test_a_very_long_name_of_a_machine_is_not_repeated_in_full() -> None:
    (mistake,) = mistakes("", environ={"SMARTREC_WEB__HOSTS": "X" * 5000})
    assert len(mistake) < 200


def test_a_wrong_id_is_one_mistake_and_not_two() -> None:
    assert mistakes('[[camera]]\nid = "A"') == [
        "my.toml:2: camera[0].id: must be 1 to 32 of: a to z 0 to 9 _ -"
    ]


def test_a_camera_named_twice_is_told_beside_other_mistakes() -> None:
    text = '[[camera]]\nname = "x"\n[[camera]]\nname = "x"\n[ring]\nbytes = 1'
    assert mistakes(text) == [
        "my.toml:4: camera[1].name: 'x' is taken by camera[0]",
        "my.toml:6: ring.bytes: unknown; did you mean 'max_bytes'?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[camera]\nid = 'a'",
            "my.toml:1: camera: must be written [[camera]], once for each camera",
        ),
        ("recording = 5", "my.toml:1: recording: must be a table, not 5"),
        ("\n[[recording]]\npre_roll = 1", "my.toml:2: recording: must be a table, not a list"),
        ("camera = [\n{}, 7]", "my.toml:1: camera[1]: must be a table, not 7"),
        (
            "[[camera]]\ncontrols.extra = 1",
            "my.toml:2: camera[0].controls.extra: must be a table of names and numbers, not 1",
        ),
        ("[recordin]\npre_roll = 1", "my.toml:1: recordin: unknown; did you mean 'recording'?"),
        ("x = 1\n\ny = ", "my.toml:3:5: not TOML: Invalid value"),
        ("a = '", "my.toml:1:6: not TOML: Unterminated string"),
        ("a = 1\na = 2", "my.toml:2:6: not TOML: Cannot overwrite a value"),
        (b"# ok\n[ring]\xff", "my.toml:2: is not UTF-8 text (invalid start byte)"),
        ("a = " + "[" * 100_000, "my.toml:1: nested too deeply"),
        ("[ring]\n'a\\nb' = 1", "my.toml:2: ring.'a\\\\nb': unknown"),
        ('[ring]\n"a\\nb" = 1', "my.toml:2: ring.'a\\nb': unknown"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_answered_in_one_line(
    text: str | bytes, said: str
) -> None:
    found = mistakes(text)
    if "not TOML" in said:  # The parser's own words differ between versions of Python.
        found, said = [found[0].partition(" not TOML")[0]], said.partition(" not TOML")[0]
    assert found == [said]


def test_a_value_where_the_environment_needs_a_table_is_one_mistake() -> None:
    assert mistakes("ring = 5", environ={"SMARTREC_RING__MAX_BYTES": "64MB"}) == [
        "my.toml:1: ring: must be a table, not 5"
    ]


def test_a_mistake_on_the_command_line_is_told_as_such() -> None:
    assert mistakes(GOOD, overrides={"camera": [{"size": "big"}], "recording.pre_rol": 1}) == [
        "command line: recording.pre_rol: unknown; did you mean 'pre_roll'?",
        "command line: camera[0].size: 'big' is no picture size; write it like '1280x720'",
    ]


def test_a_file_that_is_not_there_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path, said in {
        tmp_path / "none.toml": "there is no such file",
        tmp_path: "is a directory, not a file",
        tmp_path / "a\0b": "cannot be read",
        Path("/proc/self/mem"): "cannot be read",
    }.items():
        with pytest.raises(ConfigError, match=said):
            load(path=path, environ={}, overrides={})
    with pytest.raises(ConfigError, match="there is no such file"):
        load(path=None, environ={"SMARTREC_CONFIG": "gone.toml"}, overrides={})


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(path=Path("/dev/zero"), environ={}, overrides={})


def test_a_file_from_windows_is_read() -> None:
    text = b'\xef\xbb\xbf[recording]\r\npre_roll = "5s"\r\n'
    assert loaded(text).origins["recording.pre_roll"] == "my.toml:2"


def test_many_mistakes_end_in_a_count() -> None:
    found = mistakes("\n".join(f"key{number} = 1" for number in range(1000)))
    assert len(found) == 61
    assert found[-1] == "… and 940 more"


NASTY = [
    b"recording.pre_roll." + b".".join([b"a"] * 3000) + b" = 1",
    b"[ring]\nmax_bytes = 0x" + b"f" * 5000,
    b"[[camera]]\nfps = 0x" + b"f" * 5000,
    b"[[camera]]\ncontrols.extra.x = 0x" + b"f" * 5000,
    b"[[camera]]\ncontrols.power_line_frequency = 0x" + b"f" * 5000,
    b"[ring]\nmax_bytes = " + b"9" * 5000,
    b"[ring]\nmax_bytes = 1e999",
    b"[recording]\npre_roll = 1979-05-27T07:32:00Z",
    b"[recording]\npre_roll = -inf\npost_roll = nan",
    b'camera = [{}, [], {id = [1]}, "x"]',
    b"[[camera]]\nid = {a = 1}\nname = []\n[[camera]]\nid = {a = 1}",
    b'"" = 1',
    b'[""]\n"" = 1',
    b"[[camera]]\nzone = 5\n[[camera]]\nzone = [5, [], {polygon = [[]], name = []}]",
    b"[detector]\nmodel = '\xc2\x85'\nlabels = 7\nperson_class_ids = [0x" + b"f" * 5000 + b"]",
    b"[detector]\nmodel = '" + b"x" * 5000 + b"'",
    b"detector = []\n[trigger]\nframes = 1e999",
    b"a.b.c = 1\n[a.d]\n[[a.e]]\n[a.e.f]\n[[a.e.g]]",
    b"x = '''\n'''''\n[ring]",
    b'x = """\\"""""" # "\n[ring]\ny=1',
    b"[recording]\ndirectory = '~'\njournal_dir = '~\xc2\x85'",
]


def mutated(file: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, new in edits:
        place = at % (len(file) + 1)
        file = file[:place] + new + file[place + length :]
    return file


FRAGMENTS = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=6).map(lambda text: text.encode("utf-8", "ignore")),
    st.sampled_from(
        b"= [ ] [[ ]] { } \" ' \"\"\" ''' # . camera controls extra zone 1 -1 true inf".split()
    ),
    st.sampled_from([b"\n", b"\\u0000", b"recording"]),
)


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    file=st.sampled_from(
        [GOOD.encode(), ZONES.encode(), example_file().replace("\n#", "\n").encode()]
    ),
    edits=st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 12), FRAGMENTS), min_size=1, max_size=4
    ),
)
def test_no_file_breaks_anything_but_a_rule(
    file: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    assert_answered(mutated(file, edits))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
@example(b"")
@example(b"\x00")
def test_no_bytes_break_anything_but_a_rule(file: bytes) -> None:
    assert_answered(file)


@pytest.mark.parametrize("file", NASTY, ids=range(len(NASTY)))
def test_files_made_to_hurt_get_an_answer(file: bytes) -> None:
    assert_answered(file)


def assert_answered(file: bytes, environ: Mapping[str, str] | None = None) -> None:
    try:
        result = loaded(file, environ=environ)
    except ConfigError as error:
        lines = str(error).split("\n")
    else:
        lines = []
        assert set(result.origins) == set(flat(result.config))
    assert all(line.startswith(("my.toml:", "SMARTREC_", "… and ")) for line in lines)
    assert all(line.isprintable() for line in lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.one_of(
            st.text(max_size=9).map(lambda text: f"SMARTREC_{text}"),
            st.sampled_from(["SMARTREC_RECORDING__DIRECTORY", "SMARTREC_RECORDING__QUALITY"]),
        ),
        st.one_of(st.text(max_size=9), st.just("9" * 5000), st.just("\udcff")),
        max_size=3,
    )
)
def test_no_environment_breaks_anything_but_a_rule(environ: dict[str, str]) -> None:
    environ.pop("SMARTREC_CONFIG", None)
    assert_answered(b"", environ)
