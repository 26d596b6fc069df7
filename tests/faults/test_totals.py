"""The table of faults: numbers of one name are added, also over workers."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("totals")

SUITE = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_one(totals, number):
    totals("a cut", tried=2, held=1 if number == 3 else 2, note="seeded")
    if number == 2:
        totals("a knock", tried=1, held=1)
    assert number != 3
"""
TABLE = """\
| fault | tried | held | broken | note |
|---|---:|---:|---:|---|
| a cut | 8 | 7 | 1 | seeded |
| a knock | 1 | 1 | 0 |  |
"""


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.long)])
def test_numbers_of_one_name_are_added_over_workers_and_failures(
    tmp_path: Path, workers: int
) -> None:
    root = Path(__file__).parents[2]
    (tmp_path / "conftest.py").write_text(
        "from tests.faults.totals import pytest_terminal_summary, totals\n"
    )
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").touch()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", str(workers), "-p", "no:cacheprovider"],
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert "1 failed, 3 passed" in done.stdout, done
    assert TABLE in done.stdout
