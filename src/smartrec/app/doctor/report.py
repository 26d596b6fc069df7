"""What `smartrec report` puts into one file for a bug report; no picture and no secret is in it."""

import os
import platform
import subprocess
import sys
import traceback
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from smartrec import __version__
from smartrec.app.doctor.bounded import Overdue, bounded
from smartrec.app.doctor.censor import Censor
from smartrec.app.doctor.disk import standing
from smartrec.app.logbook import lines_of
from smartrec.app.mounts import filesystem
from smartrec.app.wire import ask_log, ask_status, find_socket
from smartrec.errors import SmartrecError, UsageError, store_error
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord, rfc3339
from smartrec.terminal import printable
from smartrec.units import SECOND

LIMIT_S: Final = 15.0
"""For a part that hangs."""
_NEWEST_CLIPS: Final = 50
_NEWEST_FILES: Final = 200
_KERNEL_LINES: Final = 300
_LOG_LINES: Final = 2000
_TIMEOUT_S: Final = 10.0
_MS: Final = 1_000_000
_KERNEL_WORDS: Final = (
    "usb", "uvc", "video", "snd", "xhci", "ext4", "mmc", "nvme", "oom", "out of memory",
)  # fmt: skip
_FILES: Final = (
    "/etc/os-release",
    "/etc/nv_tegra_release",
    "/proc/version",
    "/proc/meminfo",
    "/proc/loadavg",
    "/proc/device-tree/model",
    "/opt/nvidia/deepstream/deepstream/version",
)
_OF_INTEREST: Final = (
    "SMARTREC_", "GST_", "XDG_", "LANG", "LC_", "DISPLAY", "WAYLAND_DISPLAY", "CUDA_",
    "USE_NEW_NVSTREAMMUX", "LD_PRELOAD", "INVOCATION_ID", "TZ",
)  # fmt: skip
_README: Final = """\
A report of smartrec {version}, for the project's bug tracker.

Passwords of the settings, of addresses and of the environment are replaced by ***, your home
directory by ~. Names of cameras, paths, serial numbers and times of clips are in it; no picture
and no sound is. Look at it before you send it: it is text.

"""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a report.

    Attributes:
        name: Of the file.
        about: What is in it, for people.
        text: Makes it; may take long, and may fail.
        limit_s: How long it may take.
    """

    name: str
    about: str
    text: Callable[[], str]
    limit_s: float = LIMIT_S


def bundle(path: Path, parts: Iterable[Part], censor: Censor) -> Iterator[tuple[str, str, int]]:
    """Make a report; each part's name, what is in it and how many bytes, as it is done.

    A part that cannot be made says why instead. Nobody else may read the file.

    Args:
        path: Of the file, a ZIP archive; it must not exist.
        parts: In order.
        censor: Sees every byte that is written, names too.

    Raises:
        UsageError: There is such a file already.
        StoreError: It cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", hint="Say another: --output FILE") from error
    except OSError as error:
        raise store_error(path, "the report cannot be written:", error) from error
    whole = False
    try:
        with (
            open(handle, "wb") as file,  # noqa: PTH123 - a descriptor
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            readme = _README.format(version=__version__)
            for part in parts:
                lines = map(printable, censor(_made(part)).split("\n"))
                text = "\n".join(lines).encode("utf-8", "replace")
                archive.writestr(part.name, text)
                readme += f"{part.name:<18}{censor(part.about)}\n"
                yield part.name, part.about, len(text)
            archive.writestr("README.txt", readme)
        whole = True
    except OSError as error:
        raise store_error(path, "the report cannot be written:", error) from error
    finally:
        if not whole:
            path.unlink(missing_ok=True)


def _made(part: Part) -> str:
    try:
        return "".join(bounded(lambda: [part.text()], part.limit_s))
    except Overdue:
        return f"no answer within {part.limit_s:.0f} s\n"
    except (OSError, SmartrecError, ValueError) as error:
        return f"not there: {error}\n"
    except Exception:  # noqa: BLE001 - reports are made where there are bugs
        return traceback.format_exc()


def machine(environ: Mapping[str, str]) -> dict[str, object]:
    """Versions, and what of the environment is of interest."""
    return {
        "smartrec": __version__,
        "python": sys.version,
        "executable": sys.executable,
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
        "cores": os.cpu_count(),
        "gstreamer": _gstreamer(),
        "packages": _packages(),
        "files": {name: text for name in _FILES if (text := _text(Path(name)))},
        "environment": {n: v for n, v in sorted(environ.items()) if n.startswith(_OF_INTEREST)},
        "user": {"uid": os.getuid(), "groups": os.getgroups()},
    }


def _gstreamer() -> str:
    try:
        from smartrec.media.gst import Gst
    except SmartrecError as error:
        return str(error)
    return Gst.version_string()


def _packages() -> dict[str, str]:
    """Ours and those that ours asks for."""
    found = {}
    for line in requires("smartrec") or ():
        name = line.split(";")[0].split(">")[0].split("<")[0].split("=")[0].strip()
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def recorder(clips: Path, environ: Mapping[str, str]) -> dict[str, object]:
    """What a running recorder says of itself.

    Raises:
        ControlError: None answers.
    """
    return ask_status(find_socket(clips, environ), clip_dir=clips)


def recorder_log(clips: Path, environ: Mapping[str, str]) -> str:
    """The newest of what a running recorder said.

    Raises:
        ControlError: None answers.
    """
    told = ask_log(find_socket(clips, environ), 0, clip_dir=clips)
    return "".join(
        f"{rfc3339(each.at_ms * _MS)}  {each.level:<7}  {each.text}\n" for each in lines_of(told)
    )


def catalogue(clips: Path) -> dict[str, object]:
    """How many clips there are of each state, and the newest; no words of a trigger.

    Raises:
        SmartrecError: It cannot be read.
    """
    with Catalog.open(clips, create=False) as catalog:
        rows = catalog.clips()
    states: dict[str, int] = {}
    for row in rows:
        states[row.state.value] = states.get(row.state.value, 0) + 1
    return {
        "clips": len(rows),
        "bytes": sum(row.bytes or 0 for row in rows),
        "states": states,
        "newest": [_clip(row) for row in rows[-_NEWEST_CLIPS:]],
    }


def _clip(row: ClipRecord) -> dict[str, object]:
    return {
        "clip_id": row.clip_id,
        "part": row.part,
        "camera": row.camera_id,
        "state": row.state.value,
        "error": row.error,
        "start": rfc3339(row.start_wall_ns),
        "duration_s": None if row.duration is None else row.duration / SECOND,
        "picture": f"{row.codec} {row.width}x{row.height}",
        "encoder": row.encoder,
        "engine": row.engine,
        "frames": [row.expected, row.written],
        "lost": row.lost,
        "bytes": row.bytes,
        "version": row.software_version,
    }


def files(clips: Path) -> str:
    """Names, sizes and times of the newest files below a clip directory, and its disk."""
    place = standing(clips)
    room = os.statvfs(place)
    lines = [
        f"{clips}: {filesystem(place)}, {room.f_bavail * room.f_frsize} of "
        f"{room.f_blocks * room.f_frsize} bytes free, {room.f_favail} of {room.f_files} inodes"
    ]
    known = sorted(_below(clips), reverse=True)
    for changed, size, path in known[:_NEWEST_FILES]:
        lines.append(f"{rfc3339(changed)} {size:>12} {printable(str(path.relative_to(clips)))}")
    return "\n".join((*lines, f"{len(known)} in all", ""))


def _below(clips: Path) -> Iterator[tuple[int, int, Path]]:
    """When each was changed last, and its size; a recorder may remove some meanwhile."""
    for directory in (clips, clips / ".open"):
        for path in directory.iterdir() if directory.is_dir() else ():
            with suppress(FileNotFoundError):
                found = path.lstat()
                yield found.st_mtime_ns, found.st_size, path


def kernel_log() -> str:
    """The newest lines of the kernel's log that are about cameras, USB, disks and memory.

    Raises:
        OSError: There is no dmesg here.
        ValueError: This user may not read it.
    """
    asked = ["dmesg", "--time-format=iso"]
    done = subprocess.run(
        asked, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise ValueError(done.stderr.strip() or f"dmesg ended with {done.returncode}")
    lines = [ln for ln in done.stdout.splitlines() if any(w in ln.lower() for w in _KERNEL_WORDS)]
    return "\n".join((*lines[-_KERNEL_LINES:], ""))


def log_tail(path: Path) -> str:
    """The last lines of a log that the user names.

    Raises:
        OSError: It cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        return "".join(file.readlines()[-_LOG_LINES:])


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip("\n\0")
    except OSError:
        return ""
