"""The page's process: what browsers talk to, as a child of the recorder that may die.

    argv    the number of the socket's descriptor; see `smartrec.app.page_messages`
    exit    0 the recorder is gone, 70 a bug

Threads: the main one is the loop's, with every browser; one hears the recorder and one speaks to
it, for it may keep either waiting; one has the vault; those that import the API and ask the
recorder.
"""

import asyncio
import logging
import queue
import resource
import socket
import threading
from pathlib import Path
from typing import Final, NoReturn

from smartrec.app.page_messages import (
    Hangup,
    NotServing,
    Serving,
    Setup,
    ToPage,
    ToRecorder,
    Wanted,
    page_end,
)
from smartrec.errors import NoPage, StoreError
from smartrec.media import child
from smartrec.media.framing import Link
from smartrec.web.ear import Ear
from smartrec.web.hub import Hub
from smartrec.web.keeper import Keeper
from smartrec.web.listening import address_of, check_strangers, listen, warning
from smartrec.web.server import OTHERS, Patience, serve
from smartrec.web.tls import Secured

_WELL_EVERY: Final = 5.0

_BROKEN_OFF: Final = "ASGI callable returned without completing response."
_FILES: Final = 128
"""What else is open: the catalogue, clips that are being read, the link."""

log = logging.getLogger(__name__)


class Mouth(threading.Thread):
    """Says things to the recorder, in order; whoever speaks does not wait."""

    def __init__(self, link: Link[ToRecorder, ToPage]) -> None:
        super().__init__(name="mouth", daemon=True)
        self._link = link
        self._words: queue.SimpleQueue[ToRecorder] = queue.SimpleQueue()

    def say(self, message: ToRecorder) -> None:
        """Any thread."""
        self._words.put(message)

    def run(self) -> None:
        """See the class."""
        try:
            while True:
                self._link.send(self._words.get())
        except Hangup:
            return  # the ear hears that too, and ends the process


async def _run(link: Link[ToRecorder, ToPage], setup: Setup, patience: Patience) -> None:
    mouth = Mouth(link)
    mouth.start()
    _allow_files(2 * (int(setup.settings["viewers"]) + OTHERS) + _FILES)
    hub = Hub(setup, lambda cameras: mouth.say(Wanted(cameras)), patience.linger)
    Ear(link, hub, asyncio.get_running_loop(), lambda: child.leave(0)).start()
    well = asyncio.create_task(_say_well(hub))
    keeper = Keeper(Path(setup.state) if setup.state else None, asyncio.get_running_loop())
    await keeper.begin()
    end, secured = await _listening(setup, mouth, patience.port)
    mouth.say(_serving(setup, end, secured))
    fresh = asyncio.create_task(_keep_fresh(setup, end, secured, mouth, patience.renewed))
    await serve(hub, keeper, end, patience, secured)
    fresh.cancel()
    well.cancel()


async def _say_well(hub: Hub) -> None:
    """From the loop itself: a page whose loop hangs says nothing, and the recorder ends it."""
    while True:
        hub.say_wanted()
        await asyncio.sleep(_WELL_EVERY)


def _allow_files(wanted: int) -> None:
    """As many connections as the settings want, where the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


async def _listening(
    setup: Setup, mouth: Mouth, again: float
) -> tuple[socket.socket, Secured | None]:
    """A socket where browsers can connect, as soon as there can be one, and how it is encrypted."""
    said, settings = None, setup.settings
    state = Path(setup.state) if setup.state else None
    while True:
        try:
            await asyncio.to_thread(check_strangers, settings, state)
            secured = await asyncio.to_thread(Secured.prepared, setup)
            return listen(settings["address"], settings["port"]), secured
        except (NoPage, StoreError) as error:
            news = NotServing(str(error), error.hint or "")
            if news != said:
                mouth.say(news)
            said = news
        await asyncio.sleep(again)


def _serving(setup: Setup, end: socket.socket, secured: Secured | None) -> Serving:
    address = address_of(end, encrypted=secured is not None)
    fingerprint = "" if secured is None else secured.fingerprint
    return Serving(address, fingerprint, warning(setup.settings))


async def _keep_fresh(
    setup: Setup, end: socket.socket, secured: Secured | None, mouth: Mouth, every: float
) -> None:
    """A certificate that ends, or that its owner replaced, needs no new start."""
    while secured is not None:
        await asyncio.sleep(every)
        try:
            if await asyncio.to_thread(secured.renewed):
                mouth.say(_serving(setup, end, secured))
        except (NoPage, StoreError) as error:
            log.warning("the present certificate stays: %s", error)


def main(argv: list[str], patience: Patience | None = None) -> NoReturn:
    """Serve until the recorder at the other end of the socket is gone; ends the process.

    Args:
        argv: The program's name, and the descriptor.
        patience: With browsers.
    """
    end = child.begin(argv)
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    # A client that speaks no HTTP is no news, and may be one of many.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # Neither is a download that ends early, for its file was deleted or nobody took it.
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg != _BROKEN_OFF)
    link = page_end(end)
    try:
        setup = link.receive()
    except Hangup:
        child.leave(0)
    assert isinstance(setup, Setup), setup
    asyncio.run(_run(link, setup, patience or Patience()))
    child.leave(0)
