"""Runs in a process of its own, whose disk is faulty: users are added and removed.

    python -m tests.faults.access_points '{"where": …, "state": …, "kills": true, "every": 1}'

As `tests.faults.deletion_points`, with a directory in which there is no vault yet.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from smartrec.access.database import FILE_NAME
from smartrec.access.model import Scope
from smartrec.access.vault import Vault
from smartrec.errors import StoreError, UsageError
from tests.faults.deletion_points import Scene, main

PASSWORD: Final = "correct horse"
HISTORY: Final[tuple[list[str], ...]] = ([], ["ann"], ["ann", "bob"], ["ann"])
"""Of the users; there is nothing in between."""


def furnish(directory: Path) -> None:
    """A directory."""
    directory.mkdir()


def change(directory: Path) -> None:
    """What one command after another does of it, until one fails."""
    with suppress(StoreError), Vault.open(directory, create=False) as vault:
        for step in _steps(vault):
            with suppress(UsageError):  # done before
                step()


def _steps(vault: Vault) -> tuple[Callable[[], object], ...]:
    return (
        partial(vault.add_user, "ann", PASSWORD, Scope.ADMIN),
        partial(vault.add_user, "bob", PASSWORD, Scope.VIEW),
        partial(vault.remove_user, "bob"),
        partial(vault.add_token, "ha", Scope.VIEW, None),
    )


def broken(directory: Path, *, at_rest: bool) -> list[str]:
    """What is not as promised: at any moment, and when all was done again."""
    wrong: list[str] = []
    with Vault.open(directory, create=False) as vault:
        users = [user.name for user in vault.users()]
        tokens = [token.name for token in vault.tokens()]
        needed, check = vault.roster().login_needed, vault.check("ann", PASSWORD)
    known = "ann" in users
    if users not in HISTORY or needed is not known or (check is not None) is not known:
        wrong.append(f"users: {users}")
    if tokens not in ([], ["ha"]):
        wrong.append(f"tokens: {tokens}")
    if at_rest:
        if users != HISTORY[-1] or tokens != ["ha"]:
            wrong.append(f"at rest: {users}, {tokens}")
        left = [path.name for path in directory.iterdir() if path.name != FILE_NAME]
        wrong += [f"left over: {name}" for name in left]
        if not wrong and (mode := (directory / FILE_NAME).stat().st_mode & 0o777) != 0o600:
            wrong.append(f"mode {mode:o}")
    return wrong


if __name__ == "__main__":
    main(Scene(furnish, change, broken))
