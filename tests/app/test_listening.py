"""What is told of cameras that come and go."""

from dataclasses import dataclass
from typing import cast

from smartrec.app.bus import Bus
from smartrec.app.camera import Camera
from smartrec.app.events import CameraBack, CameraLost, CameraStarted
from smartrec.app.listening import Teller
from smartrec.clock import SystemClock
from smartrec.errors import CameraGone


@dataclass
class Named:
    """All that is asked of a camera here."""

    id: str = "cam0"
    description: str = "640x480, JPEG"


def test_a_camera_that_was_never_there_has_started_and_is_not_back() -> None:
    bus = Bus(SystemClock())
    heard = bus.subscribe()
    teller, camera = Teller(bus, SystemClock()), cast("Camera", Named())
    for _ in range(2):
        teller.camera_lost(camera, CameraGone("there is none"), None)
        teller.camera_live(camera)
    told = []
    while (published := heard.get(timeout=0)) is not None:
        told.append(published.event)
    assert [type(each) for each in told] == [CameraLost, CameraStarted, CameraLost, CameraBack]
    assert [each.seen_before for each in told if isinstance(each, CameraLost)] == [False, True]
