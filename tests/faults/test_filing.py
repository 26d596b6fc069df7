"""A settings file that is being saved is the old one or the new one, whatever fails or dies."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.faulty_disk import FOR_EVER, Call, FaultyDisk
from tests.faults.test_deleting import run
from tests.faults.totals import Totals

SAVES = """
import sys
from pathlib import Path
from smartrec.config.filing import read, write
path = Path(sys.argv[1])
write(path, "# new\\n", read(path)[1])
"""


@pytest.mark.parametrize("kills", [True, False])
def test_a_fault_while_settings_are_saved_leaves_no_half_of_a_file(
    tmp_path: Path, kills: bool, totals: Totals
) -> None:
    outcomes = run(tmp_path, kills=kills, scene="filing_points")
    wrong = [outcome for outcome in outcomes if outcome["broken"]]
    what = "SIGKILL at a call" if kills else "a call fails"
    totals(f"{what} while settings are saved", tried=len(outcomes), held=len(outcomes) - len(wrong))
    assert len(outcomes) > (5 if kills else 30)
    assert wrong == []


def test_a_file_that_is_mounted_there_is_written_in_place_beside_a_copy(tmp_path: Path) -> None:
    where = tmp_path / "etc"
    where.mkdir()
    path = where / "my.toml"
    path.write_text("# old, and longer than the new one\n")
    path.chmod(0o644)
    before = path.stat()
    disk = FaultyDisk(tmp_path / "state")
    disk.fail((Call.RENAME,), 1, errno.EBUSY, times=FOR_EVER)
    command = [sys.executable, "-c", SAVES, str(path)]
    subprocess.run(command, env={**os.environ, **disk.environ(where)}, check=True)
    assert disk.failed == 1
    assert path.read_text() == "# new\n"
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)
    kept = where / "my.toml.bak"
    assert kept.read_text() == "# old, and longer than the new one\n"
    assert sorted(each.name for each in where.iterdir()) == ["my.toml", "my.toml.bak"]
