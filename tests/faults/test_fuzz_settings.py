"""Settings files that anything may have happened to: they load, or every mistake has its place.

And what is TOML can be changed, or it is told that it cannot. 500 of each in the default run,
10,000 with the exhaustive ones; all seeded.
"""

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from smartrec.config.document import values_of
from smartrec.config.edit import UNSET, Edit
from smartrec.config.edit import edited as with_edits
from smartrec.config.load import load
from smartrec.config.reference import example
from smartrec.config.suggest import Place
from smartrec.errors import ConfigError
from tests.faults.mutation import mutated
from tests.faults.totals import Totals

pytestmark = pytest.mark.xdist_group("settings")

BATCH = 500
OWN = """\
[recording]
pre_roll = "5s"
directory = 'clips'

[[camera]]
id = "front"
source = "rtsp://somebody@camera.example/stream"
controls = { focus = "auto", extra = { gain = 3 } }

[[camera.zone]]
name = "door"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]

[[camera]]
id = "back"
source = "usb:/dev/video7"
size = "1280x720"
fps = 25
"""
VALUES = (
    *("0", "-1", "1e999", "nan", "9223372036854775808", "true", '""', '"10s"', '"9" ', "[]"),
    *("{}", "[[]]", "[{}]", "1979-05-27", '"\\u0000"', '"\\uFFFF"', '"1e9TB"', '"-1s"', "'''x'''"),
    *("{ a = { b = 1 } }", "[1, 'a']", '"' + "x" * 5000 + '"', "[" * 200 + "]" * 200),
)
"""What somebody may write behind a key."""


def files() -> list[str]:
    """What is mutated: one of our own, the example as it is, and with all that it shows."""
    return [OWN, example(), re.sub(r"(?m)^#(?=\S+ = |\[)", "", example())]


def edited(choice: random.Random, text: str) -> bytes:
    """By a hand that is wrong, or by something that knows no TOML."""
    if choice.random() < 0.5:
        lines = text.splitlines(keepends=True)
        for _ in range(choice.choice((1, 2, 5))):
            _EDITS[choice.randrange(len(_EDITS))](choice, lines)
        return "".join(lines).encode()
    data = text.encode()
    return mutated(choice, data, head=len(data))


def _other_value(choice: random.Random, lines: list[str]) -> None:
    at = choice.choice([n for n, line in enumerate(lines) if " = " in line] or [0])
    lines[at] = f"{lines[at].split(' = ')[0]} = {choice.choice(VALUES)}\n"


def _other_key(choice: random.Random, lines: list[str]) -> None:
    at = choice.randrange(len(lines))
    lines[at] = lines[at].replace("o", "0", 1) if choice.random() < 0.5 else f"x.{lines[at]}"


def _twice(choice: random.Random, lines: list[str]) -> None:
    lines.insert(choice.randrange(len(lines) + 1), choice.choice(lines))


def _moved(choice: random.Random, lines: list[str]) -> None:
    lines.insert(choice.randrange(len(lines)), lines.pop(choice.randrange(len(lines))))


_EDITS = (_other_value, _other_value, _other_value, _other_key, _twice, _moved)


def answer(path: Path) -> str:
    """What is said of a file: nothing, or its mistakes."""
    try:
        load(path=path, environ={}, overrides={})
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, 21))]
)
def test_a_settings_file_loads_or_every_mistake_in_it_has_its_line(
    tmp_path: Path, totals: Totals, seed: int
) -> None:
    choice = random.Random(f"settings {seed}")
    path = tmp_path / "my.toml"
    sources, said = files(), Counter[bool]()
    for _ in range(BATCH):
        data = edited(choice, choice.choice(sources))
        path.write_bytes(data)
        mistakes = answer(path)
        said[bool(mistakes)] += 1
        for mistake in mistakes.splitlines():
            place = re.match(rf"{re.escape(str(path))}:(\d+)(:\d+)?: \S", mistake)
            assert place, (mistake, data)
            assert 1 <= int(place[1]) <= data.count(b"\n") + 1, (mistake, data)
    assert min(said.values()) > BATCH / 10, said
    totals("mutated settings files", tried=BATCH, held=BATCH, note="each loads or says where")


PLACES: tuple[Place, ...] = (
    *(("recording",), ("recording", "pre_roll"), ("log",), ("web", "proxy"), ("camera", 0)),
    *(("camera", 0, "fps"), ("camera", 0, "controls"), ("camera", 0, "controls", "focus")),
    *(("camera", 0, "controls", "extra", "x"), ("camera", 0, "zone"), ("camera", 1)),
    *(("camera", 0, "zone", 0, "polygon"), ("camera", 1, "zone"), ("camera", 0, "retention")),
)
NEW: tuple[object, ...] = (
    *(UNSET, 5, "x", True, [1, 2], {"a": 1}, [], {}, {"id": "x", "zone": [{"name": "z"}]}),
    [{"name": "door", "polygon": [[0, 0]]}, {"name": "n"}],
)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(2, 21))]
)
def test_a_setting_is_changed_in_any_file_or_it_is_told_why_not(totals: Totals, seed: int) -> None:
    """That the result says what it shall is checked by `edited` itself."""
    choice = random.Random(f"edits {seed}")
    sources, said = files(), Counter[str]()
    for _ in range(BATCH):
        data = edited(choice, choice.choice(sources))
        edit = Edit(choice.choice(PLACES), choice.choice(NEW))
        try:
            text = data.decode()
            values_of(Path("my.toml"), text)
        except (UnicodeDecodeError, ConfigError):
            said["no TOML"] += 1
            continue
        try:
            values_of(Path("my.toml"), with_edits(text, [edit]))
            said["changed"] += 1
        except ConfigError as error:
            said[str(error).partition(": ")[2]] += 1
    assert said["changed"] > BATCH / 5, said
    assert said["stands where only a person can change it"] < BATCH / 50, said
    totals("single settings changed in mutated files", tried=BATCH, held=BATCH)
