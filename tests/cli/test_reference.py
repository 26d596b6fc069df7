"""The page about the command line says what the program says."""

from pathlib import Path

from smartrec.cli.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"


def test_the_page_is_in_step_with_the_program() -> None:
    assert PAGE.read_text() == page(), "run: make docs"
