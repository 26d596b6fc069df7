"""What is asked of a replay, as values and as JSON: two sets of settings, and which clips.

Of the settings only what decides who begins a clip goes along: no address and no password.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from smartrec.app.settings_question import Change
from smartrec.app.watch_setup import detector_of
from smartrec.config import watching
from smartrec.config.changes import CAPTURE, Changed, changed
from smartrec.config.findings import place_in, words_of
from smartrec.config.located import located
from smartrec.config.plain import clean, got, nested, put, without
from smartrec.config.schema import Config
from smartrec.config.suggest import Place, mistaken, place_of
from smartrec.config.tables import keys
from smartrec.config.watching import AutoTrigger, Detector
from smartrec.detection.presence import Rules
from smartrec.detection.zones import Zone
from smartrec.errors import ConfigError, Mistake, UsageError
from smartrec.media.watch.messages import DetectorSetup

MOST_CLIPS: Final = 5000
"""Of a replay that asks for no other number: the newest."""
_OF_CAMERAS: Final = frozenset({"zone", "detect"})
_CAN_BE: Final = "What can be: [detector], [trigger], the zones of cameras, and their key detect."
_INDIFFERENT: Final = frozenset({"min_confidence", "threads", "enabled"})
"""Keys of ``[detector]`` that change nothing of what is seen in a picture, or in which."""


class Watched(BaseModel):
    """How one camera is watched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detect: bool = True
    zone: tuple[watching.Zone, ...] = ()

    @property
    def zones(self) -> tuple[Zone, ...]:
        """As the trigger logic takes them."""
        return tuple(Zone(each.name, each.polygon, each.kind, each.anchor) for each in self.zone)


class Side(BaseModel):
    """What of the settings decides who begins a clip; the tables as a settings file has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detector: Detector = Field(default_factory=Detector)
    trigger: AutoTrigger = Field(default_factory=AutoTrigger)
    cameras: dict[str, Watched] = Field(default_factory=dict)

    @property
    def setup(self) -> DetectorSetup:
        """The detector, whether it is switched on or not; always the portable one."""
        on = self.detector.model_copy(update={"enabled": True, "engine": "portable"})
        setup = detector_of(on)
        assert setup is not None
        return setup

    def begins(self, camera: str) -> bool:
        """Whether a person in its pictures begins a clip at all."""
        watched = self.watched(camera).detect
        return self.detector.enabled and self.trigger.person and watched

    def watched(self, camera: str) -> Watched:
        """How a camera is watched; one that is not in the settings: everywhere."""
        return self.cameras.get(camera, Watched())

    def rules(self, min_confidence: float) -> Rules:
        """What makes a person an event.

        Args:
            min_confidence: Of the settings, or the model's own.
        """
        trigger = self.trigger
        return Rules(
            min_confidence=min_confidence,
            frames=trigger.frames,
            of=trigger.of,
            hysteresis=trigger.hysteresis,
            min_area=trigger.min_area,
            cooldown=trigger.cooldown,
            stationary_after=trigger.stationary_after,
        )

    def sees_like(self, other: "Side") -> bool:
        """Whether what the other's detector saw is what this one's would have seen."""
        mine, theirs = (
            each.detector.model_dump(exclude={*_INDIFFERENT, "engine"}) for each in (self, other)
        )
        return mine == theirs


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Question:
    """What shall be replayed.

    As JSON: ``{"now": {…}, "then": {…}, "clips": "/…", "camera": null, "since": …, "until": …,
    "only": ["clip id"], "files": ["/…"], "again": false, "most": 5000, "oldest_first": false}``;
    all but the first two may be left out.

    Attributes:
        now: The settings that hold.
        then: Those that are tried.
        clips: Directory of the clips; None where only `files` are meant.
        camera: Only clips of the camera with this id; of `files`, the camera whose zones hold.
        since: Only clips that begin at or after this wall time (ns).
        until: Only clips that begin before this wall time (ns).
        only: These clips alone, by id; None: all that are meant by the above.
        files: Videos that are no clips of the catalogue.
        again: Look at the pictures again, also where what was seen live would do.
        most: Of clips, the newest so many.
        oldest_first: In that order; else newest first.
    """

    now: Side
    then: Side
    clips: Path | None = None
    camera: str | None = None
    since: int | None = None
    until: int | None = None
    only: tuple[str, ...] | None = None
    files: tuple[Path, ...] = ()
    again: bool = False
    most: Annotated[int, Field(ge=1)] = MOST_CLIPS
    oldest_first: bool = False

    def as_json(self) -> dict[str, object]:
        """As it is said."""
        said: dict[str, object] = _SAID.dump_python(self, mode="json")
        return said


_SAID: Final = TypeAdapter(Question)


def question(line: str | bytes) -> Question:
    """What was said.

    Raises:
        UsageError: It is no question.
    """
    try:
        return _SAID.validate_python(json.loads(line))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"no question for a replay: {error}") from error


def side_of(config: Config) -> Side:
    """What of the settings decides."""
    cameras = {each.id: Watched(detect=each.detect, zone=each.zone) for each in config.camera}
    return Side(detector=config.detector, trigger=config.trigger, cameras=cameras)


def sides(
    values: Mapping[str, object], changes: Sequence[Change], directory: Path
) -> tuple[Side, Side]:
    """Both sides of a question.

    Args:
        values: The settings that hold, as `smartrec.config.load.flat` has them: passwords hidden.
        changes: What is tried; made in their order.
        directory: Where relative paths in these begin: that of the settings file.

    Raises:
        ConfigError: The settings would be wrong, or what differs cannot be replayed; with every
            mistake.
        UsageError: A change of something that is no key.
    """
    there = nested(values)
    now, then = _validated(there), _validated(_after(there, changes, directory))
    mistakes = list(_beyond(now, then))
    if mistakes:
        error = mistaken(mistakes)
        raise ConfigError(str(error), hint=_CAN_BE, mistakes=error.mistakes)
    return side_of(now), side_of(then)


def replayable(place: Place) -> bool:
    """Whether a change of this setting can be tried on what was recorded."""
    if place[0] == "camera":
        return len(place) > 2 and place[2] in _OF_CAMERAS
    return place[0] in ("detector", "trigger") and place != ("detector", "engine")


def _after(values: object, changes: Sequence[Change], directory: Path) -> object:
    for change in changes:
        place, value = place_of(change.key), change.value
        if change.unset or value is None:
            values = without(values, place)
            continue
        try:
            value = clean(value)
        except ValueError as error:
            raise mistaken([Mistake(place, str(error))]) from error
        _refuse_gap(values, place)
        values = put(values, place, located(keys(place), value, directory))
    return values


def _refuse_gap(values: object, place: Place) -> None:
    """Of a list only what is there can be changed, or one more be added: else all between is made.

    Raises:
        ConfigError: It lies beyond.
    """
    for at, part in enumerate(place):
        there = got(values, place[:at])
        count = len(there) if isinstance(there, list) else 0
        if isinstance(part, int) and part > count:
            raise mistaken([Mistake(place[: at + 1], f"is beyond the end: there are {count}")])


def _beyond(now: Config, then: Config) -> Iterator[Mistake]:
    for each in changed(now, then):
        if not replayable(each.place):
            yield Mistake(each.place, f"cannot be replayed: {_why(each)}")


def _why(each: Changed) -> str:
    if each.place == ("detector", "engine"):
        return "the portable engine looks again, whichever looked live"
    if each.place[0] == "camera" and len(each.place) == 2:
        return "there are no pictures of another camera"
    if each.change == CAPTURE:
        return "the pictures are as they are"
    return "it has no say in who begins a clip"


def _validated(values: object) -> Config:
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise mistaken(
            Mistake(place_in(each), words_of(each)) for each in error.errors(include_url=False)
        ) from error
