"""A settings file as people see it: sections, and which comments belong to each.

A comment belongs to what it stands right above; without a blank line between, those behind the last
key of a section belong to that section.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from smartrec.config.document import Part, parts
from smartrec.config.suggest import Place

_COMMENT: Final = re.compile(r"[ \t]*#[^\n]*\n?")
_BLANK: Final = re.compile(r"(?:[ \t\r]*\n)+")
_HEADER_IN_COMMENT: Final = re.compile(r"(?m)^[ \t]*#[ \t]*\[")


@dataclass(slots=True)
class Section:
    """A header and what stands below it, up to the next; the first has no header.

    Attributes:
        place: Of the table.
        header: Its header; None of the first.
        start: Offset of its first line: of the comments right above the header.
        end: Offset behind its last line, comments included.
        keys: Its settings.
    """

    place: Place
    header: Part | None
    start: int = 0
    end: int = 0
    keys: list[Part] = field(default_factory=list)

    @property
    def last(self) -> Part | None:
        """The last of it that is no comment."""
        return self.keys[-1] if self.keys else self.header


class Sections:
    """The sections of a text, in its order.

    Args:
        text: Valid TOML, with no mark before it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._all = [Section((), None)]
        for part in parts(text):
            if part.value is None:
                self._all.append(Section(part.place, part))
            else:
                self._all[-1].keys.append(part)
        self._bound()

    @property
    def first(self) -> Section:
        """The one without a header."""
        return self._all[0]

    def of(self, place: Place) -> Section | None:
        """The one whose header names a table."""
        return next((each for each in self._all[1:] if each.place == place), None)

    def holding(self, part: Part) -> Section:
        """The one that a key stands in."""
        return next(each for each in self._all if any(key is part for key in each.keys))

    def below(self, place: Place) -> list[Section]:
        """Those of a table and of all tables in it."""
        return [each for each in self._all[1:] if each.place[: len(place)] == place]

    def settings(self) -> Iterator[Part]:
        """All settings."""
        for section in self._all:
            yield from section.keys

    def line_start(self, offset: int) -> int:
        """Offset of the line that an offset lies in."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Offset behind the end of that line."""
        return self.text.find("\n", offset) + 1 or len(self.text)

    def indent(self, part: Part) -> str:
        """What stands before a header or a key."""
        return self.text[self.line_start(part.start) : part.start]

    def blanks(self, offset: int) -> int:
        """Offset behind the blank lines that begin at an offset."""
        found = _BLANK.match(self.text, offset)
        return found.end() if found else offset

    def said_in_comment(self, section: Section, key: str) -> int | None:
        """Offset behind a line such as ``#pre_roll = "10s"``, where a section has one."""
        at = 0 if section.header is None else self.line_end(section.header.end)
        wanted = re.compile(rf"[ \t]*#[ \t]*{re.escape(key)}[ \t]*=")
        taken = {self.line_start(each.start): self.line_end(each.end) for each in section.keys}
        after = self._after(section)
        while at < after and not _HEADER_IN_COMMENT.match(self.text, at):
            if at in taken:
                at = taken[at]
                continue
            if wanted.match(self.text, at):
                return self.line_end(at)
            at = self.line_end(at)
        return None

    def _after(self, section: Section) -> int:
        """Offset of the header that follows a section."""
        number = next(n for n, each in enumerate(self._all) if each is section)
        following = self._all[number + 1].header if number + 1 < len(self._all) else None
        return len(self.text) if following is None else self.line_start(following.start)

    def _bound(self) -> None:
        behind = 0
        for number, section in enumerate(self._all):
            section.start = (
                behind if section.header is None else self._above(section.header, behind)
            )
            last = section.last
            behind = section.start if last is None else self.line_end(last.end)
            following = self._all[number + 1].header if number + 1 < len(self._all) else None
            section.end = behind = self._trailing(behind, following)

    def _above(self, header: Part, behind: int) -> int:
        """Where the comments right above a header begin; those that begin the file are its own."""
        start = own = self.line_start(header.start)
        while start > behind:
            above = self.line_start(start - 1)
            if not _COMMENT.fullmatch(self.text, above, start):
                return start
            start = above
        return start if start else own

    def _trailing(self, behind: int, following: Part | None) -> int:
        """Where the comments end that follow at once; those right above a header are its own."""
        at = behind
        while at < len(self.text) and (found := _COMMENT.match(self.text, at)):
            at = found.end()
        runs_into = following is not None and self.line_start(following.start) == at
        return behind if runs_into else at
