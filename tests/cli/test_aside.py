"""A command as a process of its own that ends with who started it."""

import subprocess
from pathlib import Path

import pytest

from smartrec.app.children import EXIT_UNWANTED, command_of

COMMAND = command_of("smartrec.cli.aside")
WITHIN = 60.0


def started(*words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("doctor", "--explain", "a message that nobody knows", "--json"), 1, "[]"),
        (("graph", "--config", "/nowhere/smartrec.toml"), 2, "/nowhere/smartrec.toml"),
    ],
)
def test_it_does_what_the_command_line_says(
    words: tuple[str, ...], status: int, says: str, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [*COMMAND, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    with process:
        said = process.stdout.read().decode()
        assert process.wait(WITHIN) == status, said
    assert says in said


def test_it_ends_when_nobody_wants_to_know_any_more() -> None:
    process = started("doctor", "--json", "--measure")
    assert process.stdin is not None
    process.stdin.close()
    with process:
        assert process.wait(WITHIN) == EXIT_UNWANTED
