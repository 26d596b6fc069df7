"""One TOML file: what it says, and in which line it says so.

The standard library's parser tells no lines, so a small scan of the text finds them. It runs only
over text that the parser took, so it need not know what is valid.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from smartrec.config.suggest import Place, config_error
from smartrec.errors import ConfigError

if sys.version_info >= (3, 11):
    from tomllib import loads
else:
    from tomli import loads

__all__ = [
    "MAX_BYTES",
    "Document",
    "Part",
    "content",
    "decoded",
    "loads",
    "parsed",
    "parts",
    "read",
    "values_of",
]

MAX_BYTES: Final = 1 << 20
_MARK: Final = "\ufeff"
"""What some editors put first (byte order mark)."""
_TOKEN: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?!")'
    r"|'''.*?'''(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*|\n|[\[\]{}=]"
    r"|[^\s\"'#\[\]{}=]+|.",
    re.DOTALL,
)
_AT: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says.

    Attributes:
        path: As it was given.
        values: What the parser made of it.
        lines: Where each table and key begins, counted from 1; keys within inline tables are not
            listed, their statement is.
    """

    path: Path
    values: Mapping[str, object]
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Line of a setting, or of what it stands in; 1 where nothing is known."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """A header, or a key with its value.

    Attributes:
        place: Of the table or the setting.
        within: How much of it is the table in whose section it stands.
        line: Where it begins, from 1.
        start: Offset of its first character.
        value: Offset behind the equals sign; None of a header.
        end: Offset behind its last character, before any comment.
    """

    place: Place
    within: int
    line: int
    start: int
    value: int | None
    end: int


@dataclass(slots=True)
class _Statement:
    """A header, brackets included, or a key and its value, while its tokens are read."""

    head: str = ""
    line: int = 1
    start: int = 0
    value: int | None = None
    end: int = 0
    depth: int = 0

    def take(self, token: re.Match[str], line: int) -> None:
        word = token[0]
        comment = word.startswith("#")
        quiet = comment or word.isspace()
        if self.value is not None:
            self.depth += (word in ("[", "{")) - (word in ("]", "}"))
        elif word == "=":
            self.value = token.end()
        elif self.head or not quiet:
            if not self.head:
                self.line, self.start = line, token.start()
            self.head += "" if comment else word
        if not quiet:
            self.end = token.end()


def read(path: Path) -> Document:
    """Read and parse a file of at most 1 MiB.

    Raises:
        ConfigError: It cannot be read, is not UTF-8, or is not TOML.
    """
    return parsed(path, decoded(path, content(path)))


def parsed(path: Path, text: str) -> Document:
    """What a text says that stands in `path`, or shall.

    Raises:
        ConfigError: It is not TOML.
    """
    text = text.removeprefix(_MARK).replace("\r\n", "\n")
    return Document(path, values_of(path, text), _lines(text))


def values_of(path: Path, text: str) -> dict[str, object]:
    """The same without the lines, which take longer.

    Raises:
        ConfigError: It is not TOML.
    """
    try:
        return loads(text)
    except RecursionError as error:
        raise config_error([f"{path}:1: nested too deeply"]) from error
    except ValueError as error:
        raise _syntax_error(path, text, str(error)) from error


def content(path: Path) -> bytes:
    """The bytes of a settings file.

    Raises:
        ConfigError: It cannot be read, or is larger than 1 MiB.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise config_error([f"{path}: there is no such file"]) from error
    except IsADirectoryError as error:
        raise config_error([f"{path}: is a directory, not a file"]) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise config_error([f"{path}: cannot be read: {why.lower()}"]) from error
    if len(data) > MAX_BYTES:
        raise config_error([f"{path}: is larger than 1 MiB, which no settings are"])
    return data


def decoded(path: Path, data: bytes) -> str:
    """The text exactly as it is in the file.

    Raises:
        ConfigError: It is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise config_error([f"{path}:{line}: is not UTF-8 text ({error.reason})"]) from error


def _syntax_error(path: Path, text: str, message: str) -> ConfigError:
    """With line and column, which the parser appends to its message."""
    at = _AT.search(message)
    if at is None:
        return config_error([f"{path}: not TOML: {message}"])
    line, column = at[1] or text.count("\n") + 1, at[2] or len(text.rpartition("\n")[2]) + 1
    return config_error([f"{path}:{line}:{column}: not TOML: {message[: at.start()]}"])


def _lines(text: str) -> dict[Place, int]:
    found: dict[Place, int] = {}
    for part in parts(text):
        if part.value is not None:
            for length in range(part.within + 1, min(len(part.place), part.within + 8) + 1):
                found.setdefault(part.place[:length], part.line)
            continue
        if isinstance(part.place[-1], int):
            found.setdefault(part.place[:-1], part.line)
        found[part.place] = part.line
    return found


def parts(text: str) -> Iterator[Part]:
    """Each header and each key with its value, in the order of the text; which is valid TOML."""
    tables: dict[Place, int] = {}
    table: Place = ()
    for statement in _statements(text):
        head = statement.head.rstrip()
        if head.startswith("[["):
            *above, last = _key(head[2:-2])
            array = (*_resolve(tuple(above), tables), last)
            tables[array] = tables.get(array, 0) + 1
            table = (*array, tables[array] - 1)
        elif head.startswith("["):
            table = _resolve(_key(head[1:-1]), tables)
        place = table if statement.value is None else table + _key(head)
        yield Part(
            place, len(table), statement.line, statement.start, statement.value, statement.end
        )


def _resolve(key: tuple[str, ...], tables: Mapping[Place, int]) -> Place:
    """A header's key with the number of the latest table of each array it goes through."""
    place: Place = ()
    for part in key:
        place = (*place, part)
        if place in tables:
            place = (*place, tables[place] - 1)
    return place


def _statements(text: str) -> Iterator[_Statement]:
    line, statement = 1, _Statement()
    for token in _TOKEN.finditer(text):
        if token[0] == "\n" and not statement.depth:
            if statement.head:
                yield statement
            statement = _Statement()
        else:
            statement.take(token, line)
        line += token[0].count("\n")
    if statement.head:
        yield statement


def _key(text: str) -> tuple[str, ...]:
    """The parts of a dotted key, read by the parser itself."""
    value: object = loads(f"{text} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        part, value = next(iter(value.items()))
        parts.append(part)
    return tuple(parts)
