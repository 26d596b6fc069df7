"""The settings of a running recorder: read, checked, saved and taken anew by whoever may ask.

What is saved goes through the file, never past it: edited as a person would, checked as a whole,
written, and only then given to the station.
"""

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from smartrec.app.applying import Applied
from smartrec.app.drafting import Draft, drafted
from smartrec.app.settings_question import Do, Question
from smartrec.config import filing
from smartrec.config.changes import changed
from smartrec.config.load import Given, Loaded, flat
from smartrec.config.schema import Config
from smartrec.config.suggest import dotted
from smartrec.errors import ConfigChanged, ConfigError, ControlError, SmartrecError
from smartrec.terminal import one_line
from smartrec.units import seconds

APPLY_WITHIN: Final = 45.0
"""Seconds that the station may take: a camera that hangs is waited for."""
_LOOK_AGAIN: Final = 0.2
_BY_MOST: Final = 100
_NOT_NOW: Final = "The file is as it was saved: smartrec config reload, or a new start, takes it."

log = logging.getLogger(__name__)

Apply = Callable[[Config, str], "Future[Applied]"]


@dataclass(frozen=True, slots=True)
class _File:
    """The settings file at a moment."""

    path: Path
    exists: bool
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class _Taken:
    """What the station has.

    Attributes:
        loaded: The settings.
        digest: Of the file that they stand in; empty where that could not be read.
        pending: Keys of what it has not before its next start.
    """

    loaded: Loaded
    digest: str
    pending: tuple[str, ...] = ()


class Settings:
    """Any thread but the station's; who asks waits for whoever asked before.

    Args:
        given: What the settings were made of at the start, and are made of again.
        loaded: What was made of it then; the station has it.
        apply: Gives the station new settings, which it has once the future is done.
        within: See `APPLY_WITHIN`.
    """

    def __init__(
        self, given: Given, loaded: Loaded, apply: Apply, within: float = APPLY_WITHIN
    ) -> None:
        self._given = given
        self._apply = apply
        self._within = within
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._taken = _Taken(loaded, self._digest())
        self._sure = True  # that the station has just that
        self._answers: dict[Do, Callable[[Question], dict[str, object]]] = {
            Do.READ: self._read,
            Do.CHECK: self._check,
            Do.SAVE: self._save,
            Do.RELOAD: self._reload,
        }

    def answer(self, question: Question) -> dict[str, object]:
        """Do what is asked for; JSON values only.

        Raises:
            ConfigChanged: The file is not the one that the changes were made for.
            ConfigError: The settings would be wrong, or the file cannot be read or written.
            FileOnly: A setting that can be changed in the file alone.
        """
        with self._lock:
            return self._answers[question.do](question)

    def status(self) -> dict[str, object]:
        """What others want to know all the time; any thread, at once."""
        taken = self._taken
        config = taken.loaded.config
        trigger = config.trigger
        return {
            "pending": list(taken.pending),
            "trigger": {
                "min_confidence": config.detector.min_confidence,
                "frames": trigger.frames,
                "of": trigger.of,
                "hysteresis": trigger.hysteresis,
                "min_area": trigger.min_area,
                "stationary_after_s": seconds(trigger.stationary_after),
            },
        }

    def close(self) -> None:
        """Wait for the station no more: it has ended."""
        self._closing.set()

    def _look(self) -> _File:
        path = self._given.file()
        text, digest = filing.read(path)
        return _File(path, os.access(path, os.F_OK), text, digest)

    def _load(self, file: _File) -> Loaded:
        return self._given.load(text=file.text) if file.exists else self._given.load()

    def _read(self, _: Question) -> dict[str, object]:
        loaded, path = self._taken.loaded, self._given.file()
        mistakes: list[dict[str, object]] = []
        why_not: str | None
        try:
            file = self._look()
        except ConfigError as error:
            file, why_not = _File(path, True, "", ""), str(error)
        else:
            why_not = filing.why_not(path)
            try:
                loaded = self._load(file)
            except ConfigError as error:
                mistakes = _told(error)
        return {
            "file": str(path.absolute()),
            "exists": file.exists,
            "writable": why_not is None,
            "why_not": why_not,
            "digest": file.digest,
            "unloaded": file.digest != self._taken.digest,
            "mistakes": mistakes,
            "values": flat(loaded.config),
            "origins": dict(loaded.origins),
            "pending": list(self._taken.pending),
            "cameras": [camera.id for camera in loaded.config.camera],
        }

    def _check(self, question: Question) -> dict[str, object]:
        try:
            _, draft = self._draft(question)
        except ConfigChanged:
            raise
        except ConfigError as error:
            return {"mistakes": _told(error), "effects": []}
        return {"mistakes": [], "effects": self._effects(draft.loaded)}

    def _save(self, question: Question) -> dict[str, object]:
        file, draft = self._draft(question)
        digest = file.digest
        if draft.text != file.text:
            digest = filing.write(file.path, draft.text, digest)
        return self._have_taken(_Taken(draft.loaded, digest), question.by)

    def _reload(self, question: Question) -> dict[str, object]:
        file = self._look()
        return self._have_taken(_Taken(self._load(file), file.digest), question.by)

    def _draft(self, question: Question) -> tuple[_File, Draft]:
        file = self._look()
        if file.digest != question.base:
            raise ConfigChanged(
                f"{file.path} was changed meanwhile", hint="Read it again, then change it."
            )
        cameras = len(self._taken.loaded.config.camera)
        return file, drafted(self._given, file.text, question.changes, cameras)

    def _have_taken(self, wanted: _Taken, by: str) -> dict[str, object]:
        """Give the station what stands in the file."""
        effects = self._effects(wanted.loaded)
        applied, problem = None, None
        try:
            applied = asdict(self._applied(wanted, one_line(by)[:_BY_MOST]))
        except ControlError as error:
            problem = {"message": str(error), "hint": error.hint}
        return {
            "digest": wanted.digest,
            "effects": effects,
            "applied": applied,
            "problem": problem,
        }

    def _applied(self, wanted: _Taken, by: str) -> Applied:
        """What the station did.

        Raises:
            ControlError: It did not, or not in time.
        """
        if self._sure and wanted.loaded.config == self._taken.loaded.config:
            self._taken = replace(wanted, pending=self._taken.pending)
            return Applied(pending=self._taken.pending)
        self._sure = False
        future, waited = self._apply(wanted.loaded.config, by), 0.0
        future.add_done_callback(lambda done: self._took(wanted, done))
        while not self._closing.is_set() and waited < self._within:
            try:
                error = future.exception(_LOOK_AGAIN)
            except TooLate:
                waited += _LOOK_AGAIN
                continue
            except CancelledError:
                break
            if error is None:
                self._took(wanted, future)
                return future.result()
            if not isinstance(error, SmartrecError):
                log.error("settings were not applied", exc_info=error)
            raise ControlError(f"not in force: {error}", hint=_NOT_NOW) from error
        raise ControlError("not in force yet: the recorder is busy, or ends", hint=_NOT_NOW)

    def _took(self, wanted: _Taken, done: "Future[Applied]") -> None:
        """The station has it, be it later than anybody waited; its thread."""
        if not done.cancelled() and done.exception() is None:
            self._taken = replace(wanted, pending=done.result().pending)
            self._sure = True

    def _effects(self, loaded: Loaded) -> list[dict[str, object]]:
        return [
            {"key": each.key, "change": each.change, "before": each.before, "after": each.after}
            for each in changed(self._taken.loaded.config, loaded.config)
        ]

    def _digest(self) -> str:
        try:
            return self._look().digest
        except ConfigError:  # it could be read a moment ago
            return ""


def _told(error: ConfigError) -> list[dict[str, object]]:
    """Every mistake; at least one."""
    told: list[dict[str, object]] = [
        {"key": None if each.place is None else dotted(each.place), "message": each.words}
        for each in error.mistakes
    ]
    return told or [{"key": None, "message": str(error)}]
