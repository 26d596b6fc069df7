"""The troubleshooting page is made from the table, and the table has all that can go wrong."""

from collections.abc import Iterator
from pathlib import Path

from smartrec.app.doctor.checks import CHECKS
from smartrec.app.doctor.troubles.errors import ERRORS
from smartrec.app.doctor.troubles.table import TROUBLES
from smartrec.app.doctor.troubleshooting import page
from smartrec.errors import SmartrecError

PAGE = Path(__file__).parents[3] / "docs" / "guide" / "troubleshooting.md"


def descendants(error: type[SmartrecError]) -> Iterator[type[SmartrecError]]:
    yield error
    for child in error.__subclasses__():
        yield from descendants(child)


def test_the_page_is_in_step_with_the_table() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: make docs"


def test_every_error_has_a_remedy() -> None:
    own = {e for e in descendants(SmartrecError) if e.__module__ == "smartrec.errors"}
    assert own == set(ERRORS)


def test_every_check_has_a_section_and_other_sections_come_last() -> None:
    assert [*(check.name for check in CHECKS), "doctor", "elsewhere"] == list(TROUBLES)


def test_every_trouble_is_whole_and_named_once() -> None:
    rows = [(key, row) for rows in TROUBLES.values() for key, row in rows.items()]
    assert len({key for key, _ in rows}) == len(rows)
    for _, row in [*rows, *ERRORS.items()]:
        assert row.symptom
        assert row.why.endswith(".")
        assert row.mend
        assert all(text.count("`") % 2 == 0 for text in (row.symptom, row.why, row.mend))
