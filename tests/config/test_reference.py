"""The generated texts are in step with the files in docs/, and say what the settings do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from smartrec.config import reference
from smartrec.config.cameras import Camera, Controls, Keep
from smartrec.config.load import load
from smartrec.config.schema import Config
from smartrec.config.tables import TABLES
from smartrec.config.watching import Zone

DOOR = {"name": "door", "polygon": [[0.1, 0.4], [0.6, 0.4], [0.6, 1]], "anchor": "any"}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("path", "text"), list(reference.pages().items()), ids=str)
def test_the_file_in_docs_is_in_step_with_the_settings(path: Path, text: str) -> None:
    file = ROOT / path
    if os.environ.get("UPDATE_DOCS"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert file.read_text() == text, "Run: UPDATE_DOCS=1 .venv/bin/pytest tests/config"


def written(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "smartrec.toml"
    path.write_text(text)
    return load(path=path, environ={}, overrides={}).config


def uncommented(text: str) -> str:
    """What a person gets who takes the comment sign off every setting."""
    return "".join(
        f"{line.lstrip('#')}\n" for line in text.splitlines() if not line.startswith("# ")
    )


def test_the_example_as_it_is_changes_nothing(tmp_path: Path) -> None:
    assert written(tmp_path, reference.example()) == Config()


def test_the_example_holds_every_setting_in_a_form_that_is_taken(tmp_path: Path) -> None:
    config = written(tmp_path, uncommented(reference.example()))
    for name, table in TABLES.items():
        assert getattr(config, name).model_fields_set == set(table.model_fields)
    (camera,) = config.camera
    assert camera.model_fields_set == set(Camera.model_fields)
    assert camera.controls.model_fields_set == set(Controls.model_fields)
    assert camera.retention.model_fields_set == set(Keep.model_fields)
    (zone,) = camera.zone
    assert zone.model_fields_set == set(Zone.model_fields)
    plain = camera.model_copy(update={"controls": Controls(), "retention": Keep(), "zone": ()})
    assert plain == Camera(name="cam0")


def settings_of(schema: object) -> Iterator[dict[str, object]]:
    assert isinstance(schema, dict)
    for table in schema["$defs"].values():
        yield from table["properties"].values()


def test_the_json_schema_shows_defaults_as_people_write_them() -> None:
    schema = reference.json_schema()
    defaults = [setting.get("default") for setting in settings_of(schema)]
    assert {"10s", "5m", "512MB", "1280x720", "SmartRecDir"} <= {
        default for default in defaults if isinstance(default, str)
    }
    assert all("x-change" in setting for setting in settings_of(schema))


def test_the_page_names_every_setting() -> None:
    page = reference.settings_page()
    tables: list[type[BaseModel]] = [*TABLES.values(), Camera, Controls, Keep, Zone]
    for table in tables:
        for key in set(table.model_fields) - {"controls", "retention", "zone"}:
            assert f"| `{key}` |" in page
    assert "|  |  |" not in page


def test_the_settings_in_force_are_printed_as_a_file_that_gives_the_same(tmp_path: Path) -> None:
    overrides = {
        "recording.journal_dir": "/var/\x22odd\x22 \\ dir",
        "recording.pre_roll": "1m30s",
        "camera": [
            {"name": "Tür", "fps": 7.5, "controls": {"focus": 3, "extra": {"gain": 1, "iris": 2}}},
            {"source": "file:a'b.mkv", "loop": True, "zone": [DOOR, {**DOOR, "name": "wall"}]},
        ],
        "detector.model": "models/own.onnx",
        "detector.person_class_ids": [0, 2],
        "detector.min_confidence": 0.25,
    }
    loaded = load(path=None, environ={"XDG_CONFIG_HOME": str(tmp_path)}, overrides=overrides)
    text = reference.as_toml(loaded)
    assert written(tmp_path, text) == loaded.config
    assert text.count("# command line\n") == 8 + 6 + 3
