"""A start that waits for a disk says so, and can be told to stop."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from typing import Final, TypeVar

from smartrec.errors import StoreError

TOLD_AFTER: Final = 5.0
"""Seconds."""
_LOOK_EVERY: Final = 0.1
_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


def _never() -> bool:
    return False


def patiently(
    job: Callable[[], _Result],
    directory: Path,
    given_up: Callable[[], bool] = _never,
    *,
    told_after: float = TOLD_AFTER,
) -> _Result:
    """Do something with a disk on a thread of its own, and return what it returns.

    Args:
        job: It may hang for ever; then its thread is left behind.
        directory: On that disk, for people.
        given_up: Whether it is not to be waited for any longer; not asked before it is told, for
            a disk that answers is let finish.
        told_after: Seconds until it is said what is waited for, once.

    Raises:
        StoreError: Given up.
        Exception: What the job raised.
    """
    outcome: Future[_Result] = Future()
    threading.Thread(target=_do, args=(job, outcome), name="patience", daemon=True).start()
    waited = 0.0
    while waited < told_after or not given_up():
        try:
            return outcome.result(_LOOK_EVERY)
        except NotYet:
            if outcome.done():  # the job's own
                raise
        if waited < told_after <= waited + _LOOK_EVERY:
            log.warning("waiting for the disk of %s: it does not answer (dmesg | tail)", directory)
        waited += _LOOK_EVERY
    raise StoreError(
        f"stopped before the disk of {directory} answered",
        hint=f"Is it there, and well? dmesg | tail; df '{directory}'",
    )


def _do(job: Callable[[], _Result], outcome: "Future[_Result]") -> None:
    try:
        outcome.set_result(job())
    except BaseException as error:  # noqa: BLE001 - handed to who waits
        outcome.set_exception(error)
