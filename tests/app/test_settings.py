"""Settings through a real file to a station that stands in: in order, one at a time, never half."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from smartrec.app.applying import Applied
from smartrec.app.settings import Settings
from smartrec.app.settings_question import Change, Do, Question
from smartrec.config import filing
from smartrec.config.load import Given
from smartrec.config.schema import Config
from smartrec.errors import ConfigChanged, ConfigError, StoreError
from smartrec.units import SECOND

TEXT = """# Mine.
[recording]
pre_roll = "4s"  # short

[[camera]]
source = "demo"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "smartrec.toml"
    file.write_text(TEXT)
    return file


class Slow:
    """A stand-in for a station that takes settings when it is told to.

    Attributes:
        asked: What it was given, and by whom; each future is whoever tells it to.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Config, str, Future[Applied]]] = []

    def apply(self, config: Config, by: str) -> "Future[Applied]":
        future: Future[Applied] = Future()
        self.asked.append((config, by, future))
        return future


def at_once(config: Config, by: str) -> "Future[Applied]":
    future: Future[Applied] = Future()
    future.set_result(Applied())
    return future


def settings_of(path: Path, apply: Any = at_once, within: float = 30.0, **given: Any) -> Settings:
    made = Given(path, given.pop("environ", {}), given)
    return Settings(made, made.load(), apply, within)


def read(settings: Settings) -> dict[str, Any]:
    return settings.answer(Question(Do.READ))


def saving(settings: Settings, key: str, value: object, by: str = "me") -> Question:
    return Question(Do.SAVE, read(settings)["digest"], (Change(key, value),), by)


def test_of_two_who_save_at_once_one_is_told_that_the_file_was_changed(path: Path) -> None:
    settings = settings_of(path)
    wanted = [saving(settings, "recording.pre_roll", f"{n}s") for n in (5, 6)]

    def save(question: Question) -> bool:
        try:
            settings.answer(question)
        except ConfigChanged:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, wanted)) == [False, True]
    saved = read(settings)["values"]["recording.pre_roll"]
    assert path.read_text() == TEXT.replace('"4s"', f'"{saved}"')


def test_who_wants_it_is_told_to_the_station_on_one_line(path: Path) -> None:
    station = Slow()
    settings = settings_of(path, station.apply, within=0.0)
    settings.answer(saving(settings, "recording.pre_roll", "5s", by="me\n\x1b[1m" + "x" * 200))
    ((config, by, _),) = station.asked
    assert config.recording.pre_roll == 5 * SECOND
    assert by.isprintable()
    assert len(by) == 100


def test_a_station_that_takes_too_long_is_told_of_and_what_it_does_later_counts(
    path: Path,
) -> None:
    station = Slow()
    settings = settings_of(path, station.apply, within=0.0)
    told = settings.answer(saving(settings, "recording.pre_roll", "5s"))
    assert told["applied"] is None
    assert "not in force yet" in told["problem"]["message"]  # type: ignore[index]
    assert read(settings)["unloaded"]
    assert '"5s"' in path.read_text()
    ((_, _, future),) = station.asked
    future.set_result(Applied(pending=("web.port",)))
    assert not read(settings)["unloaded"]
    assert settings.status()["pending"] == ["web.port"]


def test_a_station_that_ends_is_waited_for_no_more(path: Path) -> None:
    station = Slow()
    settings = settings_of(path, station.apply)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(settings.answer, saving(settings, "recording.pre_roll", "5s"))
        settings.close()
        assert asked.result(30)["applied"] is None


def test_a_station_that_gives_up_is_told_of(path: Path) -> None:
    def cancelled(config: Config, by: str) -> "Future[Applied]":
        future: Future[Applied] = Future()
        future.cancel()
        return future

    settings = settings_of(path, cancelled)
    told = settings.answer(saving(settings, "recording.pre_roll", "5s"))
    assert told["applied"] is None


def test_a_bug_of_the_station_is_told_and_logged(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(config: Config, by: str) -> "Future[Applied]":
        future: Future[Applied] = Future()
        future.set_exception(ZeroDivisionError("oops"))
        return future

    settings = settings_of(path, failing)
    told = settings.answer(saving(settings, "recording.pre_roll", "5s"))
    assert "oops" in told["problem"]["message"]  # type: ignore[index]
    assert "not applied" in caplog.text


def test_who_goes_back_after_a_failure_has_the_station_take_that_anew(path: Path) -> None:
    """It may have done half of it."""
    asked: list[Config] = []

    def failing_once(config: Config, by: str) -> "Future[Applied]":
        asked.append(config)
        future: Future[Applied] = Future()
        if len(asked) == 1:
            future.set_exception(StoreError("half of it"))
        else:
            future.set_result(Applied())
        return future

    settings = settings_of(path, failing_once)
    told = settings.answer(saving(settings, "recording.pre_roll", "5s"))
    assert "half of it" in told["problem"]["message"]  # type: ignore[index]
    told = settings.answer(saving(settings, "recording.pre_roll", "4s"))
    assert (told["effects"], told["problem"]) == ([], None)
    assert [each.recording.pre_roll for each in asked] == [5 * SECOND, 4 * SECOND]


def test_what_changes_nothing_is_neither_written_nor_applied(path: Path) -> None:
    station = Slow()
    settings = settings_of(path, station.apply)
    before = path.stat()
    told = settings.answer(saving(settings, "recording.pre_roll", "4s"))
    assert (told["effects"], told["problem"]) == ([], None)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino
    assert station.asked == []


def test_what_somebody_wrote_beside_is_taken_along_and_told(path: Path) -> None:
    settings = settings_of(path)
    path.write_text(TEXT + "fps = 15.0\n")
    told = settings.answer(saving(settings, "recording.pre_roll", "5s"))
    keys = [each["key"] for each in told["effects"]]  # type: ignore[attr-defined]
    assert keys == ["recording.pre_roll", "camera[0].fps"]


def test_a_comment_by_hand_needs_no_reload_to_save(path: Path) -> None:
    settings = settings_of(path)
    path.write_text(f"# new\n{TEXT}")
    assert read(settings)["unloaded"]
    told = settings.answer(Question(Do.RELOAD, by="me"))
    assert told["effects"] == []
    assert not read(settings)["unloaded"]


def test_a_file_that_is_gone_is_told_of_and_its_settings_stay(path: Path) -> None:
    settings = settings_of(path)
    path.unlink()
    told = read(settings)
    assert (told["exists"], told["values"]["recording.pre_roll"]) == (False, "4s")
    assert "no such file" in told["mistakes"][0]["message"]
    with pytest.raises(ConfigError, match="no such file"):
        settings.answer(Question(Do.RELOAD, by="me"))


def test_a_file_that_cannot_be_read_is_told_of(path: Path) -> None:
    settings = settings_of(path)
    path.unlink()
    path.mkdir()
    told = read(settings)
    assert not told["writable"]
    assert told["values"]["recording.pre_roll"] == "4s"
    with pytest.raises(ConfigError):
        settings.answer(Question(Do.SAVE, "0" * 64, (), "me"))


def test_a_write_that_fails_leaves_all_as_it_was(path: Path) -> None:
    station = Slow()
    settings = settings_of(path, station.apply)
    wanted = saving(settings, "recording.pre_roll", "5s")
    link = path.with_name("moved")
    path.rename(link)
    path.symlink_to(link)
    link.with_name(f".{link.name}.new").mkdir()  # in the way of what is written beside
    with pytest.raises(ConfigError):
        settings.answer(wanted)
    assert link.read_text() == TEXT
    assert station.asked == []


def test_a_file_of_another_editor_is_changed_where_it_must_be(path: Path) -> None:
    """Windows' line ends, and the mark that its editors put first."""
    before = ("\ufeff" + TEXT.replace("\n", "\r\n")).encode()
    path.write_bytes(before)
    settings = settings_of(path)
    settings.answer(saving(settings, "recording.pre_roll", "5s"))
    assert path.read_bytes() == before.replace(b'"4s"', b'"5s"')


def test_changes_are_made_in_their_order(path: Path) -> None:
    path.write_text(TEXT + '\n[[camera]]\nid = "yard"\nsource = "demo"\n')
    settings = settings_of(path)
    changes = (Change("camera[0]", unset=True), Change("camera[0].name", "Yard"))
    digest = read(settings)["digest"]
    told = settings.answer(Question(Do.SAVE, digest, changes, "me"))
    assert told["problem"] is None
    assert read(settings)["cameras"] == ["yard"]
    assert read(settings)["values"]["camera[0].name"] == "Yard"


def test_numbers_that_shift_with_a_camera_that_goes_are_not_mistaken_for_others(
    path: Path,
) -> None:
    path.write_text(TEXT + '\n[[camera]]\nid = "yard"\nsource = "demo"\n')
    settings = settings_of(path)
    changes = (
        Change("camera[1].name", "Yard"),
        Change("camera[0].name", "Hall"),
        Change("camera[0]", unset=True),
        Change("camera[1]", {"id": "gate", "source": "demo"}),
        Change("camera[1]", unset=True),
    )
    told = settings.answer(Question(Do.SAVE, read(settings)["digest"], changes, "me"))
    assert told["problem"] is None
    assert read(settings)["cameras"] == ["yard"]
    assert read(settings)["values"]["camera[0].name"] == "Yard"


def test_the_last_camera_stays_and_so_does_the_file(path: Path) -> None:
    settings = settings_of(path)
    for changes in ((Change("camera[0]", unset=True),), (Change("camera", []),)):
        with pytest.raises(ConfigError, match="there would be none") as refused:
            settings.answer(Question(Do.SAVE, read(settings)["digest"], changes, "me"))
        assert [each.place for each in refused.value.mistakes] == [("camera",)]
    assert path.read_text() == TEXT


def test_what_the_command_line_says_is_refused_under_the_number_that_it_was_asked_for(
    path: Path,
) -> None:
    path.write_text(TEXT + '\n[[camera]]\nid = "yard"\nsource = "demo"\n')
    settings = settings_of(path, **{"camera.fps": 15.0})
    changes = (Change("camera[1].fps", 5.0), Change("camera[0]", unset=True))
    with pytest.raises(ConfigError, match=r"camera\[1\]\.fps: command line says") as refused:
        settings.answer(Question(Do.SAVE, read(settings)["digest"], changes, "me"))
    assert [each.place for each in refused.value.mistakes] == [("camera", 1, "fps")]


@pytest.mark.parametrize(
    ("changes", "mistaken"),
    [
        ([Change("camera[1]", {"id": "yard", "source": "usb"})], "camera[1].source"),
        ([Change("camera", [{"source": "usb"}])], "camera[0].source"),
        (
            [Change("camera[1]", {"id": "b", "source": "usb"}), Change("camera[0]", unset=True)],
            "camera[1].source",
        ),
        ([Change("camera[1]", {"id": "yard", "source": "demo", "zone": []})], None),
    ],
)
def test_a_table_is_refused_where_the_command_line_says_otherwise_of_a_part_of_it(
    path: Path, changes: list[Change], mistaken: str | None
) -> None:
    given = Given(path, {}, {"camera.source": "demo"})
    settings = Settings(given, given.load(), at_once)
    asked = Question(Do.CHECK, read(settings)["digest"], tuple(changes))
    mistakes: Any = settings.answer(asked)["mistakes"]
    assert [each["key"] for each in mistakes] == ([] if mistaken is None else [mistaken])


def test_the_digest_is_of_the_file_as_it_is(path: Path) -> None:
    settings = settings_of(path)
    told = settings.answer(saving(settings, "recording.pre_roll", "5s"))
    assert told["digest"] == read(settings)["digest"] == filing.read(path)[1]


def test_rules_of_the_trigger_are_told_all_the_time(path: Path) -> None:
    settings = settings_of(path)
    settings.answer(saving(settings, "trigger.of", 5))
    assert settings.status()["trigger"] == {
        "min_confidence": None,
        "frames": 2,
        "of": 5,
        "hysteresis": 0.1,
        "min_area": 0.0,
        "stationary_after_s": 60.0,
    }
