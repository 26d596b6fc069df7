"""What commands, persons and keys ask of the cameras. Station thread only."""

from collections.abc import Callable

from smartrec.app.answering import Answers, Asked
from smartrec.app.arming import Arming
from smartrec.app.camera import Camera
from smartrec.app.cameras import Cameras
from smartrec.app.gate import Gate, refused
from smartrec.app.progress import Progress
from smartrec.clock import Clock
from smartrec.model import Action, Answer, Command, Trigger, new_id
from smartrec.units import Ns


class Commands:
    """See the module.

    Args:
        cameras: They obey.
        arming: Obeys to be armed and disarmed.
        progress: Tells what was answered.
        clock: The machine's.
        stop: Ends the recorder, for a reason.

    Attributes:
        ending: Whether persons begin no clip any more, for the recorder ends.
    """

    def __init__(
        self,
        cameras: Cameras,
        arming: Arming,
        progress: Progress,
        clock: Clock,
        stop: Callable[[str], None],
    ) -> None:
        self._cameras = cameras
        self._arming = arming
        self._progress = progress
        self._clock = clock
        self._stop = stop
        self._gate = Gate(self._obey, clock)
        self._answers = Answers(cameras.secured, lambda: arming.kept)
        self.ending = False

    def asked(self, asked: Asked, now: Ns) -> None:
        """Obey a command; it is answered when what the answers promise is true."""
        if asked.answers.set_running_or_notify_cancel():
            self._answers.hold(self._gate.handle(asked.command), asked.answers, now)

    def turn(self, now: Ns) -> None:
        """Answer what can be answered."""
        self._answers.turn(now)

    def person(self, camera: Camera, trigger: Trigger) -> None:
        """Somebody is there who begins a clip."""
        if self.ending:
            return
        command = Command(trigger.trigger_id, camera.id, Action.START, trigger.reason)
        answer = camera.record(command.id, trigger)
        self._progress.answered(command, (answer,), self._cameras.present)

    def pressed(self, key: str, camera_id: str | None) -> None:
        """A key at the screen."""
        if key in ("esc", "q"):
            self._stop("ESC" if key == "esc" else "Q")
        elif key in ("r", "s"):
            action = Action.START if key == "r" else Action.STOP
            self._gate.handle(Command(new_id(), camera_id, action, reason=f"key-{key.upper()}"))

    def _obey(self, command: Command) -> tuple[Answer, ...]:
        now, cameras = self._clock.monotonic(), self._cameras.present
        wanted = [c for c in cameras if command.camera in (None, c.id, c.name)]
        if not wanted:
            known = ", ".join(camera.id for camera in cameras)
            why = f"there is no camera {command.camera!r}; there are: {known}"
            return refused(command, why)
        instant = self._clock.now()  # by which the gate read its moments
        if command.action in (Action.ARM, Action.DISARM):
            return tuple(self._arming.obey(command, camera, instant) for camera in wanted)
        answers = tuple(camera.obey(command, instant, now) for camera in wanted)
        self._progress.answered(command, answers, cameras)
        return answers
