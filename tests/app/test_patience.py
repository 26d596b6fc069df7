"""What hangs is told once and can be given up; what does not is as if it were called."""

import threading
from pathlib import Path

import pytest

from smartrec.app.patience import patiently
from smartrec.errors import StoreError

DISK = Path("/mnt/clips")


def test_it_gives_what_the_job_gives() -> None:
    assert patiently(lambda: 7, DISK) == 7


@pytest.mark.parametrize("error", [StoreError("it is full"), TimeoutError("of its own")])
def test_it_raises_what_the_job_raises(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error), match=str(error)):
        patiently(fail, DISK)


def test_what_hangs_is_told_once_and_can_be_given_up(caplog: pytest.LogCaptureFixture) -> None:
    for_ever = threading.Event()
    looks = iter([False] * 5 + [True])
    with pytest.raises(StoreError, match="stopped before the disk of /mnt/clips answered"):
        patiently(for_ever.wait, DISK, lambda: next(looks), told_after=0.1)
    for_ever.set()
    assert caplog.text.count("waiting for the disk of /mnt/clips") == 1


def test_one_that_answers_is_let_finish_though_it_is_given_up() -> None:
    assert patiently(lambda: 7, DISK, lambda: True) == 7
