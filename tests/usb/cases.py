"""Cases that run in the virtual machine: known by name before, each told on its own after."""

import ast
import sys
import xml.etree.ElementTree as Xml
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.usb.camera import Plan
from tests.usb.machine import Machine

_GUEST: Final = Path(__file__).parent / "guest"
_BEHIND: Final = 20000
"""Characters of a guest's output that a failure shows."""


def names(file: str) -> list[str]:
    """The cases of a file of `tests/usb/guest`."""
    tree = ast.parse((_GUEST / file).read_text())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if name.startswith("test_")]


class Cases:
    """All cases of a file or some, run in one virtual machine.

    Args:
        files: One of `tests/usb/guest`, or some; no two cases have the same name.
        folder: The guest writes its results there.
        cameras: Of the machine.
        timeout: Seconds that all may take together.

    Raises:
        MachineFailed: The machine does not boot, or the cases do not end.
    """

    def __init__(
        self,
        files: str | Sequence[str],
        folder: Path,
        cameras: Sequence[Plan] = (Plan(),),
        timeout: float = 600.0,
    ) -> None:
        paths = [str(_GUEST / file) for file in ([files] if isinstance(files, str) else files)]
        report = folder / "results.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:xdist"]
        command += ["-p", "no:cacheprovider", "--basetemp=/tmp/cases", f"--junitxml={report}"]
        command += ["--timeout=300", "--durations=0", "-rA", *paths]
        with Machine(cameras, writable=[folder]) as machine:
            done = machine.run(command, timeout=timeout)
        sys.stdout.write(done.output)  # pytest shows it where it is asked to, or a case fails
        self.output = done.output
        self._results = {}
        if report.exists():
            cases = Xml.parse(report).getroot().iter("testcase")
            self._results = {case.get("name", ""): case for case in cases}

    def check(self, name: str) -> None:
        """Fail as the case failed, be skipped as it was skipped, or pass."""
        runs = [case for title, case in self._results.items() if title.partition("[")[0] == name]
        if not runs:
            pytest.fail(f"the guest did not run {name}:\n{self.output[-_BEHIND:]}", pytrace=False)
        for case in runs:
            _check(case)


def _check(case: Xml.Element) -> None:
    for problem in (*case.iter("failure"), *case.iter("error")):
        text = problem.text or problem.get("message")
        pytest.fail(f"in the guest, {case.get('name')}: {text}", pytrace=False)
    for skipped in case.iter("skipped"):
        pytest.skip(f"in the guest: {skipped.get('message')}")
