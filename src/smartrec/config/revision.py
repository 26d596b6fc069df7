"""One change of a settings file's text, made where the setting stands."""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from smartrec.config import inline
from smartrec.config.document import Part, values_of
from smartrec.config.plain import UNSET, got
from smartrec.config.sections import Section, Sections
from smartrec.config.suggest import Place
from smartrec.config.tables import LISTS, SCHEMA, keys

_KNOWN_BY: Final = {"camera": ("id", "source"), "zone": ("name", "polygon")}
Table = Mapping[str, object]


class Phase(Enum):
    """What is done at once; after each the text is read anew."""

    REMOVE = "remove"
    ORDER = "order"
    CHANGE = "change"
    ADD = "add"


def revised(text: str, values: Table, place: Place, value: object) -> str:
    """The text with a value, a table or a list of tables at a place, or with nothing there.

    Args:
        text: Valid TOML, with no mark before it, which ends with its last line's end.
        values: What it says.
        place: See `smartrec.config.edit.Edit`.
        value: UNSET takes away what is there.
    """
    sections = _sections(text)
    for phase in Phase:
        revision = _Revision(sections, values, phase)
        revision.let(place, value)
        if (new := revision.text()) != sections.text:
            sections, values = _sections(new), said(new)
    return sections.text


@lru_cache(2)
def said(text: str) -> Table:
    """What a text says, which nobody changes.

    Raises:
        ConfigError: It is not TOML.
    """
    return values_of(Path("smartrec.toml"), text)


@lru_cache(2)
def _sections(text: str) -> Sections:
    """The next change is often of what this one made."""
    return Sections(text)


class _Revision:
    """Gathers what is put in place of what, and makes the new text."""

    def __init__(self, sections: Sections, values: Table, phase: Phase) -> None:
        text = sections.text
        self._text = text
        self._values = values
        self._phase = phase
        self._line = "\r\n" if "\r\n" in text else "\n"
        self._sections = sections
        self._changes: list[tuple[int, int, str]] = []
        self._missing: dict[Place, dict[str, object]] = {}

    def text(self) -> str:
        """With all changes."""
        for place, table in self._missing.items():
            self._add_table(place, table)
        made, at = "", 0
        for start, end, new in sorted(self._changes, key=lambda change: change[:2]):
            assert start >= at, "two changes of the same text"
            made += self._text[at:start] + new
            at = end
        return made + self._text[at:]

    def let(self, place: Place, value: object) -> None:
        """Do what belongs to this phase so that a value stands at a place."""
        holder = self._holder(place)
        if holder is not None and (holder.place != place or value is not UNSET):
            if self._phase is Phase.CHANGE:
                self._within(holder, place[len(holder.place) :], value)
        elif value is UNSET:
            if self._phase is Phase.REMOVE:
                self._drop(place)
        elif isinstance(value, Mapping) and self._is_table(place):
            self._let_table(place, value)
        elif keys(place) in LISTS and _are_rows(value):
            self._let_rows(place, cast("list[Table]", value))
        else:
            self._let_key(place, value)

    def _holder(self, place: Place) -> Part | None:
        """The statement whose value a place is, or lies in."""
        return next(
            (k for k in self._sections.settings() if k.place == place[: len(k.place)]), None
        )

    def _is_table(self, place: Place) -> bool:
        """Whether it is one by the settings, or stands there as one."""
        return (
            keys(place) in SCHEMA
            or self._dotted(place) is not None
            or bool(self._sections.below(place))
        )

    def _dotted(self, table: Place) -> Part | None:
        """The last key that says of itself that it stands in a table: ``controls.focus = 1``."""
        found = None
        for part in self._sections.settings():
            if part.within < len(table) < len(part.place) and part.place[: len(table)] == table:
                found = part
        return found

    def _within(self, part: Part, place: Place, value: object) -> None:
        assert part.value is not None
        old = self._text[part.value : part.end]
        if place or isinstance(value, Mapping) or _are_rows(value):
            new = inline.changed(old.strip().replace("\r\n", "\n"), place, value)
        else:
            head = part.value - self._sections.line_start(part.start)
            new = inline.wrapped(value, self._sections.indent(part), head)
        blank = old[: len(old) - len(old.lstrip())]
        self._put(part.value, part.end, blank + new.replace("\n", self._line))

    # ------------------------------------------------------------------------------------- keys

    def _let_key(self, place: Place, value: object) -> None:
        """Of a setting that is not there."""
        table, name = place[:-1], str(place[-1])
        section, dotted = self._sections.of(table), self._dotted(table)
        if section is not None or not table:
            if self._phase is Phase.CHANGE:
                self._insert_key(section or self._sections.first, name, value)
        elif dotted is not None:
            if self._phase is Phase.CHANGE:
                way = [str(part) for part in place[dotted.within :]]
                self._insert_line(self._sections.line_end(dotted.end), dotted, way, value)
        elif keys(table) not in SCHEMA:
            self.let(table, {name: value})
        elif self._phase is Phase.ADD:
            self._missing.setdefault(table, {})[name] = value

    def _insert_key(self, section: Section, name: str, value: object) -> None:
        """Below the comment that shows it, as in the example file, or behind the last."""
        last = section.last
        if (behind := self._sections.said_in_comment(section, name)) is not None:
            at = behind
        else:
            at = section.end if last is None else self._sections.line_end(last.end)
        self._insert_line(at, last, [name], value)

    def _insert_line(self, at: int, like: Part | None, way: list[str], value: object) -> None:
        indent = "" if like is None else self._sections.indent(like)
        named = ".".join(map(inline.key, way))
        self._insert(at, inline.statement(named, value, indent) + "\n")

    def _drop(self, place: Place) -> None:
        for part in self._sections.settings():
            if part.within < len(place) and part.place[: len(place)] == place:
                self._drop_key(part)
        gone: list[tuple[int, int]] = []
        for section in self._sections.below(place):
            if gone and section.start <= self._sections.blanks(gone[-1][1]):
                gone[-1] = (gone[-1][0], section.end)
            else:
                gone.append((section.start, section.end))
        for start, end in gone:
            self._drop_lines(start, end)

    def _drop_key(self, part: Part) -> None:
        """With its line; a comment behind it is kept, for it may be the only reason written."""
        start, end = self._sections.line_start(part.start), self._sections.line_end(part.end)
        rest = self._text[part.end : end].lstrip(" \t")
        self._put(start, end, self._sections.indent(part) + rest if rest.strip() else "")

    # ----------------------------------------------------------------------------------- tables

    def _let_table(self, place: Place, table: Table) -> None:
        old = got(self._values, place)
        if not isinstance(old, Mapping):
            if self._phase is Phase.ADD:
                self._add_table(place, table)
            return
        for name in (*(old.keys() - table.keys()), *table):
            if not _same(old.get(name, UNSET), new := table.get(name, UNSET)):
                self.let((*place, name), new)

    def _let_rows(self, place: Place, rows: list[Table]) -> None:
        found = got(self._values, place)
        old = cast("list[Table]", found) if _are_rows(found) else []
        stays = _matched(old, rows, _KNOWN_BY[str(place[-1])])
        if self._phase is Phase.REMOVE:
            for number in set(range(len(old))) - set(stays.values()):
                self._drop((*place, number))
        elif self._phase is Phase.ORDER:
            self._order(place, list(stays.values()))
        at = self._before_rows(place)
        for number, row in enumerate(rows):
            if number in stays:
                self.let((*place, stays[number]), row)
                at = self._sections.below((*place, stays[number]))[-1].end
            elif self._phase is Phase.ADD:
                self._add_section(at, (*place, number), row)

    def _before_rows(self, place: Place) -> int:
        """Where one goes that shall be the first."""
        rows = self._sections.below(place)
        return rows[0].start if rows else self._behind(place)

    def _order(self, place: Place, wanted: list[int]) -> None:
        """Move tables, with their comments, into another order."""
        spans = [self._sections.below((*place, number)) for number in range(len(wanted))]
        bounds = [(each[0].start, each[-1].end) for each in spans]
        for (start, end), number in zip(bounds, wanted, strict=True):
            begin, behind = bounds[number]
            if (start, end) != (begin, behind):
                self._put(start, end, self._text[begin:behind])

    def _add_table(self, place: Place, table: Table) -> None:
        self._add_section(self._behind(place), place, table)

    def _behind(self, place: Place) -> int:
        """Where a new table goes: behind those of its list, or of the table it is in, or all."""
        near = place[:-1] if isinstance(place[-1], int) else place
        while near:
            if beside := self._sections.below(near):
                return beside[-1].end
            near = near[:-1]
        return len(self._text)

    def _add_section(self, at: int, place: Place, table: Table) -> None:
        beside = self._sections.below(place[:-1]) or self._sections.below(place[:2])
        header = beside[0].header if beside else None
        indent = "" if header is None else self._sections.indent(header)
        new = "\n".join(("", *_lines(place, table, indent), ""))
        if not self._text[:at].strip():
            new = new[1:]
        if self._text[at : at + 1].strip():  # something follows at once
            new += "\n"
        self._insert(at, new)

    def _drop_lines(self, start: int, end: int) -> None:
        """And the blank lines on one side of them."""
        if not start or self._text[:start].endswith(("\n\n", "\n\r\n")):
            end = self._sections.blanks(end)
        self._put(start, end, "")

    # ------------------------------------------------------------------------------------- text

    def _insert(self, at: int, new: str) -> None:
        self._put(at, at, new.replace("\n", self._line))

    def _put(self, start: int, end: int, new: str) -> None:
        self._changes.append((start, end, new))


def _lines(place: Place, table: Table, indent: str) -> list[str]:
    """Of a table with a header, tables within it behind its settings."""
    name = ".".join(map(inline.key, keys(place)))
    lines = [f"{indent}[[{name}]]" if isinstance(place[-1], int) else f"{indent}[{name}]"]
    below: list[str] = []
    for key, value in table.items():
        inner = (*place, key)
        if keys(inner) in LISTS and _are_rows(value):
            for number, row in enumerate(cast("list[Table]", value)):
                below += ["", *_lines((*inner, number), row, indent)]
        elif keys(inner) in SCHEMA and isinstance(value, Mapping):
            below += ["", *_lines(inner, value, indent)]
        else:
            lines += inline.statement(inline.key(key), value, indent).split("\n")
    return lines + below


def _matched(old: list[Table], new: list[Table], known_by: tuple[str, str]) -> dict[int, int]:
    """Which table of a new list is which of the old one, in the order of the new."""
    found: dict[int, int] = {}
    for key in known_by:  # its name; else whoever was renamed is known by what it is of
        for number, row in enumerate(new):
            wanted = row.get(key, number)
            same = (
                each
                for each, table in enumerate(old)
                if each not in found.values() and table.get(key, each) == wanted
            )
            if number not in found and (first := next(same, None)) is not None:
                found[number] = first
    return dict(sorted(found.items()))


def _same(one: object, other: object) -> bool:
    """Whether two values say the same; a truth is no number."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)
