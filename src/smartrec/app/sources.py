"""From a camera's settings to its running capture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from smartrec.app.following import Following
from smartrec.config.cameras import Camera
from smartrec.errors import CameraGone, CameraUnusable, PipelineError, SmartrecError
from smartrec.graph.capture import usb_capture
from smartrec.graph.formats import Kind, choose, gst_caps
from smartrec.graph.plan import Graph
from smartrec.media import controls, devices
from smartrec.media.capture import Capture, FedCapture
from smartrec.media.demo import open_demo
from smartrec.media.player import open_file
from smartrec.media.rtsp import Network, RtspCapture


@dataclass(frozen=True, slots=True)
class UsbPlan:
    """A USB camera as it will be captured.

    Attributes:
        device: The node.
        graph: Its capture.
        rate: Nominal pictures a second.
        numbered: Whether the driver's numbers come through to the end of the graph.
        notes: For the user: what differs from what was asked.
    """

    device: Path
    graph: Graph
    rate: float
    numbered: bool
    notes: tuple[str, ...]


def usb_plan(camera: Camera, found: devices.Camera | None = None) -> UsbPlan:
    """What the camera that the settings mean can give, nearest to what they ask.

    Args:
        camera: The settings.
        found: Which camera that is; None looks for it.

    Raises:
        CameraError: It is gone, busy, forbidden or of no use.
    """
    found = found or devices.find(_rest(camera.source))
    rate = Fraction(camera.fps).limit_denominator(1001)
    choice = choose(found.formats, size=camera.size, fps=rate)
    if choice is None:
        raise CameraUnusable(
            f"{found.path} ({found.name}) offers no format that can be recorded",
            hint="See what it offers: smartrec cameras --formats",
        )
    return UsbPlan(
        found.path,
        usb_capture(str(found.path), gst_caps(choice)),
        float(choice.rate or rate),
        choice.kind is Kind.JPEG,
        (choice.differs,) if choice.differs else (),
    )


class Sources:
    """Opens the captures of one station's cameras. Any thread.

    Args:
        cameras: Their settings.
        cache_dir: Where the demo camera keeps its pictures.
    """

    def __init__(self, cameras: Sequence[Camera], cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        self._following = Following(_followed(cameras))

    def keep(self, cameras: Sequence[Camera]) -> None:
        """These are the station's cameras from now on."""
        self._following.keep(_followed(cameras))

    def start(self, camera: Camera, *, epoch: int, note: Callable[[str], None]) -> Capture:
        """A capture that runs.

        Args:
            camera: The settings.
            epoch: Of its first unit.
            note: Called with each sentence that the user should know.

        Raises:
            SmartrecError: It does not start: which, and what mends it.
        """
        turn = (camera.rotate, camera.flip)
        if camera.kind == "usb":
            return self._start_usb(camera, epoch, note)
        if camera.kind == "rtsp":
            network = Network(camera.transport)
            capture: Capture = RtspCapture(
                camera.source, network, epoch=epoch, turn=turn, nominal=camera.fps, note=note
            )
        else:
            feed = (
                open_demo(self._cache_dir, fps=round(camera.fps))
                if camera.kind == "demo"
                else open_file(Path(_rest(camera.source) or ""), loop=camera.loop)
            )
            capture = FedCapture(feed, epoch=epoch, turn=turn)
        capture.start()
        return capture

    def lost(self, camera: Camera) -> None:
        """It sends no more; which others are there now is remembered."""
        self._following.lost(camera.id)

    def explain(self, camera: Camera, capture: Capture, problem: SmartrecError) -> SmartrecError:
        """As `explain`; one that is gone by its name, for its node's number says nothing."""
        error = explain(capture, problem)
        gone = isinstance(error, CameraGone) and camera.kind == "usb"
        return self._following.gone(camera.id) if gone else error

    def port(self, camera: Camera) -> str | None:
        """The USB port that a camera is, or was, plugged into."""
        return self._following.port(camera.id) if camera.kind == "usb" else None

    def _start_usb(self, camera: Camera, epoch: int, note: Callable[[str], None]) -> Capture:
        found, news = self._following.find(camera.id)
        plan = usb_plan(camera, found)
        wanted = camera.controls.wanted()
        refused = controls.apply_controls(plan.device, wanted)
        for sentence in filter(None, (news, *plan.notes, *refused)):
            note(sentence)
        capture = Capture(
            plan.graph,
            epoch=epoch,
            turn=(camera.rotate, camera.flip),
            nominal=plan.rate,
            numbered=plan.numbered,
        )
        capture.device = plan.device
        try:
            capture.start()
        except PipelineError as error:
            raise explain(capture, error) from error
        return capture


def _followed(cameras: Sequence[Camera]) -> dict[str, Path | None]:
    return {camera.id: camera.path for camera in cameras if camera.kind == "usb"}


def explain(capture: Capture, error: SmartrecError) -> SmartrecError:
    """The error of a capture, said of its device where that says more; stop the capture first."""
    if isinstance(error, PipelineError) and capture.device is not None:
        return devices.camera_error(capture.device, error)
    return error


def _rest(source: str) -> str | None:
    """What stands behind the colon of ``usb:…`` or ``file:…``."""
    return source.partition(":")[2] or None
