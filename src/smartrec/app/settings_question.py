"""What a running recorder is asked about its settings, and in which words it refuses.

::

    {"do": "read"}                                      what the file says, and from where
    {"do": "check", "base": "…", "changes": [{…}, …]}   what these changes would do
    {"do": "save", "base": "…", "changes": [{…}, …], "by": "…"}
    {"do": "reload", "by": "…"}                         take the file as it is now

where ``base`` is the digest of the file that the changes were made for, and a change is
``{"key": "ring.max_bytes", "value": "1GB"}`` or ``{"key": "ring.max_bytes", "unset": true}``.
Nothing large is imported here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from smartrec.app.fields import Fields, read
from smartrec.errors import (
    ConfigChanged,
    ConfigError,
    ControlError,
    FileOnly,
    Mistake,
    SmartrecError,
    UsageError,
)

MOST_CHANGES: Final = 500
_DEEPEST: Final = 8
"""Of lists and tables in a value: zones of a camera that is added are six deep."""
_KEY_MAX: Final = 300
_UNPAIRED: Final = re.compile("[\ud800-\udfff]")
_KINDS: Final[tuple[tuple[str, type[SmartrecError]], ...]] = (
    ("changed", ConfigChanged),
    ("mistakes", ConfigError),
    ("file-only", FileOnly),
    ("usage", UsageError),
)
"""By these words a refusal becomes the same error again on the other side."""


class Do(str, Enum):
    """What is asked for."""

    READ = "read"
    CHECK = "check"
    SAVE = "save"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Change:
    """Of one setting.

    Attributes:
        key: As `smartrec.config.load.flat` writes it; or of a whole table.
        value: As it stands in a settings file.
        unset: The file shall say nothing of it any more.
    """

    key: str
    value: Any = None
    unset: bool = False

    def as_json(self) -> dict[str, object]:
        """As it is said."""
        return {"key": self.key, **({"unset": True} if self.unset else {"value": self.value})}


@dataclass(frozen=True, slots=True)
class Question:
    """See the module.

    Attributes:
        do: What is asked for.
        base: Digest of the file that `changes` were made for; for check and save alone.
        changes: What shall be otherwise; for the same.
        by: Who asks, for what is told of it.
    """

    do: Do
    base: str = ""
    changes: tuple[Change, ...] = ()
    by: str = ""

    def as_json(self) -> dict[str, object]:
        """As it is said."""
        said: dict[str, object] = {"do": self.do.value}
        if self.do in (Do.CHECK, Do.SAVE):
            said |= {"base": self.base, "changes": [each.as_json() for each in self.changes]}
        if self.do in (Do.SAVE, Do.RELOAD):
            said["by"] = self.by
        return said


def question(value: object) -> Question:
    """What was said.

    Raises:
        UsageError: It is no question; with every mistake.
    """
    return read(value, "settings", _question)


def _question(fields: Fields) -> Question:
    do = fields.word("do", Do)
    base, by = "", ""
    changes: tuple[Change, ...] = ()
    if do in (Do.CHECK, Do.SAVE):
        base, changes = fields.text("base"), _changes(fields)
    if do in (Do.SAVE, Do.RELOAD):
        by = fields.text("by")
    return Question(do, base, changes, by)


def _changes(fields: Fields) -> tuple[Change, ...]:
    listed = fields.take("changes", list, "list")
    if not isinstance(listed, list):
        fields.mistakes.append("changes are missing")
        return ()
    if len(listed) > MOST_CHANGES:
        fields.mistakes.append(f"there are more than {MOST_CHANGES} changes")
        return ()
    try:
        return tuple(read(each, f"change {n}", _change) for n, each in enumerate(listed))
    except UsageError as error:
        fields.mistakes.append(str(error))
        return ()


def _change(fields: Fields) -> Change:
    key = fields.text("key")
    if not 0 < len(key) <= _KEY_MAX:
        fields.mistakes.append(f"a key has 1 to {_KEY_MAX} letters")
    unset = fields.anything("unset")
    if not isinstance(unset, (bool, type(None))):
        fields.mistakes.append("unset is true, or not there")
    if unset is True and fields.has("value"):
        fields.mistakes.append("what is unset has no value")
    value = fields.anything("value")
    if unset is not True and value is None:
        fields.mistakes.append('there is neither a value nor "unset": true')
    if not _sound(key) or not _sound(value):
        fields.mistakes.append(f"a value is nested {_DEEPEST} deep at most, and UTF-8")
    return Change(key, value, unset is True)


def _sound(value: object, deep: int = 0) -> bool:
    """Whether a file can hold it: JSON can say text that is no Unicode, and be without end."""
    if isinstance(value, str):
        return _UNPAIRED.search(value) is None
    if isinstance(value, (list, dict)):
        parts = [*value, *value.values()] if isinstance(value, dict) else value
        return deep < _DEEPEST and all(_sound(each, deep + 1) for each in parts)
    return True


def refusal(error: SmartrecError) -> dict[str, object]:
    """What is said of an error, so that `error_of` makes it again."""
    kind = next((kind for kind, of in _KINDS if isinstance(error, of)), None)
    said: dict[str, object] = {"message": str(error), "hint": error.hint}
    if kind is not None:
        said["kind"] = kind
    if isinstance(error, ConfigError) and error.mistakes:
        said["mistakes"] = [{"place": m.place, "words": m.words} for m in error.mistakes]
    return said


def error_of(said: Mapping[str, object]) -> SmartrecError:
    """The error that was told; one of another kind is the recorder's own affair."""
    message, hint = _words(said)
    kind = next((of for kind, of in _KINDS if kind == said.get("kind")), ControlError)
    if kind is ConfigError:
        return ConfigError(message, hint=hint, mistakes=_mistakes(said.get("mistakes")))
    return kind(message, hint=hint)


def failed(said: Mapping[str, object]) -> SmartrecError:
    """The same of whatever else was asked: the recorder did not do it."""
    message, hint = _words(said)
    return ControlError(message, hint=hint)


def _words(said: Mapping[str, object]) -> tuple[str, str | None]:
    hint = said.get("hint")
    return str(said.get("message")), None if hint is None else str(hint)


def _mistakes(said: object) -> tuple[Mistake, ...]:
    listed = said if isinstance(said, list) else []
    return tuple(
        Mistake(None if each.get("place") is None else tuple(each["place"]), str(each["words"]))
        for each in listed
    )
