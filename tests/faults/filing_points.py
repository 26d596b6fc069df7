"""Runs in a process of its own, whose disk is faulty: a settings file is saved.

    python -m tests.faults.filing_points '{"where": …, "state": …, "kills": true, "every": 1}'

As `tests.faults.deletion_points`, with a directory in which there is a settings file.
"""

import errno
import json
import logging
import sys
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from smartrec.config.filing import read, write
from smartrec.errors import ConfigError
from tests.faults.deletion_points import ERRORS, Scene, Show, faults
from tests.faults.faulty_disk import Call

NAME: Final = "smartrec.toml"
OLD: Final = "# old\n" * 3000
NEW: Final = "# new\n" * 4000


def furnish(directory: Path) -> None:
    """A directory with the file."""
    directory.mkdir()
    (directory / NAME).write_text(OLD)
    (directory / NAME).chmod(0o640)


def save(directory: Path) -> None:
    """Once, if it was not done before."""
    with suppress(ConfigError):
        text, digest = read(directory / NAME)
        if text == OLD:
            write(directory / NAME, NEW, digest)


def broken(directory: Path, *, at_rest: bool) -> list[str]:
    """What is not as promised: at any moment, and when it was saved again."""
    text = (directory / NAME).read_text()
    wrong = [] if text in (OLD, NEW) else [f"half a file: {len(text)} characters"]
    if at_rest:
        wrong += [] if text == NEW else ["not saved"]
        wrong += [f"left over: {p.name}" for p in directory.iterdir() if p.name != NAME]
        if (mode := (directory / NAME).stat().st_mode & 0o777) != 0o640:
            wrong.append(f"mode {mode:o}")
    return wrong


def main() -> None:
    """Print what became of every fault; a file system may refuse to rename, too."""
    logging.lastResort = None
    plan = json.loads(sys.argv[1])
    ERRORS[Call.RENAME] = (errno.EIO, errno.EROFS)
    show = Show(Path(plan["where"]), Path(plan["state"]), Scene(furnish, save, broken))
    for what, tried in islice(faults(show, kills=plan["kills"]), 0, None, plan["every"]):
        sys.stdout.write(json.dumps({"fault": what, "broken": tried()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
