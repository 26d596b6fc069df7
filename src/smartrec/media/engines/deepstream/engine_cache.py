"""Where engines of TensorRT are kept, so that each is built once a GPU and never used on another.

nvinfer writes an engine beside the ONNX file that it was built from, under a name that says batch,
number of the GPU and precision (`detection.nvinfer_engine`); a link to that file it follows. So the
ONNX file is copied here, into a directory for this GPU, DeepStream and TensorRT, under a name with
its digest: what an engine depends on stands in its path.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from smartrec.errors import ModelUnusable
from smartrec.media.engines.deepstream.here import Here

_VARIABLE: Final = "SMARTREC_CACHE_DIR"
_LIBRARY: Final = re.compile(r"libnvinfer\.so\.([0-9]+(?:\.[0-9]+)+)")
_LIBRARIES: Final = (
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/local/tensorrt/lib",
    "usr/local/lib",
)
_ODD: Final = re.compile(r"[^a-z0-9.]+")


def place(cache: Path, here: Here, tensorrt: str) -> Path:
    """The directory for engines that this GPU, DeepStream and TensorRT may share; not made."""
    major, minor = here.installed.version
    named = (
        here.gpu.name or "gpu",
        f"sm{here.gpu.capability}" if here.gpu.capability else "",
        f"deepstream{major}.{minor}",
        f"tensorrt{tensorrt}" if tensorrt else "",
    )
    words = (_ODD.sub("-", name.lower()).strip("-.") for name in named)
    return cache / "deepstream" / "-".join(word for word in words if word)


def tensorrt_version(environ: Mapping[str, str], root: Path = Path("/")) -> str:
    """TensorRT's version by its library's name, such as ``"10.13.3"``; empty where none is found.

    TensorRT itself refuses engines of another version, so a wrong guess costs one build.
    """
    own = [Path(each) for each in environ.get("LD_LIBRARY_PATH", "").split(":") if each]
    for directory in (*own, *(root / each for each in _LIBRARIES)):
        found = [match[1] for name in _names(directory) if (match := _LIBRARY.fullmatch(name))]
        if found:
            return max(found, key=lambda version: [int(part) for part in version.split(".")])
    return ""


def _names(directory: Path) -> Iterable[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return ()


def keep_copy(source: Path, target: Path) -> None:
    """Copy a file unless it is there; several processes may do so at once.

    Raises:
        ModelUnusable: It cannot be read or written.
    """
    try:
        if target.is_file() and target.stat().st_size == source.stat().st_size:
            return
        with source.open("rb") as file, _whole(target) as copy:
            shutil.copyfileobj(file, copy)
    except OSError as error:
        raise _unkept(target, error) from error


def keep_text(text: str, directory: Path, name: str, suffix: str) -> Path:
    """Write a text under a name that holds its digest; gives the path.

    Raises:
        ModelUnusable: It cannot be written.
    """
    data = text.encode()
    target = directory / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}{suffix}"
    try:
        if not target.is_file() or target.read_bytes() != data:
            with _whole(target) as file:
                file.write(data)
    except OSError as error:
        raise _unkept(target, error) from error
    return target


@contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is whole; nothing is left where it fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        try:
            yield file
            file.flush()
            Path(file.name).replace(target)
        finally:
            Path(file.name).unlink(missing_ok=True)  # where it has not got its name


def _unkept(target: Path, error: OSError) -> ModelUnusable:
    where = next((each for each in target.parents if each.exists()), target.parent)
    return ModelUnusable(
        f"{target} cannot be written, where the detector's engine is kept: "
        f"{error.strerror or error}",
        hint=f"Check the directory: ls -ld '{where}'; or name another one: {_VARIABLE}=DIR",
    )
