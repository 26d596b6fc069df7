"""Several processes with one vault: the page's and any number of command lines."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.access.database import FILE_NAME
from smartrec.access.vault import Vault

NOW = 2 * 10**18
WRITERS = 4
EACH = 15

WRITE = """
import sys
from pathlib import Path
from smartrec.access.model import Scope
from smartrec.access.vault import Vault
with Vault.open(Path(sys.argv[1]), create=False) as vault:
    for number in range(int(sys.argv[3])):
        name = f"{sys.argv[2]}-{number}"
        print("made", name, vault.add_token(name, Scope.VIEW, None), flush=True)
        if number % 3 == 2:
            vault.remove_token(name)
            print("removed", name, "-", flush=True)
"""
MAKE = """
import sys
from pathlib import Path
from smartrec.access.vault import Vault
for number in range(10_000):
    Vault.open(Path(sys.argv[1]) / str(number), create=True).close()
    print(number, flush=True)
"""


def started(code: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", code, *(str(each) for each in arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finished(process: "subprocess.Popen[str]") -> list[list[str]]:
    out, _ = process.communicate(timeout=50)
    return [line.split() for line in out.splitlines()]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Vault]:
    """As the page has it: there before any file is."""
    with Vault.open(tmp_path / "state", create=False) as vault:
        vault.roster()
        yield vault


def test_all_that_many_write_at_once_is_there_and_the_page_sees_it(page: Vault) -> None:
    state = page.path.parent
    writers = [started(WRITE, state, name, EACH) for name in "abcd"[:WRITERS]]
    while any(writer.poll() is None for writer in writers):
        if page.changed():
            page.roster()  # never in the middle of something, never an error
    said = [line for writer in writers for line in finished(writer)]
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    roster = page.roster()
    removed = {name for what, name, _ in said if what == "removed"}
    assert len(removed) == WRITERS * EACH // 3
    for what, name, secret in said:
        if what == "made":
            assert (roster.token(secret, NOW) is None) is (name in removed)
    assert [path.name for path in state.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("seed", range(3))
def test_what_a_command_said_before_it_was_killed_holds(page: Vault, seed: int) -> None:
    lines = random.Random(seed).randrange(1, 30)
    writer = started(WRITE, page.path.parent, "w", 10_000)
    assert writer.stdout is not None
    said = [writer.stdout.readline().split() for _ in range(lines)]
    writer.kill()
    said += finished(writer)
    state = {name: (what, secret) for what, name, secret in said}
    secrets = {name: secret for what, name, secret in said if what == "made"}
    assert page.changed()
    roster = page.roster()
    last = said[-1][1]  # of which more may have been done than was said
    for name, (what, _) in state.items():
        if name != last:
            assert (roster.token(secrets[name], NOW) is None) is (what == "removed")


@pytest.mark.parametrize("seed", range(2))
def test_who_is_killed_while_making_one_leaves_none_or_a_whole_one(
    tmp_path: Path, seed: int
) -> None:
    lines = random.Random(seed).randrange(1, 10)
    maker = started(MAKE, tmp_path)
    assert maker.stdout is not None
    for _ in range(lines):
        maker.stdout.readline()
    maker.kill()
    made = len(finished(maker)) + lines
    for number in range(made + 1):
        with Vault.open(tmp_path / str(number), create=False) as vault:
            assert not vault.roster().login_needed
            assert number == made or not vault.absent
