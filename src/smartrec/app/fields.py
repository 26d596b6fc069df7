"""Reads what others say over a socket: JSON objects whose fields have to be of the right types."""

from collections.abc import Callable
from enum import Enum
from typing import Final, TypeVar, cast

from smartrec.errors import UsageError

_INT64: Final = 2**63
_MOST_TOLD: Final = 20

_Word = TypeVar("_Word", bound=Enum)
_Noun = TypeVar("_Noun")


class Fields:
    """Takes fields out of a JSON object by name; remembers every mistake until the end."""

    def __init__(self, value: dict[str, object]) -> None:
        self._left = dict(value)
        self.mistakes: list[str] = []

    def has(self, name: str) -> bool:
        """Whether it is there and not taken yet."""
        return name in self._left

    def anything(self, name: str) -> object:
        """Whatever it is; None where it is not there."""
        return self._left.pop(name, None)

    def take(self, name: str, kind: type | tuple[type, ...], words: str) -> object:
        """A value of some type; None where there is none."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, kind) or isinstance(value, bool):
            self.mistakes.append(f"{name} is no {words}")
            return None
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """It must be there unless there is a default."""
        value = self.text_or_none(name)
        if value is None and default is None:
            self.mistakes.append(f"{name} is missing")
        return value if value is not None else default or ""

    def text_or_none(self, name: str) -> str | None:
        """It may be left out."""
        return cast("str | None", self.take(name, str, "text"))

    def number(self, name: str) -> float | None:
        """It may be left out."""
        return cast("float | None", self.take(name, (int, float), "number"))

    def whole(self, name: str) -> int | None:
        """A number of 64 bits; it may be left out."""
        value = cast("int | None", self.take(name, int, "whole number"))
        if value is not None and not -_INT64 <= value < _INT64:
            self.mistakes.append(f"{name} needs more than 64 bits")
            return None
        return value

    def word(self, name: str, words: type[_Word]) -> _Word:
        """One of some words; it must be there."""
        text = self.text(name)
        for word in words:
            if word.value == text:
                return word
        self.mistakes.append(f"{name} is none of {', '.join(str(word.value) for word in words)}")
        return next(iter(words))

    def end(self) -> None:
        """Nothing else may be there.

        Raises:
            UsageError: Of every mistake.
        """
        self.mistakes += [f"it knows no {name[:40]!r}" for name in self._left]
        if self.mistakes:
            raise UsageError("; ".join(self.mistakes[:_MOST_TOLD]))


def read(value: object, name: str, make: Callable[[Fields], _Noun]) -> _Noun:
    """What `make` takes out of a JSON object, which must hold nothing else.

    Raises:
        UsageError: It is none, or not what `make` wants; with every mistake.
    """
    if not isinstance(value, dict):
        raise UsageError(f"{name} is no object")
    fields = Fields(value)
    made = make(fields)
    fields.end()
    return made
