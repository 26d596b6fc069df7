"""What can go wrong, why, and the command that mends it: one table.

`smartrec doctor` speaks in its words, `smartrec doctor --explain` finds a pasted error in it, and
``docs/guide/troubleshooting.md`` is made from it; see `smartrec.app.doctor.troubleshooting`.
"""

from collections.abc import Mapping
from typing import Final

from smartrec.app.doctor.troubles.cameras import CAMERAS, MEASURED, POWER, SOUND, UDEV, USB
from smartrec.app.doctor.troubles.deepstream import DEEPSTREAM
from smartrec.app.doctor.troubles.foreign import FOREIGN
from smartrec.app.doctor.troubles.page import PAGE
from smartrec.app.doctor.troubles.trouble import Trouble

# Section of the page -> key -> trouble. A check of doctor has the section as its name.
TROUBLES: Final[Mapping[str, Mapping[str, Trouble]]] = {
    "settings": {
        "settings": Trouble(
            "`smartrec.toml:3: recording.pre_rol: unknown`",
            "The settings file has mistakes; all are listed at once, each with its place.",
            "`smartrec config check`",
            (
                r"smartrec\.toml:\d+",
                r"unknown; did you mean",
            ),
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
            (
                r"no module named '?gi\b",
                r"namespace gst(app|video)? not available",
                r"gstreamer for python is not installed",
            ),
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
            (r"unable to locate package",),
        ),
    },
    "elements": {
        "missing-element": Trouble(
            'No GStreamer element for a job, such as `no element "v4l2src"`',
            "The package that has the element is missing.",
            "`sudo apt install PACKAGE`; `smartrec doctor` names it",
            (
                r"no element \"?\w+",
                r"missing (a )?plug-?in",
                r"erroneous pipeline",
                r"no such element",
                r"could not (create|load) element",
            ),
        ),
        "blocklisted": Trouble(
            "The package is installed and its element is not found",
            "GStreamer keeps a list of plug-ins that once failed to load, and skips them.",
            "`rm -r ~/.cache/gstreamer-1.0`",
            (
                r"failed to load plugin",
                r"blacklist(ed)?\b",
            ),
        ),
        "static-tls": Trouble(
            "`cannot allocate memory in static TLS block` on a Jetson",
            "A library with thread-local memory (libgomp) was loaded too late; the plug-in that "
            "needs it fails, and GStreamer remembers that.",
            "`rm -r ~/.cache/gstreamer-1.0`, then `export "
            "LD_PRELOAD=/usr/lib/aarch64-linux-gnu/libgomp.so.1`",
            (r"(cannot allocate memory in )?static tls block",),
        ),
    },
    "encoder": {
        "no-encoder": Trouble(
            "Clips stay `finishing`: no encoder works here",
            "Neither hardware nor software can encode H.264 here, or the pinned encoder cannot. "
            "No frame is lost: journals wait, and are finished once there is one.",
            '`sudo apt install gstreamer1.0-plugins-ugly`, or `recording.format = "copy"`',
            (
                r"no encoder works",
                r"(nvenc|v4l2-nvenc|nvv4l2h26\denc|omxh26\denc)",
                r"(unknown|no suitable) encoder",
            ),
        ),
        "no-sound-encoder": Trouble(
            "Clips have no sound, though the microphone works",
            "No encoder for AAC is installed.",
            "`sudo apt install gstreamer1.0-libav`",
        ),
        "no-decoder": Trouble(
            "Thumbnails are missing, or a file does not play",
            "No decoder for that codec is installed.",
            "`sudo apt install gstreamer1.0-libav`",
            (
                r"no decoder (available|works|for)",
                r"no suitable (plugins|decoder)",
            ),
        ),
    },
    "cameras": CAMERAS,
    "measured": MEASURED,
    "usb": {**USB, **POWER},
    "udev": UDEV,
    "microphone": SOUND,
    "detector": {
        "model-unusable": Trouble(
            "No person is boxed: `the model FILE is …`",
            "The model, its labels or its DeepStream configuration cannot be used; the line says "
            "what was seen and what is needed. Recording by key and command goes on.",
            "Leave `detector.model` and `detector.labels` out: the built-in model needs neither",
            (
                r"the model \S+ (is|has|cannot)",
                r"invalid_?protobuf",
                r"onnxruntime.{0,60}(fail|error)",
            ),
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
            (r"the model failed on one picture",),
        ),
    },
    "deepstream": DEEPSTREAM,
    "memory": {
        "little-memory": Trouble(
            "The rings of all cameras may need more memory than is free",
            "A ring holds `pre_roll` and two seconds more of each camera's own bits, at most "
            "`ring.max_bytes`. A kernel that runs out ends the largest program.",
            "A smaller `recording.pre_roll`, `size` or `ring.max_bytes`",
            (
                r"out of memory",
                r"oom-kill",
                r"\bkilled process\b",
                r"cannot allocate memory",
            ),
        ),
    },
    "screen": {
        "no-egl": Trouble(
            "Of DeepStream: `No EGL Display`, `nvbufsurftransform: Could not get EGL display`",
            "DISPLAY names a screen of another machine (`ssh -X`), or of a session that has ended; "
            "NVIDIA's libraries want one of their own or none.",
            "`unset DISPLAY`, or `export DISPLAY=:0` as the user at the screen; `--headless`",
            (
                r"egl ?display",
                r"eglimage",
                r"nvbufsurftransform",
            ),
        ),
        "no-screen": Trouble(
            "`The screen ':0' cannot be opened: …`",
            "It is not there, belongs to another user, or nothing that shows a picture is "
            "installed. Recording goes on without.",
            "`ssh -X`, or as the screen's owner `xhost +local:`; `sudo apt install gstreamer1.0-x`",
            (
                r"(cannot|can't|could not|unable to) (be opened|open) (the )?(display|screen)",
                r"the screen '[^']*' cannot be opened",
                r"could not initialise x(v)? output",
                r"authorization required",
                r"no protocol specified",
                r"failed to create wayland",
            ),
        ),
    },
    "directory": {
        "not-writable": Trouble(
            "The clip directory cannot be written",
            "It belongs to another user, is mounted read-only, or its disk is not there.",
            "`sudo chown $USER DIRECTORY`, or another one: `smartrec run --clips DIR`",
            (
                r"read-only file system",
                r"clips cannot be kept",
            ),
        ),
        "not-mounted": Trouble(
            "`DIRECTORY was on a disk that is not mounted now, on MOUNT`, `the disk … is gone`",
            "It was pulled, did not spin up in time, or its line in /etc/fstab is wrong. Nothing "
            "is written meanwhile: it would fill the system's disk and be hidden later.",
            "`lsblk -f`, then `sudo mount DIRECTORY`; a new disk on purpose: `smartrec run "
            "--new-disk`",
            (
                r"not mounted",
                r"the disk of .{1,200} is gone",
                r"transport endpoint is not connected",
                r"stale file handle",
            ),
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
            (
                r"no space left on device",
                r"disk (is )?full",
                r"no_space_left",
                r"disk quota exceeded",
            ),
        ),
        "little": Trouble(
            "Less than 5 GB are left where clips go",
            "A camera needs 2 to 4 MB for each second of an event until its clip is finished.",
            "`smartrec clips list`, then `smartrec clips delete CLIP`",
        ),
        "pinned": Trouble(
            "Pinned clips take most of the room for clips",
            "They are never deleted by themselves, so the others go sooner.",
            "`smartrec clips list`, then `smartrec clips unpin CLIP`, or copy them elsewhere",
        ),
        "catalogue": Trouble(
            "`the catalogue … is damaged`",
            "The disk or a power cut damaged it; the clips themselves may be whole.",
            "The next `smartrec run` sets it aside and begins a new one; `smartrec clips verify` "
            "says which clips are whole",
            (r"the catalogue \S+ is damaged",),
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
            (
                r"clock: not synced",
                r"synchronized: no",
            ),
        ),
    },
    "control": {
        "no-runtime-directory": Trouble(
            "`smartrec trigger` does not find the running recorder",
            "XDG_RUNTIME_DIR is another user's or not there, or recorder and command have "
            "different ones or different users (one with sudo, one without).",
            "`unset XDG_RUNTIME_DIR`, and start both as the same user",
            (
                r"xdg_runtime_dir",
                r"no control socket",
                r"recorder (is running|answers) ",
            ),
        ),
    },
    "recorder": {
        "running": Trouble(
            "Another recorder owns the clip directory",
            "A recorder runs already; two would write over each other.",
            "Use it: `smartrec trigger`; or end it: `kill PID`; or `smartrec run --clips DIR`",
            (r"another recorder (owns|already)",),
        ),
    },
    "arming": {
        "disarmed": Trouble(
            "Persons are boxed, and no clip is made",
            "The camera is disarmed, by command, on the page or by `[arming] schedule`: keys and "
            "commands record, persons do not.",
            "`smartrec arm`; the schedule: `smartrec config show`",
            (r"disarmed",),
        ),
    },
    "page": PAGE,
    "doctor": {
        "hangs": Trouble(
            "`doctor` says that a check gave no answer",
            "A device, a disk or a server that hangs: an unplugged network disk, a driver that "
            "waits for its hardware. The other checks went on without it.",
            "`sudo dmesg | tail` names the driver or the disk; unplug it, or start the machine "
            "anew",
        ),
        "check-failed": Trouble(
            "`doctor` says that a check failed",
            "What it looks at cannot be read as this user, or answers in a way not known.",
            "`smartrec report`, and tell the project",
        ),
    },
    "elsewhere": FOREIGN,
}
