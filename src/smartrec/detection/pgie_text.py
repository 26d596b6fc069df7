"""The text of a configuration of nvinfer, read line by line: what it says, and where.

Two forms say the same. A GLib key file (``.txt``) has groups ``[property]``, ``[class-attrs-all]``
and ``[class-attrs-N]``, below them ``key=value``; a comment has a line of its own. YAML (``.yml``,
``.yaml``) has groups ``property:`` at the margin, below them ``key: value``, indented. Of YAML only
that much is read, for such files hold no more: no anchors, nested lists, values of many lines.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import ConfigError
from smartrec.terminal import printable

_MAX_BYTES: Final = 1 << 20
_MOST_MISTAKES: Final = 20
_GROUP: Final = re.compile(r"\[([^\[\]]+)\]")
_ESCAPE: Final = re.compile(r"\\.", re.DOTALL)
_ESCAPES: Final = {"\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"}
_SHOWN: Final = 60
_FOREIGN: Final = "is YAML that nvinfer's files do not need"


@dataclass(frozen=True, slots=True)
class Statement:
    """One line that says something.

    Attributes:
        group: ``"property"`` and the like; empty before the first group.
        key: Empty where the line begins the group.
        value: Empty where nothing is said.
        line: Counts from 1.
    """

    group: str
    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What is wrong with a file.

    Attributes:
        line: Counts from 1; 0 for the file as a whole.
        words: What is wrong; follows on ``FILE:LINE: ``.
        stops: The file cannot be used; else it can, and somebody should know.
    """

    line: int
    words: str
    stops: bool = True


def escaped(text: str) -> str:
    """Text as GLib's key files write it; `unescaped` gives it back."""
    for letter, written in _ESCAPES.items():
        text = text.replace(letter, written)
    return text if text == text.strip() else text.replace(" ", r"\s")


def unescaped(value: str) -> str:
    """Text of a value of GLib's key files; an escape that GLib does not know is let be."""
    plain = {written: letter for letter, written in _ESCAPES.items()} | {r"\s": " "}
    return _ESCAPE.sub(lambda match: plain.get(match[0], match[0]), value)


def is_yaml(path: Path) -> bool:
    """Whether the file's name says that it is YAML, as nvinfer tells it."""
    return path.suffix.lower() in (".yml", ".yaml")


def read_text(path: Path) -> str:
    """The file's text; without the byte order mark that some editors put first.

    Raises:
        ConfigError: It cannot be read, is no UTF-8 text, or is larger than 1 MiB.
    """
    try:
        # Opening a named pipe would wait for somebody who writes to it.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise told([f"{path}: is no file but a pipe or a device"])
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise told([f"{path}: cannot be read: {why.lower()}"]) from error
    if len(data) > _MAX_BYTES:
        raise told([f"{path}: is larger than 1 MiB, which no such configuration is"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise told([f"{path}:{line}: is not UTF-8 text"]) from error


def mistaken(path: Path, findings: Iterable[Finding]) -> ConfigError:
    """One error for all findings, in the order of their lines."""
    return told([placed(path, each) for each in sorted(findings)])


def placed(path: Path, finding: Finding) -> str:
    """A finding with its place, as compilers write it."""
    where = f"{path}:{finding.line}" if finding.line else f"{path}"
    return f"{where}: {finding.words}"


def told(mistakes: list[str]) -> ConfigError:
    """The error of these lines, cut where they become too many."""
    lines = [printable(line) for line in mistakes]
    if len(lines) > _MOST_MISTAKES:
        lines = [*lines[:_MOST_MISTAKES], f"… and {len(lines) - _MOST_MISTAKES} more"]
    return ConfigError(
        "\n".join(lines), hint="Mend the file; or leave detector.model out: one is built in"
    )


def statements(text: str, *, yaml: bool = False) -> Iterator[Statement | Finding]:
    """What each line says, or what is wrong with it; in the order of the lines."""
    return _of_yaml(text) if yaml else _of_key_file(text)


def _of_key_file(text: str) -> Iterator[Statement | Finding]:
    group = ""
    for number, written in enumerate(text.split("\n"), start=1):
        line = written.strip()
        if not line or line.startswith("#"):
            continue
        if match := _GROUP.fullmatch(line):
            group = match[1].strip()
            yield Statement(group, "", "", number)
        elif "=" not in line or line.startswith("="):
            shown = repr(line[:_SHOWN])
            yield Finding(number, f"is neither [group], key=value nor # comment: {shown}")
        elif not group:
            yield Finding(number, "stands before the first group, which is [property]")
        else:
            key, _, value = line.partition("=")
            yield Statement(group, key.rstrip(), value.lstrip(), number)


def _of_yaml(text: str) -> Iterator[Statement | Finding]:
    group, margin = "", ""
    for number, written in enumerate(text.split("\n"), start=1):
        line = _without_comment(written.rstrip())
        if not line.strip() or (line == "---" and not group):
            continue
        indent = line[: len(line) - len(line.lstrip())]
        found = _pair(line.strip(), number)
        if isinstance(found, Finding):
            yield found
        elif not indent:
            group, margin = found[0], ""
            yield _yaml_group(found, number)
        else:
            margin = margin or indent
            yield _yaml_key(group, found, number, indent if indent == margin else None)


def _yaml_group(found: tuple[str, str], line: int) -> Statement | Finding:
    group, value = found
    if value:
        return Finding(line, f"{group[:_SHOWN]}: stands at the margin; indent it below its group")
    return Statement(group, "", "", line)


def _yaml_key(
    group: str, found: tuple[str, str], line: int, indent: str | None
) -> Statement | Finding:
    key, value = found
    if not group:
        return Finding(line, "stands before the first group, which is property:")
    if indent is None or "\t" in indent:
        return Finding(line, f"{key[:_SHOWN]}: is indented unlike the line above; use spaces alike")
    return Statement(group, key, value, line)


def _pair(line: str, number: int) -> tuple[str, str] | Finding:
    """Key and value of a line of YAML."""
    if line.startswith(("- ", "{", "[", "?", "!", "&", "*", "%", "|", ">", "...")) or line == "-":
        return Finding(number, f"{_FOREIGN}: {line[:_SHOWN]!r}; write key: value")
    key, colon, value = line.partition(":")
    if not colon or not key.strip("'\" \t") or (value and value[0] not in " \t"):
        return Finding(number, f"is neither group: nor key: value: {line[:_SHOWN]!r}")
    value = value.strip()
    if value[:1] in ("&", "*", "!", "|", ">", "{", "[", "%", "@", "`"):
        return Finding(number, f"{key[:_SHOWN]}: {_FOREIGN}: {value[:_SHOWN]!r}")
    if value[:1] in ("'", '"'):
        if len(value) < len("''") or value[-1] != value[0] or value[0] in value[1:-1]:
            return Finding(number, f"{key[:_SHOWN]}: its quotes do not match: {value[:_SHOWN]!r}")
        value = value[1:-1]
    return key.strip("'\" \t"), value


def _without_comment(line: str) -> str:
    """A line of YAML without its comment: ``#`` at its start or behind a blank, unquoted."""
    quote = ""
    for at, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and line[:at].rstrip().endswith(":"):
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at].rstrip()
    return line
