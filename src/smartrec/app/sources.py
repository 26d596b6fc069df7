"""From a camera's settings to its running capture."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from smartrec.config.cameras import Camera
from smartrec.errors import CameraUnusable, PipelineError, SmartrecError
from smartrec.graph.capture import usb_capture
from smartrec.graph.formats import Kind, choose, gst_caps
from smartrec.graph.plan import Graph
from smartrec.media import controls, devices
from smartrec.media.capture import Capture, FedCapture
from smartrec.media.demo import open_demo
from smartrec.media.player import open_file
from smartrec.media.rtsp import RtspCapture


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


def usb_plan(camera: Camera) -> UsbPlan:
    """What the camera that the settings mean can give, nearest to what they ask.

    Raises:
        CameraError: It is gone, busy, forbidden or of no use.
    """
    found = devices.find(_rest(camera.source))
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


def start_capture(
    camera: Camera, *, epoch: int, cache_dir: Path, note: Callable[[str], None]
) -> Capture:
    """A capture that runs.

    Args:
        camera: The settings.
        epoch: Of its first unit.
        cache_dir: Where the demo camera keeps its pictures.
        note: Called with each sentence that the user should know.

    Raises:
        SmartrecError: It does not start: which, and what mends it.
    """
    if camera.source == "demo" or camera.source.startswith("file:"):
        demo = camera.source == "demo"
        feed = (
            open_demo(cache_dir, fps=round(camera.fps))
            if demo
            else open_file(Path(_rest(camera.source) or ""), loop=camera.loop)
        )
        capture: Capture = FedCapture(feed, epoch=epoch, turn=(camera.rotate, camera.flip))
    elif camera.kind == "rtsp":
        turn = (camera.rotate, camera.flip)
        capture = RtspCapture(camera.source, epoch=epoch, turn=turn, nominal=camera.fps)
    else:
        return _start_usb(camera, epoch, note)
    capture.start()
    return capture


def _start_usb(camera: Camera, epoch: int, note: Callable[[str], None]) -> Capture:
    plan = usb_plan(camera)
    wanted = camera.controls.model_dump(exclude_none=True)
    for sentence in (*plan.notes, *controls.apply_controls(plan.device, _flat(wanted))):
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


def explain(capture: Capture, error: SmartrecError) -> SmartrecError:
    """The error of a capture, said of its device where that says more; stop the capture first."""
    if isinstance(error, PipelineError) and capture.device is not None:
        return devices.camera_error(capture.device, error)
    return error


def _rest(source: str) -> str | None:
    """What stands behind the colon of ``usb:…`` or ``file:…``."""
    return source.partition(":")[2] or None


def _flat(wanted: dict[str, object]) -> dict[str, int | str | bool]:
    extra = wanted.pop("extra", {})
    assert isinstance(extra, dict)
    both = {**wanted, **extra}
    return {name: value for name, value in both.items() if isinstance(value, (int, str, bool))}
