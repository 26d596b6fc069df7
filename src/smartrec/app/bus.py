"""Hands events to whoever listens, without ever waiting for a listener."""

import threading
from collections import OrderedDict, deque
from typing import Final

from smartrec.app.envelope import Published
from smartrec.app.events import Event, Fact, Overrun
from smartrec.clock import Clock
from smartrec.model import new_id

BACKLOG: Final = 10_000


class Subscription:
    """One reader's share of the bus. Any thread may read; made by `Bus.subscribe`."""

    def __init__(self, *, durable_only: bool, backlog: int) -> None:
        self._durable_only = durable_only
        self._backlog = backlog
        self._facts: deque[Published] = deque()
        self._states: OrderedDict[tuple[str, str], Published] = OrderedDict()
        self._lost = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def closed(self) -> bool:
        """Whether nothing more will come; what waits can still be read."""
        return self._closed

    def put(self, published: Published) -> None:
        """Called by the bus; never waits for the reader."""
        event = published.event
        with self._changed:
            if self._closed or (self._durable_only and not isinstance(event, Fact)):
                return
            if isinstance(event, Fact):
                self._facts.append(published)
                if len(self._facts) > self._backlog:
                    self._facts.popleft()
                    self._lost += 1
            else:
                key = (event.type, event.subject)
                self._states.pop(key, None)
                self._states[key] = published
            self._changed.notify()

    def get(self, timeout: float | None = None) -> Published | None:
        """The next one, facts first; None after `timeout` seconds or when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._facts or self._states or self._closed, timeout)
            if self._lost:
                lost, self._lost = self._lost, 0
                next_ = self._facts[0]
                return Published(new_id(), next_.seq - 1, next_.at, Overrun(lost))
            if self._facts:
                return self._facts.popleft()
            return self._states.popitem(last=False)[1] if self._states else None

    def close(self) -> None:
        """Nothing more comes in; a waiting `get` returns. Any thread, more than once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Bus:
    """Tells every subscriber what is published. Publish on the station thread only.

    Args:
        clock: Dates what is published.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seq = 0
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()

    def publish(self, event: Event) -> Published:
        """Hand an event to all subscribers; takes microseconds and waits for none of them."""
        self._seq += isinstance(event, Fact)
        published = Published(new_id(), self._seq, self._clock.now(), event)
        for subscription in self._subscriptions:
            subscription.put(published)
        return published

    def subscribe(self, *, durable_only: bool = False, backlog: int = BACKLOG) -> Subscription:
        """A new reader, from now on. Any thread.

        Args:
            durable_only: Facts only.
            backlog: Facts that may wait; beyond, the oldest give way to one `Overrun`.
        """
        subscription = Subscription(durable_only=durable_only, backlog=backlog)
        with self._lock:
            open_ = (each for each in self._subscriptions if not each.closed)
            self._subscriptions = (*open_, subscription)
        return subscription

    def close(self) -> None:
        """End all subscriptions; what waits in them can still be read."""
        for subscription in self._subscriptions:
            subscription.close()
