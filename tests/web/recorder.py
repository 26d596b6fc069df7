"""A stand-in for the recorder behind a page."""

import json
from concurrent.futures import Future
from dataclasses import dataclass, field

from smartrec.app.envelope import Published, envelope
from smartrec.app.events import Event
from smartrec.app.page_messages import Happened
from smartrec.clock import SystemClock
from smartrec.model import Answer, Command, Verdict, new_id
from tests.web.child import STATION, Child
from tests.web.http import Answer as Reply
from tests.web.http import ask

JSON = {"Content-Type": "application/json"}


@dataclass
class Behind:
    """A stand-in for the recorder behind a page, with one camera.

    Attributes:
        page: The page.
        obeyed: Every command that came.
        camera: Its part of the status.
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
        return {**about, "cameras": [self.camera]}

    def get(self, path: str) -> Reply:
        return ask(self.page.port, path)

    def post(self, **asked: object) -> Reply:
        body = json.dumps(asked).encode()
        return ask(self.page.port, "/api/v1/commands", "POST", headers=JSON, body=body)

    def happened(self, event: Event) -> None:
        published = Published(new_id(), 1, SystemClock().now(), event)
        self.page.tell(Happened(envelope(published, STATION)))
