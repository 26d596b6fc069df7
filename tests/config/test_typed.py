"""Words from a command line become values of the settings' own types."""

import pytest

from smartrec.config.suggest import place_of
from smartrec.config.typed import known, spoken
from smartrec.errors import ConfigError


@pytest.mark.parametrize(
    ("key", "words", "value"),
    [
        ("recording.pre_roll", ["5s"], "5s"),
        ("recording.pre_roll", ["5"], 5),
        ("ring.max_bytes", ["512000000"], 512_000_000),
        ("recording.directory", ["12"], "12"),
        ("detector.min_confidence", ["0.5"], 0.5),
        ("detector.enabled", ["false"], False),
        ("detector.person_class_ids", ["0,2"], [0, 2]),
        ("detector.person_class_ids", ["0", "2"], [0, 2]),
        ("detector.person_class_ids", ["[0, 2]"], [0, 2]),
        ("arming.schedule", ["mon 1:00-2:00", "tue 1:00-2:00"], ["mon 1:00-2:00", "tue 1:00-2:00"]),
        ("camera[0].rotate", ["90"], 90),
        ("camera[0].audio", ["true"], True),
        ("camera[0].audio", ["alsa:hw:1,0"], "alsa:hw:1,0"),
        ("camera[0].name", ["true"], "true"),
        ("camera[0].controls.focus", ["3"], 3),
        ("camera[0].controls.focus", ["auto"], "auto"),
        ("camera[0].controls.power_line_frequency", ["50"], "50"),
        ("camera[0].controls.extra.gain", ["-3"], -3),
        ("camera[0].controls.extra", ["{ gain = 3 }"], {"gain": 3}),
        ("camera[0].zone[1].polygon", ["[[0, 0], [1, 0.5]]"], [[0, 0], [1, 0.5]]),
        ("camera[1]", ['{ source = "demo" }'], {"source": "demo"}),
    ],
)
def test_a_word_is_read_as_its_setting_has_it(key: str, words: list[str], value: object) -> None:
    place = place_of(key)
    assert known(place)
    read = spoken(place, words)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "key",
    ["pre_roll", "recording.x", "camera[0].controls.extra.a.b", "recording.pre_roll.x", "camera.x"],
)
def test_what_there_is_not_is_not_known(key: str) -> None:
    assert not known(place_of(key))


def test_what_makes_no_value_is_told() -> None:
    for key, words, said in (
        ("log.level", ["a", "b"], "log.level: takes one value, not 2"),
        ("camera[1]", ["{ a = "], r"camera\[1\]: takes TOML"),
        ("camera[0].zone", ["door"], r"camera\[0\].zone: takes TOML"),
    ):
        with pytest.raises(ConfigError, match=said):
            spoken(place_of(key), words)
