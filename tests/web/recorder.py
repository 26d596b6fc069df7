"""A stand-in for the recorder behind a page."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartrec.app.control import ControlServer
from smartrec.app.envelope import Published, envelope
from smartrec.app.events import Event
from smartrec.app.logbook import Logbook
from smartrec.app.page_messages import Happened
from smartrec.app.settings_question import Question
from smartrec.clock import SystemClock
from smartrec.model import Answer, Command, Verdict, new_id
from tests.web.child import STATION, Child
from tests.web.http import Answer as Reply
from tests.web.http import ask
from tests.web.settled import Settled, file_in

JSON = {"Content-Type": "application/json"}


@dataclass
class Behind:
    """A stand-in for the recorder behind a page, with one camera.

    Attributes:
        page: The page.
        obeyed: Every command that came.
        camera: Its part of the status.
        settled: Its settings, of a file beside its clips.
        book: What it said.
    """

    page: Child
    obeyed: list[Command] = field(default_factory=list)
    camera: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """All is well, and nobody said anything yet."""
        self.obeyed.clear()
        self.camera.update(
            id="cam0", name="Tür", source="usb", phase="live", silent=False, error=None
        )
        self.disk: str | None = None
        self.settled = Settled(file_in(Path(self.page.setup.clips) / "settings"))
        self.book = Logbook(SystemClock())
        self.camera.update(armed=False, armed_by="command", armed_until=None, unrecorded=2)
        self.camera.update(
            ring_s=12.5, ring_bytes=7, pictures=9, damaged=0, lost=0, recording=[], more=1
        )

    def submit(self, command: Command) -> "Future[tuple[Answer, ...]]":
        self.obeyed.append(command)
        answers = Future[tuple[Answer, ...]]()
        verdict = Verdict.REFUSED if command.camera == "other" else Verdict.ACCEPTED
        answers.set_result((Answer(command.id, "cam0", verdict, "why", "clip", 9.5),))
        return answers

    def status(self) -> dict[str, object]:
        about = {"version": "1", "clips": "/clips", "finishing": 2, "disk": self.disk}
        settings = self.settled.settings.status()
        return {**about, "settings": settings, "cameras": [self.camera]}

    @contextmanager
    def listening(self) -> Iterator["Behind"]:
        """While it can be asked."""
        place = Path(self.page.setup.socket)
        control = ControlServer(place, self.submit, self.status, self.answer)
        control.log = self.log
        control.start()
        try:
            yield self
        finally:
            control.close()

    def answer(self, question: Question) -> Mapping[str, object]:
        return self.settled.answer(question)

    def log(self, since: int) -> Mapping[str, object]:
        return self.book.since(since)

    def get(self, path: str) -> Reply:
        return ask(self.page.port, path)

    def post(self, **asked: object) -> Reply:
        return self.send("commands", asked)

    def send(self, path: str, said: object, method: str = "POST") -> Reply:
        """A request of the API with a body."""
        body = json.dumps(said).encode()
        return ask(self.page.port, f"/api/v1/{path}", method, headers=JSON, body=body)

    def settings(self) -> Any:
        """As they are read over the API."""
        reply = self.get("/api/v1/settings")
        assert reply.status == 200, reply
        return json.loads(reply.body)

    def happened(self, event: Event) -> None:
        published = Published(new_id(), 1, SystemClock().now(), event)
        self.page.tell(Happened(envelope(published, STATION)))
