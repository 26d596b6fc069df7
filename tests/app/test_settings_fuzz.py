"""Whatever is saved, in whatever order: the file is whole, in force, and opens nothing.

Changes are drawn from the schema's own keys and from nonsense; what they do is compared with what a
new start would make of the file.
"""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.app.applying import Applied
from smartrec.app.settings import Settings
from smartrec.app.settings_question import Change, Do, Question
from smartrec.config import form
from smartrec.config.load import Given
from smartrec.config.schema import Config
from smartrec.errors import ConfigError, FileOnly
from tests.app.test_settings import Slow

MANY = pytest.param(600, marks=[pytest.mark.long, pytest.mark.timeout(300)])
TEXT = """# A file that somebody cares for.
[recording]
pre_roll = "4s" # short

[web] # nobody's business
viewers = 7

[[camera]] # the door
id = "door"
source = "rtsp://me:s3cret@192.0.2.1/one"
audio = "alsa:hw:1"

[[camera.zone]] # where the mat is
name = "mat"
polygon = [[0, 0], [1, 0], [1, 1]]

[[camera]]
source = "demo"
"""
TABLES: list[dict[str, Any]] = form.tables()
ZONE = {"name": "mat", "polygon": [[0, 0], [0.5, 0], [0.5, 1]]}
SOUND = [
    *(True, False, 0, 1, 3, 0.5, "5s", "1GB", "auto", "640x480", "demo", "usb", "x264", "off"),
    *([], [ZONE], {}, {"source": "demo"}, {"id": "yard", "source": "demo", "zone": [ZONE]}),
    *("rtsp://me:***@192.0.2.1/one", "alsa:hw:1", "alsa:mine", "0.0.0.0", "/tmp/mine.so"),
]


BY_KIND: dict[str, list[object]] = {
    "boolean": [True, False],
    "integer": [1, 2, 3],
    "number": [0.5, 1.0, 3.0],
    "duration": ["1s", "2m", "0s"],
    "size": ["5MB", "2GB"],
    "picture": ["640x480"],
    "source": ["demo", "usb", "file:a.mkv", "rtsp://me:n3w@192.0.2.9/two"],
    "polygons": [ZONE["polygon"]],
    "table": [{"gain": 3}],
}


def settings_of(table: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Key and description of each setting of a table; of two cameras and their first zone."""
    found = []
    for number in "01":
        steps = (
            f"[{number if n < 2 else 0}]" if part == "*" else f".{part}"
            for n, part in enumerate(table["path"])
        )
        at = "".join(steps).lstrip(".")
        found += [(f"{at}.{each['key']}", each) for each in table["settings"]]
    return list(dict(found).items())


def likely() -> list[Change]:
    """One change that could well be for each setting, and each value that it could well have."""
    zones = [Change("camera[0].zone", [ZONE]), Change("camera[1].zone", [ZONE])]
    cameras = [Change("camera[2]", {"id": "yard", "source": "demo"}), Change("camera[1]", {})]
    changes = [*zones, *cameras, Change("camera[0]", unset=True), Change("camera[1]", unset=True)]
    for table in TABLES:
        for key, each in settings_of(table):
            own = [each["default"], each["example"], *(each["choices"] or ())]
            values = [
                value for value in (*own, *BY_KIND.get(each["kind"], ())) if value is not None
            ]
            changes += [Change(key, value) for value in values] + [Change(key, unset=True)]
    return changes


LIKELY = st.sampled_from(likely())
KEYS = st.sampled_from(
    [*{each.key for each in likely()}, "camera", "recording", "web", "camera[0]"]
)
VALUES = st.sampled_from([*SOUND, *(each.value for each in likely() if not each.unset)])
STRANGE = st.builds(
    Change, KEYS | st.text(max_size=9), VALUES | st.text(max_size=5) | st.floats(allow_nan=True)
)
CHANGES = LIKELY.map(lambda change: (change,)) | st.lists(
    LIKELY | STRANGE, min_size=1, max_size=3
).map(tuple)


class Tried:
    """A file, its settings, and a station that takes whatever it is given."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "smartrec.toml"
        self.path.write_text(TEXT)
        self.given = Given(self.path, {}, {})
        loaded = self.given.load()
        self.config = loaded.config
        self.settings = Settings(self.given, loaded, self._apply)

    def _apply(self, config: Config, by: str) -> Any:
        station = Slow()
        future = station.apply(config, by)
        self.config = config
        future.set_result(Applied())
        return future

    def save(self, changes: tuple[Change, ...]) -> bool:
        """Whether it could be."""
        digest = str(self.settings.answer(Question(Do.READ))["digest"])
        checked: object = None
        try:
            checked = self.settings.answer(Question(Do.CHECK, digest, changes))
            self.settings.answer(Question(Do.SAVE, digest, changes, "me"))
        except (ConfigError, FileOnly):
            assert checked is None or checked["mistakes"]  # type: ignore[index]
            return False
        assert not checked["mistakes"]
        return True


@pytest.mark.parametrize("examples", [40, MANY])
def test_whatever_is_saved_the_file_is_whole_in_force_and_opens_nothing(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(CHANGES, min_size=1, max_size=4))
    def must_hold(rounds: list[tuple[Change, ...]]) -> None:
        with tempfile.TemporaryDirectory() as name:
            tried = Tried(Path(name))
            for changes in rounds:
                before, config = tried.path.read_bytes(), tried.config
                if not tried.save(changes):
                    assert tried.path.read_bytes() == before
                    assert tried.config == config
                assert tried.given.load().config == tried.config
                assert tried.config.web == Config.model_validate({"web": {"viewers": 7}}).web
                assert tried.config.recording.smart_record_library is None
                named = {each.audio for each in tried.config.camera}
                assert named <= {True, False, "alsa:hw:1"}
                assert "***" not in tried.path.read_text()
                assert "# A file that somebody cares for." in tried.path.read_text()

    must_hold()
