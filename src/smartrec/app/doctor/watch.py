"""What `smartrec doctor` looks at for the watch: detector and screen."""

from collections.abc import Iterator, Mapping
from typing import Final

from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.clock import Clock
from smartrec.errors import MissingElement, NoScreen, SmartrecError
from smartrec.media.watch.messages import DetectorSetup

_TRIES: Final = 5
_MILLISECOND: Final = 1_000_000
_BUSY: Final = 0.9


def check_detector(setup: DetectorSetup | None, cameras: int, clock: Clock) -> Iterator[Finding]:
    """Whether the model works here, and how long it takes for a picture.

    Args:
        setup: How to detect; None where the settings switch it off.
        cameras: How many are looked at.
        clock: Times the model.
    """
    if setup is None:
        yield Finding(Status.OK, "switched off by the settings")
        return
    try:
        name, took_ms, notes = _tried(setup, clock)
    except SmartrecError as error:
        for line in str(error).splitlines():
            yield amiss("model-unusable", line, mend=error.hint or "")
        return
    yield judge_rate(name, took_ms, setup.fps * cameras)
    for note in notes:
        yield amiss("model-note", note, status=Status.WARN)


def _tried(setup: DetectorSetup, clock: Clock) -> tuple[str, float, tuple[str, ...]]:
    # Half a second to import, and only doctor's business when it is its turn.
    import numpy as np

    from smartrec.media.engines.onnx import open_engine

    engine = open_engine(setup)
    width, height = engine.fit(1280, 720)
    picture = np.full((height, width, 3), 128, np.uint8)
    took = []
    for _ in range(_TRIES):
        before = clock.monotonic()
        engine.detect(picture)
        took.append((clock.monotonic() - before) / _MILLISECOND)
    return f"{engine.name}, persons from {engine.min_confidence:.0%}", min(took), engine.notes


def judge_rate(name: str, took_ms: float, wanted: float) -> Finding:
    """Whether a model is fast enough.

    Args:
        name: For people.
        took_ms: For one picture.
        wanted: Pictures a second, of all cameras together; one is looked at after the other.
    """
    busy = took_ms * wanted / 1000
    what = f"{name}: {took_ms:.0f} ms a picture, {wanted:g} a second wanted"
    if busy > _BUSY:
        return amiss("model-slow", what, status=Status.WARN)
    return Finding(Status.OK, f"{what}: at most {busy:.0%} of a core")


def check_screen(sink: str | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where pictures would be shown; a machine without a screen is well.

    Args:
        sink: The pinned recipe or ``"auto"``; None where the settings show nothing.
        environ: The environment.
    """
    if sink is None:
        yield Finding(Status.OK, "switched off by the settings")
        return
    try:
        from smartrec.media.screen.displays import choose_display
    except MissingElement:
        yield Finding(Status.WARN, "not looked at: that needs GStreamer")
        return
    try:
        display = choose_display(sink, environ)
    except NoScreen as error:
        yield judge_no_screen(error)
    else:
        yield Finding(Status.OK, display.note)


def judge_no_screen(error: NoScreen) -> Finding:
    """Whether there is none, or one that cannot be used."""
    if error.missing or error.hint:
        return amiss("no-screen", str(error), mend=error.hint or "", status=Status.WARN)
    return Finding(Status.OK, f"recording without one. {error}")
