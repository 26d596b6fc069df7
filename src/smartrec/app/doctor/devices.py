"""What `smartrec doctor` looks at of device nodes: lasting names, rights, microphones."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from smartrec.app.doctor.cameras import command_of
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.subject import Subject
from smartrec.config.cameras import Camera as Settings
from smartrec.errors import MissingElement
from smartrec.media.alsa_cards import Card, card_of, cards, microphone_in
from smartrec.media.devices import forbidden
from smartrec.media.usb_bus import plugged

_UDEV: Final = Path("/run/udev/control")
_GPU_NODES: Final = Path("/dev/dri")
_SERVERS: Final = {
    "pulse": ("PulseAudio", "pulsesrc", "gstreamer1.0-pulseaudio"),
    "pipewire": ("PipeWire", "pipewiresrc", "gstreamer1.0-pipewire"),
}


def check_udev(subject: Subject, udev: Path = _UDEV, gpus: Path = _GPU_NODES) -> Iterator[Finding]:
    """Whether cameras have lasting names, and the GPU's nodes may be opened."""
    on_usb = [camera for camera in subject.seen.cameras if plugged(camera.path) is not None]
    nameless = [camera for camera in on_usb if camera.by_id is None]
    if on_usb and not udev.exists():
        yield amiss("no-udev", f"udev does not run here: no {udev}", status=Status.WARN)
    else:
        for camera in nameless:
            what = f"{camera.path} {camera.name} has no lasting name"
            yield amiss("no-by-id", what, status=Status.WARN)
    if on_usb and not nameless:
        yield Finding(Status.OK, "each camera on USB has a lasting name in /dev/v4l/by-id")
    elif not on_usb:
        yield Finding(Status.OK, "no camera on USB that needs a lasting name")
    yield from _gpus(sorted(gpus.glob("renderD*")))


def _gpus(nodes: Iterable[Path]) -> Iterator[Finding]:
    for node in nodes:
        if os.access(node, os.R_OK | os.W_OK):
            yield Finding(Status.OK, f"{node} may be opened")
        else:
            error = forbidden(node)
            yield amiss("gpu-forbidden", str(error), mend=error.hint or "", status=Status.WARN)


def check_microphone(subject: Subject) -> Iterator[Finding]:
    """Whether cameras have a microphone, and it can be recorded from where sound is wanted."""
    found = [*_of_cameras(subject)]
    found += [_another(each.audio) for each in subject.cameras if isinstance(each.audio, str)]
    found += [_other_sound(each) for each in subject.cameras if _asks_other(each)]
    if not found:
        wanted = any(settings.audio for settings in subject.cameras)
        state = "no camera has one" if wanted else "sound is not recorded (audio = false)"
        there = sum(card.captures for card in cards())
        found = [Finding(Status.OK, f"{state}; microphones here: {there}")]
    return iter(found)


def _of_cameras(subject: Subject) -> Iterator[Finding]:
    """The microphones of cameras, wanted or not, and those that are wanted and not there."""
    for camera in subject.seen.cameras:
        settings, own = subject.settings_of(camera), microphone_in(camera.path)
        asked = settings is not None and settings.audio is True
        if own is not None or asked:
            yield judge_microphone(f"{camera.path} {camera.name}", own, asked=asked)


def _asks_other(settings: Settings) -> bool:
    """Whether the own sound of what is no camera on USB is wanted."""
    return settings.audio is True and settings.kind != "usb"


def _other_sound(settings: Settings) -> Finding:
    if settings.kind == "demo":
        return Finding(Status.OK, f"{settings.id}: the demo clicks with every full second")
    what = f"{settings.id}: audio = true, and clips will have no sound"
    why = f"The sound of {settings.kind} sources is not recorded yet."
    return Finding(
        Status.WARN, what, why, 'Name a microphone: audio = "alsa:DEVICE"; arecord -l lists them'
    )


def _another(source: str) -> Finding:
    """A microphone that the settings name; ALSA's can be looked for, a server asked."""
    server, _, device = source.partition(":")
    if server in _SERVERS:
        return _served(source, *_SERVERS[server])
    card = card_of(device)
    if card is None:
        return Finding(Status.OK, f'audio = "{source}": known when it is opened')
    if card.number < 0:
        return amiss("no-microphone", f'audio = "{source}": no such card', status=Status.WARN)
    return judge_microphone(f'audio = "{source}"', card, asked=True)


def _served(source: str, server: str, element: str, package: str) -> Finding:
    """A sound server's microphone, which is not opened: it may switch on a light or a headset."""
    what = f'audio = "{source}"'
    try:
        from smartrec.media.gst import has_element, reaches_ready_now
    except MissingElement:
        return Finding(Status.WARN, f"{what} is not looked at: that needs GStreamer")
    if not has_element(element):
        lacks = f"{what} needs {element}, which is missing"
        mend = f"sudo apt install {package}"
        return amiss("missing-element", lacks, mend=mend, status=Status.WARN)
    if not reaches_ready_now(element):
        return amiss("no-sound-server", f"{what}: {server} does not answer", status=Status.WARN)
    return Finding(Status.OK, f"{what}: {server} answers; its name is tried when it is opened")


def judge_microphone(owner: str, card: Card | None, *, asked: bool) -> Finding:
    """Whether sound can be recorded from a card.

    Args:
        owner: Whose it is, for people.
        card: Its microphone; None where it has none.
        asked: Whether the settings want it.
    """
    if card is None or not card.captures:
        return amiss("no-microphone", f"{owner} has no microphone", status=Status.WARN)
    what = f"{owner}: microphone alsa:hw:{card.id} ({card.name})"
    if not os.access(card.node, os.R_OK | os.W_OK) and card.node.exists():
        error = forbidden(card.node)
        return amiss("sound-forbidden", str(error), mend=error.hint or "", status=Status.WARN)
    if card.owner is not None and asked:
        held = f"{what} is held by pid {card.owner}: {command_of(card.owner)}"
        return amiss("sound-busy", held, status=Status.WARN)
    return Finding(Status.OK, what if asked else f"{what}; audio = true records it")
