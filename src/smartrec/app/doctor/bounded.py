"""Looks that may hang: each in a thread of its own, waited for only so long.

A thread that hangs in the kernel cannot be ended; it is left behind, as a daemon, and the program
ends without it.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from smartrec.clock import SystemClock
from smartrec.units import SECOND

T = TypeVar("T")


class Overdue(Exception):  # noqa: N818 - a condition, caught where the look began
    """It did not end in time; what it gave until then was handed on."""


@dataclass(frozen=True, slots=True)
class _Given(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Ended:
    error: BaseException | None = None


def bounded(job: Callable[[], Iterable[T]], limit_s: float) -> Iterator[T]:
    """What a job gives, each as soon as it is there; it begins at once, not with the first.

    Args:
        job: Runs on a thread of its own, all of it.
        limit_s: For the whole job, seconds.

    Raises:
        Overdue: It takes longer; raised by the iterator, as what follows is.
        Exception: What the job raised.
    """
    news: SimpleQueue[_Given[T] | _Ended] = SimpleQueue()
    threading.Thread(target=_run, args=(job, news), name="look", daemon=True).start()
    clock = SystemClock()
    return _until(news, clock, clock.monotonic() + limit_s * SECOND)


def _until(news: "SimpleQueue[_Given[T] | _Ended]", clock: SystemClock, ends: float) -> Iterator[T]:
    while True:
        try:
            each = news.get(timeout=max(0.0, (ends - clock.monotonic()) / SECOND))
        except Empty:
            raise Overdue from None
        if isinstance(each, _Given):
            yield each.value
        elif each.error is not None:
            raise each.error
        else:
            return


def _run(job: Callable[[], Iterable[T]], news: "SimpleQueue[_Given[T] | _Ended]") -> None:
    try:
        for value in job():
            news.put(_Given(value))
    except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
        news.put(_Ended(error))
    else:
        news.put(_Ended())
