"""What the cameras of the settings come to in rings and on disk: measured, or from a table."""

from smartrec.app.doctor.subject import Flow, Subject, rate_of
from smartrec.graph.bandwidth import need_of, typical
from smartrec.graph.formats import Kind, choose


def flows(subject: Subject) -> dict[str, Flow]:
    """Bytes a second of each camera of the settings, by its id."""
    known = {}
    for camera in subject.seen.cameras:
        settings = subject.settings_of(camera)
        if settings is None:
            continue
        choice = choose(camera.formats, size=settings.size, fps=rate_of(settings))
        if choice is not None:
            known[settings.id] = Flow(need_of(choice).kept, measured=False)
    for settings in subject.cameras:
        kind = Kind.H264 if settings.kind == "rtsp" else Kind.JPEG
        rate = typical(kind, settings.size, settings.fps)
        known.setdefault(settings.id, Flow(rate, measured=False))
    ids = {settings.id for settings in subject.cameras}
    return known | {name: flow for name, flow in subject.seen.flows.items() if name in ids}


def in_words(found: dict[str, Flow]) -> str:
    """``"8.2 MB/s (2 cameras, estimated)"``."""
    total = sum(flow.rate for flow in found.values())
    how = "measured" if all(flow.measured for flow in found.values()) else "estimated"
    return f"{total / 1e6:.1f} MB/s ({len(found)} camera{'s' * (len(found) != 1)}, {how})"
