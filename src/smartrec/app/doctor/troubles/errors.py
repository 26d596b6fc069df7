"""The remedy of each error of `smartrec.errors`; see `smartrec.app.doctor.troubles.table`."""

from collections.abc import Mapping
from typing import Final

from smartrec import errors
from smartrec.app.doctor.troubles.deepstream import DEEPSTREAM
from smartrec.app.doctor.troubles.table import TROUBLES
from smartrec.app.doctor.troubles.trouble import Trouble

ERRORS: Final[Mapping[type[errors.SmartrecError], Trouble]] = {
    errors.SmartrecError: Trouble(
        "any line `error: …`",
        "The root of all errors below; the line below it says what to do.",
        "`smartrec doctor`",
    ),
    errors.ConfigError: TROUBLES["settings"]["settings"],
    errors.ConfigChanged: Trouble(
        "`smartrec.toml was changed meanwhile`",
        "Somebody else changed the settings file between the moment it was read and the moment it "
        "was to be saved. It stays as they left it.",
        "Look at it: `smartrec config show`; then change it again",
    ),
    errors.FileOnly: Trouble(
        "`web.address can be changed in the settings file only`",
        "It opens the machine to others, or loads code: the page shows it and does not change it.",
        "Change it in the file (`smartrec config path`), then `smartrec config reload`",
    ),
    errors.NoPage: Trouble(
        "`the page cannot be served at 127.0.0.1, port 8787: Address already in use`",
        "Another program listens there, perhaps another recorder. It is tried again every ten "
        "seconds; recording goes on.",
        "`ss -ltnp 'sport = :8787'`; or another port: `smartrec run --port 8788`, `[web] port`",
    ),
    errors.UsageError: Trouble(
        "`no such camera: garden`",
        "The command was asked for something that cannot be.",
        "`smartrec COMMAND --help`",
    ),
    errors.NoSuchClip: Trouble(
        "`no clip 'FILE' in DIRECTORY`",
        "It was deleted (by hand, for its age or to make room), is in the trash, or is kept in "
        "another directory.",
        "`smartrec clips list`, `--trash` for those in there; another directory: `--clips DIR`",
    ),
    errors.ClipKept: Trouble(
        "`FILE is pinned`, `FILE is still recording`",
        "A pinned clip is never deleted, nor one that is not finished.",
        "`smartrec clips unpin CLIP`, or wait until it is finished",
    ),
    errors.MissingElement: TROUBLES["elements"]["missing-element"],
    errors.CameraError: Trouble(
        "`/dev/video0 failed though it is there and free`",
        "The driver gave up on the camera: often the cable, the hub or its power.",
        "Plug it in again, into another port; `sudo dmesg | tail`",
    ),
    errors.CameraGone: Trouble(
        "`/dev/video0 is not there: unplugged, or never plugged in`",
        "The node's number changes with the order of plugging.",
        "`smartrec cameras`, then use its by-id name",
    ),
    errors.CameraBusy: TROUBLES["cameras"]["busy"],
    errors.CameraForbidden: TROUBLES["cameras"]["forbidden"],
    errors.CameraUnusable: TROUBLES["cameras"]["unusable"],
    errors.CameraSilent: Trouble(
        "The camera is there and sends nothing",
        "It hangs, or the bus has no room for it: two cameras on one hub may ask for too much.",
        "Plug it in again, into another port; or ask for less: `--size 640x480 --fps 15`",
    ),
    errors.MicrophoneError: Trouble(
        "A clip has no sound, or not all of it; `no sound from alsa:…`",
        "The microphone failed; it is tried again, and pictures go on without.",
        "`smartrec doctor`; `arecord -l` lists what there is",
    ),
    errors.MicrophoneGone: TROUBLES["microphone"]["no-microphone"],
    errors.MicrophoneBusy: TROUBLES["microphone"]["sound-busy"],
    errors.MicrophoneForbidden: TROUBLES["microphone"]["sound-forbidden"],
    errors.MicrophoneSilent: TROUBLES["microphone"]["microphone-silent"],
    errors.SourceError: TROUBLES["cameras"]["file"],
    errors.PipelineError: Trouble(
        "`source: Internal data stream error.`",
        "GStreamer stopped for a reason that no other error describes.",
        "Again with `--log-level debug`; `smartrec doctor`",
    ),
    errors.StoreError: Trouble(
        "`clips cannot be kept in DIRECTORY`",
        "The clip directory or its catalogue cannot be written.",
        "`ls -ld DIRECTORY`; another one: `smartrec run --clips DIR`",
    ),
    errors.DiskFull: TROUBLES["room"]["full"],
    errors.DiskGone: TROUBLES["directory"]["not-mounted"],
    errors.DiskReadOnly: Trouble(
        "`cannot write …: Read-only file system`",
        "The disk was mounted so, or the kernel made it so for errors that it found. Clips wait "
        "and are finished when it takes them again.",
        "`dmesg | tail`; `sudo mount -o remount,rw DIRECTORY`; after errors `fsck` first",
    ),
    errors.CatalogTooNew: Trouble(
        "The catalogue was written by a newer smartrec",
        "An older program must not change what it does not understand.",
        "Install the newer smartrec again, or use another directory: `--clips DIR`",
    ),
    errors.CatalogDamaged: TROUBLES["room"]["catalogue"],
    errors.AccessTooNew: Trouble(
        "`users and tokens in FILE were written by a newer smartrec`",
        "An older program must not judge who may come in by what it does not understand.",
        "Install the newer smartrec again",
    ),
    errors.AccessDamaged: TROUBLES["page"]["no-users-file"],
    errors.RecorderRunning: TROUBLES["recorder"]["running"],
    errors.ControlError: TROUBLES["control"]["no-runtime-directory"],
    errors.ModelUnusable: TROUBLES["detector"]["model-unusable"],
    errors.DetectionFailed: TROUBLES["detector"]["failed-picture"],
    errors.EngineMissing: DEEPSTREAM["no-deepstream"],
    errors.EngineTooOld: DEEPSTREAM["deepstream-too-old"],
    errors.MetadataUnreadable: DEEPSTREAM["metadata-unread"],
    errors.NoScreen: TROUBLES["screen"]["no-screen"],
    errors.ScreenLost: Trouble(
        "The window is gone and comes back after some seconds",
        "The X server ended or closed the connection; the screen is tried again for as long as "
        "smartrec runs, and recording does not notice.",
        "Nothing; `--headless` shows none",
    ),
    errors.ClipDamaged: Trouble(
        "`smartrec clips verify` says `damaged`",
        "The file is not what was written: its size, digest or frame count differs.",
        "Restore it from a copy; test the disk: `sudo smartctl -t long /dev/DISK`",
    ),
}
