"""The page about the command line says what the program says."""

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
PRINTED = "from smartrec.cli.reference import page; print(page(), end='')"


def test_the_page_is_in_step_with_the_program() -> None:
    # In a process of its own: a command that was run by itself keeps the help option it had there.
    program = [sys.executable, "-c", PRINTED]
    told = subprocess.run(program, capture_output=True, text=True, check=True)
    assert PAGE.read_text() == told.stdout, "run: make docs"
