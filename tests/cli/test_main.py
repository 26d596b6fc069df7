import signal
import subprocess
import sys


def test_ctrl_c_while_it_starts_prints_nothing_and_ends_as_one_should() -> None:
    code = "import smartrec.cli; raise KeyboardInterrupt"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_any_other_error_while_it_starts_is_shown() -> None:
    code = "import smartrec.cli; raise ImportError('no click')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.endswith(b"ImportError: no click\n")
