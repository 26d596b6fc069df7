"""Every error this package raises on purpose.

    SmartrecError               anything below; the command line prints it without a traceback
      ConfigError               the settings are wrong: every mistake at once            (exit 2)
        ConfigChanged           the settings file is not the one that was changed
      UsageError                the command was asked for something that cannot be       (exit 2)
        NoSuchClip              there is none of that name, or it was deleted
        ClipKept                a pinned clip, or one still worked on, is not deleted
        FileOnly                a setting that only whoever edits the file may change
      ModelUnusable             persons cannot be detected with this model               (exit 2)
      DetectionFailed           the model failed on one picture; the next may do         (exit 1)
      MissingElement            a GStreamer element is not installed                     (exit 3)
      EngineMissing             the engine asked for is not installed, or not whole      (exit 3)
        EngineTooOld            that DeepStream, or that JetPack, is not supported
        MetadataUnreadable      what DeepStream hands over is not what it should be
      CameraError               one camera failed; the others go on without it           (exit 4)
        CameraGone              unplugged, or never there
        CameraBusy              another program holds it
        CameraForbidden         no permission to open it
        CameraUnusable          it offers nothing that can be recorded
        CameraSilent            it is there and sends nothing
      MicrophoneError           no sound; pictures go on without                         (exit 4)
        MicrophoneGone          unplugged, or never there
        MicrophoneBusy          another program holds it
        MicrophoneForbidden     no permission to open it
        MicrophoneSilent        it is there and sends nothing
      SourceError               a file cannot be played as a camera                      (exit 4)
      PipelineError             GStreamer posted an error                                (exit 5)
      StoreError                clips cannot be kept                                     (exit 6)
        DiskFull                no space is left where clips go
        DiskGone                what clips go to is not mounted
        DiskReadOnly            what clips go to is mounted, and takes nothing
        CatalogTooNew           the catalogue was written by a newer smartrec
        CatalogDamaged          the catalogue is no longer a database
        AccessTooNew            users and tokens were written by a newer smartrec
        AccessDamaged           the file with users and tokens cannot be trusted any more
        RecorderRunning         another recorder owns the clip directory
      ControlError              the running recorder cannot be reached                   (exit 7)
      ClipDamaged               a finished clip is not what its proof says               (exit 8)
      NoScreen                  pictures cannot be shown; the recorder goes on without   (exit 9)
        ScreenLost              the screen shown on is gone
      NoPage                    the page cannot be served; the recorder goes on without    (exit 1)

A bug is not in this tree: those stay `AssertionError`, `TypeError` and the like.
"""

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from smartrec.masking import masked

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SmartrecError(Exception):
    """Base of all errors that a person can act on; none ever says a camera's password.

    Args:
        message: What is wrong and why, in one sentence.
        hint: What to do about it, in one sentence, if possible a command; shown below.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(masked(message))
        self.hint = None if hint is None else masked(hint)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong with the settings.

    Attributes:
        place: Of the setting, such as ``("camera", 0, "zone", 1, "polygon")``; None: of none.
        words: What is wrong, without saying where.
    """

    place: tuple[str | int, ...] | None
    words: str


class ConfigError(SmartrecError):
    """The settings are wrong; the message has one line for every mistake.

    Attributes:
        mistakes: The same, each by itself, as far as it is known of what.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, hint: str | None = None, mistakes: Iterable[Mistake] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.mistakes = tuple(Mistake(each.place, masked(each.words)) for each in mistakes)


class ConfigChanged(ConfigError):  # noqa: N818 - the tree names conditions, not classes
    """The settings file is not the one that the changes were made for."""


class UsageError(SmartrecError):
    """The command was asked for something that cannot be done."""

    exit_code = 2


class NoSuchClip(UsageError):  # noqa: N818 - the tree names conditions, not classes
    """There is no clip of that name, or it was deleted."""


class ClipKept(UsageError):  # noqa: N818
    """A clip that is pinned or still worked on is not deleted."""


class FileOnly(UsageError):  # noqa: N818
    """A setting that opens the machine or loads code: only whoever edits the file may change it."""


class ModelUnusable(SmartrecError):  # noqa: N818
    """Persons cannot be detected with this model, and trying again will not help."""

    exit_code = 2


class DetectionFailed(SmartrecError):  # noqa: N818
    """The model failed on one picture; the next may do."""


class MissingElement(SmartrecError):  # noqa: N818 - the tree names conditions, not classes
    """No way to do a job is installed."""

    exit_code = 3


class EngineMissing(SmartrecError):  # noqa: N818
    """The engine asked for is not installed, or not whole."""

    exit_code = 3


class EngineTooOld(EngineMissing):
    """That DeepStream, or the JetPack it belongs to, is not supported."""


class MetadataUnreadable(EngineMissing):
    """What DeepStream hands over with a picture is not what it should be; do not read on."""


class CameraError(SmartrecError):
    """One camera failed; the others go on without it."""

    exit_code = 4


class CameraGone(CameraError):  # noqa: N818
    """The camera is unplugged, or never was there."""


class CameraBusy(CameraError):  # noqa: N818
    """Another program holds the camera."""


class CameraForbidden(CameraError):  # noqa: N818
    """This user may not open the camera."""


class CameraUnusable(CameraError):  # noqa: N818
    """The camera offers nothing that can be recorded."""


class CameraSilent(CameraError):  # noqa: N818
    """The camera is there and sends nothing."""


class MicrophoneError(SmartrecError):
    """A microphone gives no sound; the camera goes on without it."""

    exit_code = 4


class MicrophoneGone(MicrophoneError):  # noqa: N818
    """The microphone is unplugged, or never was there."""


class MicrophoneBusy(MicrophoneError):  # noqa: N818
    """Another program holds the microphone."""


class MicrophoneForbidden(MicrophoneError):  # noqa: N818
    """This user may not open the microphone."""


class MicrophoneSilent(MicrophoneError):  # noqa: N818
    """The microphone is there and sends nothing."""


class SourceError(SmartrecError):
    """A file cannot be played as a camera."""

    exit_code = 4


class PipelineError(SmartrecError):
    """GStreamer posted an ERROR message that no other error describes.

    Attributes:
        element: Name of the element that posted it, such as ``"source"``.
        debug: GStreamer's own debugging text, for the log and not for the screen.
    """

    exit_code = 5

    def __init__(self, element: str, message: str, *, debug: str = "") -> None:
        super().__init__(f"{element}: {message}")
        self.element = element
        self.debug = masked(debug)


class StoreError(SmartrecError):
    """Clips cannot be kept."""

    exit_code = 6


class DiskFull(StoreError):  # noqa: N818
    """No space is left where clips go."""


class DiskGone(StoreError):  # noqa: N818
    """The disk that clips go to is not mounted."""


class DiskReadOnly(StoreError):  # noqa: N818
    """The disk that clips go to is mounted read-only: as it was told, or for errors of its own."""


def store_error(path: Path, doing: str, error: OSError) -> StoreError:
    """Our error for the system's when a file of ours cannot be handled."""
    what = f"{doing} {path}: {error.strerror or error}"
    if error.errno in _NO_ROOM:
        return DiskFull(what, hint=f"Make room: df -h '{path.parent}'")
    if error.errno == errno.EROFS:
        hint = f"Why? dmesg | tail; then sudo mount -o remount,rw DISK: findmnt -T '{path.parent}'"
        return DiskReadOnly(what, hint=hint)
    return StoreError(what, hint=f"Check the directory: ls -ld '{path.parent}'")


class CatalogTooNew(StoreError):  # noqa: N818
    """The catalogue was written by a newer smartrec."""


class CatalogDamaged(StoreError):  # noqa: N818
    """The catalogue is no longer a database; the clips themselves may be whole."""


class AccessTooNew(StoreError):  # noqa: N818
    """Users and tokens were written by a newer smartrec."""


class AccessDamaged(StoreError):  # noqa: N818
    """The file with users and tokens cannot be trusted any more; nobody is let in by it."""


class RecorderRunning(StoreError):  # noqa: N818
    """Another recorder owns the clip directory."""


class ControlError(SmartrecError):
    """The running recorder cannot be reached."""

    exit_code = 7


class ClipDamaged(SmartrecError):  # noqa: N818
    """A finished clip is not what its proof says."""

    exit_code = 8


class NoScreen(SmartrecError):  # noqa: N818 - the tree names conditions, not classes
    """Pictures cannot be shown; the recorder goes on without.

    Attributes:
        missing: There ought to be a screen, so it may come back: look again later.
    """

    exit_code = 9

    def __init__(self, message: str, *, missing: bool, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.missing = missing


class ScreenLost(NoScreen):
    """The screen shown on is gone: its server died or closed the connection."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, missing=True, hint=hint)


class NoPage(SmartrecError):  # noqa: N818 - the tree names conditions, not classes
    """The page cannot be served there now; the recorder goes on without."""
