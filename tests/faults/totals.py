"""One table of all faults that were tried, printed at the end of a run over all its workers.

A test records its numbers with the fixture `totals`; they travel as properties of its report, so
they also come from a worker of pytest-xdist.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import pytest

_PROPERTY = "smartrec.total"


class Totals(Protocol):
    """What the fixture is."""

    def __call__(self, fault: str, *, tried: int, held: int, note: str = "") -> None:
        """Add to a row of the table.

        Args:
            fault: What was done to the recorder; names the row.
            tried: How often.
            held: How often every promise held.
            note: What else a reader should know, such as what was checked. One row may have some.
        """
        ...


@dataclass
class Row:
    """One kind of fault.

    Attributes:
        tried: How often.
        held: How often every promise held.
        tests: How many tests added to it.
        notes: In the order in which they came, each once.
    """

    tried: int = 0
    held: int = 0
    tests: int = 0
    notes: tuple[str, ...] = ()


@pytest.fixture
def totals(record_property: Callable[[str, object], None]) -> Totals:
    """Adds to the table; see `Totals`."""

    def add(fault: str, *, tried: int, held: int, note: str = "") -> None:
        assert fault
        assert 0 <= held <= tried
        record_property(_PROPERTY, [fault, tried, held, note])

    return add


def rows(reports: list[pytest.TestReport]) -> dict[str, Row]:
    """The table, by fault in alphabetical order, of the reports of a run."""
    table: dict[str, Row] = {}
    for fault, tried, held, note in (each for report in reports for each in _of(report)):
        row = table.setdefault(fault, Row())
        row.tried += tried
        row.held += held
        row.tests += 1
        if note and note not in row.notes:
            row.notes += (note,)
    return dict(sorted(table.items()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table as Markdown, if there is anything in it."""
    reports = [
        each
        for stats in terminalreporter.stats.values()
        for each in stats
        if isinstance(each, pytest.TestReport)
    ]
    table = rows(reports)
    if not table:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line("| fault | tried | held | broken | note |")
    terminalreporter.write_line("|---|---:|---:|---:|---|")
    for fault, row in table.items():
        told = f"| {fault} | {row.tried} | {row.held} | {row.tried - row.held} |"
        terminalreporter.write_line(f"{told} {'; '.join(row.notes)} |", red=row.held < row.tried)


def _of(report: pytest.TestReport) -> Iterator[tuple[str, int, int, str]]:
    if report.when != "teardown":  # it holds those of the whole test, and every test has one
        return
    for name, value in report.user_properties:
        if name == _PROPERTY:
            assert isinstance(value, list)
            fault, tried, held, note = value
            yield str(fault), int(tried), int(held), str(note)
