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
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES: Final = 1 << 20
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


def read(path: Path) -> Document:
    """Read and parse a file of at most 1 MiB.

    Raises:
        ConfigError: It cannot be read, is not UTF-8, or is not TOML.
    """
    text = _text(path)
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise config_error([f"{path}:1: nested too deeply"]) from error
    except ValueError as error:
        raise _syntax_error(path, text, str(error)) from error
    return Document(path, values, _lines(text))


def _text(path: Path) -> str:
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
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
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
    tables: dict[Place, int] = {}
    table: Place = ()
    for line, head in _statements(text):
        if head.startswith("[["):
            *above, last = _key(head[2:-2])
            array = (*_resolve(tuple(above), tables), last)
            tables[array] = tables.get(array, 0) + 1
            table = (*array, tables[array] - 1)
            found.setdefault(array, line)
            found[table] = line
        elif head.startswith("["):
            table = _resolve(_key(head[1:-1]), tables)
            found[table] = line
        else:
            key = _key(head)
            for length in range(1, min(len(key), 8) + 1):
                found.setdefault(table + key[:length], line)
    return found


def _resolve(key: tuple[str, ...], tables: Mapping[Place, int]) -> Place:
    """A header's key with the number of the latest table of each array it goes through."""
    place: Place = ()
    for part in key:
        place = (*place, part)
        if place in tables:
            place = (*place, tables[place] - 1)
    return place


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header, brackets included, and each key, with its line."""
    line, start, depth, head, in_value = 1, 1, 0, "", False
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "\n" and depth == 0:
            if head:
                yield start, head.rstrip()
            head, in_value = "", False
        elif in_value:
            depth += (word in ("[", "{")) - (word in ("]", "}"))
        elif word == "=":
            in_value = True
        elif head or not (word.isspace() or word.startswith("#")):
            start = start if head else line
            head += "" if word.startswith("#") else word
        line += word.count("\n")
    if head:
        yield start, head.rstrip()


def _key(text: str) -> tuple[str, ...]:
    """The parts of a dotted key, read by the parser itself."""
    value: object = tomllib.loads(f"{text} = 0")
    parts: list[str] = []
    while isinstance(value, dict):
        part, value = next(iter(value.items()))
        parts.append(part)
    return tuple(parts)
