"""What can go wrong, why, and the command that mends it: one table.

`smartrec doctor` speaks in its words, and ``docs/guide/troubleshooting.md`` is made from it::

    .venv/bin/python -m smartrec.app.troubles > docs/guide/troubleshooting.md
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Final

from smartrec import errors
from smartrec.app.deepstream_troubles import DEEPSTREAM
from smartrec.app.trouble import Trouble

# Heading of the page -> key -> trouble. A check of doctor has the heading as its name.
TROUBLES: Final[Mapping[str, Mapping[str, Trouble]]] = {
    "settings": {
        "settings": Trouble(
            "`smartrec.toml:3: recording.pre_rol: unknown`",
            "The settings file has mistakes; all are listed at once, each with its place.",
            "`smartrec config check`",
        ),
    },
    "python": {
        "python-version": Trouble(
            "Python is older than 3.10 or newer than 3.13",
            "smartrec is tested with 3.10 to 3.13 only.",
            "`./run.sh --setup-only` with a Debian 12, Ubuntu 22.04 or newer",
        ),
    },
    "gstreamer": {
        "no-gstreamer": Trouble(
            "GStreamer for Python is not installed",
            "The environment cannot see the system's `gi`: its packages are missing, or the "
            "environment was made without system packages.",
            "`./run.sh --setup-only`",
        ),
        "old-gstreamer": Trouble(
            "GStreamer is older than 1.20",
            "Elements that clips need came with 1.20.",
            "Use Debian 12, Ubuntu 22.04, JetPack 6 or newer",
        ),
    },
    "packages": {
        "missing-package": Trouble(
            "A system package is missing",
            "Set-up did not run here, or could not install it.",
            "`./run.sh --setup-only`, or `sudo apt install PACKAGE`",
        ),
    },
    "elements": {
        "missing-element": Trouble(
            'No GStreamer element for a job, such as `no element "v4l2src"`',
            "The package that has the element is missing.",
            "`sudo apt install PACKAGE`; `smartrec doctor` names it",
        ),
        "blocklisted": Trouble(
            "The package is installed and its element is not found",
            "GStreamer keeps a list of plug-ins that once failed to load, and skips them.",
            "`rm -r ~/.cache/gstreamer-1.0`",
        ),
    },
    "encoder": {
        "no-encoder": Trouble(
            "Clips stay `finishing`: no encoder works here",
            "Neither hardware nor software can encode H.264 here, or the pinned encoder cannot. "
            "No frame is lost: journals wait, and are finished once there is one.",
            '`sudo apt install gstreamer1.0-plugins-ugly`, or `recording.format = "copy"`',
        ),
        "no-decoder": Trouble(
            "Thumbnails are missing, or a file does not play",
            "No decoder for that codec is installed.",
            "`sudo apt install gstreamer1.0-libav`",
        ),
    },
    "cameras": {
        "no-camera": Trouble(
            "No camera found",
            "None is plugged in, the kernel does not know it, or a container or virtual machine "
            "does not hand it in.",
            "Plug it in, then `smartrec cameras`; `lsusb` shows whether it is on the bus; "
            "`docker run --device /dev/video0` hands it in",
        ),
        "forbidden": Trouble(
            "`/dev/video0 belongs to group video, and this user is not in it`",
            "Only members of the node's group may open a camera.",
            "`sudo usermod -aG video $USER`, then log out and in again",
        ),
        "busy": Trouble(
            "`/dev/video0 is held by PROGRAM (pid 123)`",
            "A camera streams to one program at a time.",
            "Close it, or `kill 123`",
        ),
        "unusable": Trouble(
            "The camera offers nothing that can be recorded",
            "Its formats are none of MJPEG, H.264, H.265 and raw: a depth camera, or a sensor "
            "that needs its maker's driver.",
            "`smartrec cameras --formats`",
        ),
        "rtsp-refused": Trouble(
            "`rtsp://me:***@HOST/… refuses this user and password`",
            "The camera knows no such user, or the password has letters that an address cannot "
            "hold as they are.",
            "Write `@` as `%40`, `:` as `%3A`, `/` as `%2F`, `%` as `%25` in the source's password",
        ),
        "rtsp-gone": Trouble(
            "`rtsp://HOST/… does not answer, or the connection was lost`",
            "It is off, the network or the port is wrong, or it serves as many viewers as it can. "
            "It is tried again for as long as smartrec runs.",
            "`ping HOST`, then `ffprobe -rtsp_transport tcp rtsp://USER:PASSWORD@HOST/PATH`",
        ),
        "rtsp-path": Trouble(
            "`rtsp://HOST/… has no such stream`",
            "The camera answers, and does not know the path; every maker has other ones.",
            "Look it up on the camera's web page or in its manual",
        ),
        "rtsp-codec": Trouble(
            "`rtsp://HOST/… sends no H.264 and no H.265`",
            "The stream is sound only, or of another codec, such as MJPEG.",
            "Choose H.264 on the camera's web page, or the path of another stream",
        ),
        "differs": Trouble(
            "`asked 1920x1080 at 30, the camera gives 1280x720 at 30`",
            "The camera does not offer what was asked; the nearest was taken.",
            "`smartrec cameras --formats`, then set `size` and `fps` to what it has",
        ),
        "halved-rate": Trouble(
            "Half the pictures in the evening",
            "Many cameras lower their rate in the dark, and say nothing.",
            "`exposure_dynamic_framerate = false` under `[camera.controls]`",
        ),
        "flicker": Trouble(
            "Dark bands wander through the picture",
            "Lamps flicker with the mains, 50 or 60 hertz, and the camera assumes the other.",
            '`power_line_frequency = "50"` under `[camera.controls]`',
        ),
    },
    "detector": {
        "model-unusable": Trouble(
            "No person is boxed: `the model FILE is …`",
            "The model, its labels or its DeepStream configuration cannot be used; the line says "
            "what was seen and what is needed. Recording by key and command goes on.",
            "Leave `detector.model` and `detector.labels` out: the built-in model needs neither",
        ),
        "model-note": Trouble(
            "The detector says what it leaves out of a model or its configuration",
            "What the file asks for is DeepStream's own, or the model does not say which class "
            "is a person, so the result may differ from what you know.",
            "Look at a picture with persons in it; `detector.person_class_ids` names the classes",
        ),
        "model-slow": Trouble(
            "Persons are looked for less often than `detector.fps` says",
            "The model takes longer for a picture than there is time; fewer pictures are looked "
            "at, and recording is not touched.",
            "A smaller `detector.fps`, a smaller model, or more `detector.threads`",
        ),
        "failed-picture": Trouble(
            "`the model failed on one picture`",
            "That picture is left out and the next one looked at; when 20 in a row fail it is told "
            "that nobody is looked for.",
            "`smartrec doctor` tries the model; another one: `detector.model`",
        ),
    },
    "deepstream": DEEPSTREAM,
    "screen": {
        "no-screen": Trouble(
            "`The screen ':0' cannot be opened: …`",
            "It is not there, belongs to another user, or nothing that shows a picture is "
            "installed. Recording goes on without.",
            "`ssh -X`, or as the screen's owner `xhost +local:`; `sudo apt install gstreamer1.0-x`",
        ),
    },
    "directory": {
        "not-writable": Trouble(
            "The clip directory cannot be written",
            "It belongs to another user, is mounted read-only, or its disk is not there.",
            "`sudo chown $USER DIRECTORY`, or another one: `smartrec run --clips DIR`",
        ),
        "memory-only": Trouble(
            "The clip directory is in memory (tmpfs)",
            "All clips are gone at the next start of the machine.",
            "Set `recording.directory` to a disk",
        ),
        "small-files": Trouble(
            "The clip directory is on FAT",
            "A file cannot be larger than 4 GB there, and a power cut can damage the whole table "
            "of files.",
            "Format the disk as ext4 (this erases it): `sudo mkfs.ext4 /dev/DISK`",
        ),
        "network": Trouble(
            "The clip directory is on a network filesystem",
            "When the network stands still, so does writing; the ring holds only some seconds.",
            "`recording.journal_dir` on a local disk",
        ),
    },
    "room": {
        "full": Trouble(
            "No space is left where clips go",
            "The disk is full, or nearly.",
            "`smartrec clips delete CLIP`, or a larger disk: `recording.directory`",
        ),
        "little": Trouble(
            "Less than 5 GB are left where clips go",
            "A camera needs 2 to 4 MB for each second of an event until its clip is finished.",
            "`smartrec clips list`, then `smartrec clips delete CLIP`",
        ),
        "slow": Trouble(
            "The disk is slow",
            "An event needs 2 to 4 MB a second for each camera; what the disk cannot take is "
            "counted as lost under `disk`.",
            "Another disk or card (A2 or better): `recording.directory`",
        ),
    },
    "journal": {
        "journal-in-memory": Trouble(
            "`recording.journal_dir` is in memory (tmpfs)",
            "It spares a flash card; but a power cut or a kernel crash loses events whose clips "
            "are not finished. A crash of smartrec alone loses nothing.",
            "Leave `recording.journal_dir` out, unless you mean it",
        ),
        "journal-not-writable": Trouble(
            "`recording.journal_dir` cannot be written",
            "It does not exist and cannot be made, or belongs to another user.",
            "`sudo chown $USER DIRECTORY`",
        ),
    },
    "clock": {
        "unsynced": Trouble(
            "Clips carry `clock: not synced`",
            "Nothing disciplines the wall clock, so times of day may be off. Lengths and order "
            "never are: they come from the monotonic clock.",
            "`sudo timedatectl set-ntp true`",
        ),
    },
    "control": {
        "no-runtime-directory": Trouble(
            "`smartrec trigger` does not find the running recorder",
            "XDG_RUNTIME_DIR is another user's or not there, or recorder and command have "
            "different ones or different users (one with sudo, one without).",
            "`unset XDG_RUNTIME_DIR`, and start both as the same user",
        ),
    },
    "recorder": {
        "running": Trouble(
            "Another recorder owns the clip directory",
            "A recorder runs already; two would write over each other.",
            "Use it: `smartrec trigger`; or end it: `kill PID`; or `smartrec run --clips DIR`",
        ),
    },
}

ERRORS: Final[Mapping[type[errors.SmartrecError], Trouble]] = {
    errors.SmartrecError: Trouble(
        "any line `error: …`",
        "The root of all errors below; the line below it says what to do.",
        "`smartrec doctor`",
    ),
    errors.ConfigError: TROUBLES["settings"]["settings"],
    errors.UsageError: Trouble(
        "`no such camera: garden`",
        "The command was asked for something that cannot be.",
        "`smartrec COMMAND --help`",
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
    errors.SourceError: Trouble(
        "`FILE cannot be played`",
        "It is no video, is damaged, or its codec has no decoder here.",
        "`ffprobe FILE`; `sudo apt install gstreamer1.0-libav`",
    ),
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
    errors.CatalogTooNew: Trouble(
        "The catalogue was written by a newer smartrec",
        "An older program must not change what it does not understand.",
        "Install the newer smartrec again, or use another directory: `--clips DIR`",
    ),
    errors.CatalogDamaged: Trouble(
        "The catalogue is no longer a database",
        "The disk or a power cut damaged it; the clips themselves may be whole.",
        "Move `DIRECTORY/*.sqlite*` away; `smartrec clips verify`",
    ),
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

_HEADINGS: Final = {
    "settings": "Settings",
    "python": "Python",
    "gstreamer": "GStreamer",
    "packages": "System packages",
    "elements": "GStreamer's elements",
    "encoder": "Encoder and decoders",
    "cameras": "Cameras",
    "detector": "Detector",
    "deepstream": "DeepStream",
    "screen": "Screen",
    "directory": "Clip directory",
    "room": "Room and speed of the disk",
    "journal": "Journal",
    "clock": "Wall clock",
    "control": "Control socket",
    "recorder": "Running recorder",
}

_INTRODUCTION: Final = """\
# Troubleshooting

<!-- Made from src/smartrec/app/troubles.py; change it there. -->

Run this first; it looks at everything on this page and prints the command that mends each thing.
In a checkout, `smartrec` is `./run.sh` here and in every message.

    smartrec doctor

"""


def page() -> str:
    """The troubleshooting page, as Markdown."""
    text = _INTRODUCTION
    for key, troubles in TROUBLES.items():
        text += f"## {_HEADINGS[key]}\n\n"
        text += _table(("What you see", "Why", "What to do"), map(_cells, troubles.values()))
    text += "## Errors by name\n\nNames are those of `smartrec.errors` and of the log.\n\n"
    rows = (
        (f"`{error.__name__}`", str(error.exit_code), *_cells(trouble))
        for error, trouble in ERRORS.items()
    )
    text += _table(("Error", "Exit status", "What you see", "Why", "What to do"), rows)
    return text.rstrip("\n") + "\n"


def _cells(trouble: Trouble) -> tuple[str, ...]:
    return trouble.symptom, trouble.why, trouble.mend


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    cells = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "".join(f"| {line} |\n" for line in cells) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
