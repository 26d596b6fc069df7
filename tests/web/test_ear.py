"""The thread that hears the recorder, when the loop takes nothing of what it hears."""

import asyncio
import socket
import threading
from contextlib import closing
from pathlib import Path

from smartrec.app.page_messages import Happened, page_end, recorder_end
from smartrec.web.ear import Ear
from smartrec.web.hub import Hub
from tests.web.child import TIMEOUT, setup


def test_a_recorder_that_dies_while_the_loop_hangs_is_noticed(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    gone = threading.Event()
    with (
        closing(asyncio.new_event_loop()) as hanging,  # it never runs
        closing(page_end(ours)) as link,
        closing(recorder_end(theirs)) as recorder,
    ):
        ear = Ear(link, Hub(setup(tmp_path), print), hanging, gone.set, hangs_after=0.1)
        ear.start()
        for n in range(100):
            recorder.send(Happened({"type": "told", "data": {"n": n}}))
        recorder.close()
        assert gone.wait(TIMEOUT)
        ear.join(TIMEOUT)
