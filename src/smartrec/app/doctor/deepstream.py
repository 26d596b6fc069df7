"""What `smartrec doctor` looks at of NVIDIA DeepStream; nothing builds an engine or takes long.

GStreamer and DeepStream are asked for when it is their turn: neither need be there.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.errors import (
    ConfigError,
    EngineMissing,
    EngineTooOld,
    MissingElement,
    ModelUnusable,
    SmartrecError,
)
from smartrec.media.watch.messages import DetectorSetup

if TYPE_CHECKING:
    from smartrec.media.engines.deepstream.here import Here
    from smartrec.media.engines.deepstream.installed import Installed

_PATIENCE_S: Final = 10.0
_OF_CUDA: Final = ("libcu", "libnpp", "libnvrtc")
_PLUGINS: Final = {
    "nvv4l2decoder": "libgstnvvideo4linux2.so",
    "nvvideoconvert": "libgstnvvideoconvert.so",
    "nvstreammux": "libnvdsgst_multistream.so",
    "nvinfer": "libnvdsgst_infer.so",
    "nvdsosd": "libnvdsgst_osd.so",
    "nvmultistreamtiler": "libnvdsgst_multistreamtiler.so",
}
_PLACES: Final = ("lib/gst-plugins", "/usr/lib/aarch64-linux-gnu/gstreamer-1.0")
"""Where these are: in DeepStream's directory, and where JetPack puts its own."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the settings want of DeepStream.

    Attributes:
        detector: How to detect; None where that is switched off.
        cameras: All that are there, looked at or not: they share one pipeline.
        shows: Whether pictures are to be shown.
        smart_record: Whether clips are to be recorded by NVIDIA's Smart Record.
        library: Of Smart Record; None for where DeepStream puts it.
    """

    detector: DetectorSetup | None
    cameras: int = 1
    shows: bool = True
    smart_record: bool = False
    library: Path | None = None


def check_deepstream(seen: "Look") -> Iterator[Finding]:
    """Whether DeepStream is there, whole, and able to run what the settings name."""
    yield from seen.findings
    if seen.asked.smart_record:
        yield _smart_record(seen.asked.library)


def check_its_detector(seen: "Look") -> Finding | None:
    """What there is to say of the detector; None where the portable one is to be looked at."""
    detector = seen.asked.detector
    if seen.works:
        return Finding(Status.OK, "DeepStream's; see there")
    if detector is not None and detector.engine == "deepstream":
        return Finding(Status.WARN, "nobody is looked for without DeepStream; see there")
    return None


class Look:
    """All that is found of DeepStream, and whether it can be used.

    Attributes:
        asked: What is wanted of it.
        findings: In order.
        works: Whether it would detect.
    """

    def __init__(self, asked: Asked) -> None:
        self.findings: list[Finding] = []
        self.works = False
        self.asked = asked
        self._must = False
        if asked.detector is None:
            self._say(Status.OK, "not needed: persons are not looked for")
        elif asked.detector.engine == "portable":
            self._say(Status.OK, 'switched off: detector.engine = "portable"')
        else:
            self._detector = asked.detector
            self._must = asked.detector.engine == "deepstream"
            try:
                self._installed()
            except MissingElement:
                self._say(Status.WARN, "not looked at: that needs GStreamer")

    def _say(self, status: Status, what: str) -> None:
        self.findings.append(Finding(status, what))

    def _stops(self, trouble: str, what: str, mend: str = "") -> None:
        status = Status.BAD if self._must else Status.WARN
        for line in what.splitlines():
            self.findings.append(amiss(trouble, line, mend=mend, status=status))

    def _stopped_by(self, trouble: str, error: SmartrecError) -> None:
        self._stops(trouble, str(error), error.hint or "")

    def _installed(self) -> None:
        from smartrec.media.engines.deepstream.installed import find_installed, has_nvidia

        try:
            installed = find_installed(os.environ)
        except EngineTooOld as error:
            self._stopped_by("deepstream-too-old", error)
        except EngineMissing as error:
            if self._must or has_nvidia():
                self._stopped_by("no-deepstream", error)
            else:
                self._say(Status.OK, "portable: no NVIDIA GPU here")
        else:
            self._elements(installed)

    def _elements(self, installed: "Installed") -> None:
        from smartrec.media.engines.deepstream.here import look_here, missing_elements

        missing = missing_elements(shows=self.asked.shows)
        for element in missing:
            self._stops(*_why_missing(element, installed))
        if missing:
            return
        try:
            here = look_here(installed, shows=self.asked.shows)
        except EngineMissing as error:
            self._stopped_by("other-cuda", error)
        else:
            self._machine(here)
            self._can_read(here)

    def _machine(self, here: "Here") -> None:
        from smartrec.media.screen import fonts

        platform = here.platform
        mux = "the new one (USE_NEW_NVSTREAMMUX=yes)" if platform.new_mux else "the legacy one"
        coder = "encodes in hardware" if platform.encodes else "no encoder in hardware"
        self._say(Status.OK, f"{here.words}, {platform.title}: {here.installed.root}")
        self._say(Status.OK, f"all elements are there; nvstreammux is {mux}; {coder}")
        if self.asked.shows and not fonts.are_installed():
            self.findings.append(amiss("no-font", "no font is installed", status=Status.WARN))

    def _can_read(self, here: "Here") -> None:
        from smartrec.media.engines.deepstream.metadata import open_metadata

        version = ".".join(map(str, here.installed.version))
        try:
            metadata = open_metadata(version, here.installed.root / "lib")
        except EngineMissing as error:
            self._stopped_by("metadata-unread", error)
        else:
            self._say(Status.OK, f"metadata is read by {metadata.how}")
            self._model(here)

    def _model(self, here: "Here") -> None:
        from smartrec.media.engines.deepstream.model import prepare

        try:
            prepared = prepare(self._detector, self.asked.cameras, here)
        except ConfigError as error:
            self._stopped_by("nvinfer-config", error)
        except ModelUnusable as error:
            self._stopped_by("model-unusable", error)
        except EngineMissing as error:
            self._stopped_by("deepstream-not-whole", error)
        else:
            engine = "its engine is built at the first start, for minutes; R records meanwhile"
            if not prepared.builds:
                engine = f"its engine is there ({prepared.engine})"
            floor = f"persons from {prepared.min_confidence:.0%}"
            self._say(Status.OK, f"{prepared.name}, {floor}: {engine}")
            for note in prepared.notes:
                self.findings.append(amiss("model-note", note, status=Status.WARN))
            self.works = True


def _why_missing(element: str, installed: "Installed") -> tuple[str, str, str]:
    """The trouble, what was seen and what to do: GStreamer itself does not tell."""
    from smartrec.media.engines.deepstream.custom_library import try_library
    from smartrec.media.engines.deepstream.here import FORGET

    said = f"{installed.words} has no {element}"
    name = _PLUGINS[element]
    files = [installed.root / place / name for place in _PLACES]
    file = next((each for each in files if each.is_file()), None)
    if file is None:
        return "deepstream-not-whole", f"{said}: there is no {files[0]}", ""
    wrong = try_library(file, (), (installed.root / "lib",), _PATIENCE_S)
    if not wrong:
        return "deepstream-not-whole", f"{said}, though {file} loads", FORGET
    words = wrong[0][1]
    cuda = any(f"needs {each}" in words for each in _OF_CUDA)
    trouble = "other-cuda" if cuda else "deepstream-not-whole"
    return trouble, f"{said}: {file} {words}", f"ldd {file} | grep 'not found'"


def _smart_record(library: Path | None) -> Finding:
    try:
        from smartrec.media.nvdssr import find_library
    except MissingElement:
        return Finding(Status.WARN, "Smart Record is not looked at: that needs GStreamer")
    try:
        found = find_library(library)
    except EngineMissing as error:
        what, mend = str(error), error.hint or ""
        return amiss("no-smart-record", what, mend=mend, status=Status.WARN)
    return Finding(Status.OK, f"Smart Record: {found.path}")
