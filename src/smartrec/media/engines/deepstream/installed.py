"""Which DeepStream is installed on which board, as far as files tell; nothing is loaded.

The facts are those of the public documentation: the root directory with its file ``version``, L4T's
release file, and the device tree of Jetson boards.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.errors import EngineMissing, EngineTooOld

ROOT_VARIABLE: Final = "SMARTREC_DEEPSTREAM"
"""Environment variable: where DeepStream is, if not where its package puts it."""
USUAL_ROOT: Final = Path("opt/nvidia/deepstream/deepstream")
OLDEST: Final = (6, 4)
_GUIDE: Final = "docs/guide/deepstream.md says how to install it"
_L4T: Final = Path("etc/nv_tegra_release")
_TREE: Final = Path("proc/device-tree")
_RELEASE: Final = re.compile(r"# R(\d+) (?:.*?REVISION: (\d+))?")
_VERSION: Final = re.compile(r"(\d+)\.(\d+)")
_OLD_L4T: Final = 36
"""JetPack 6 begins with L4T 36; 35 is JetPack 5."""
_THOR: Final = "nvidia,tegra264"
_MADE_FOR: Final = {
    (36, 2): "6.4",
    (36, 3): "7.0",
    (36, 4): "7.1",
    (38, 2): "8.0",
    (38, 4): "9.0",
    (39, 2): "9.1",
}
"""L4T (JetPack's system) -> the DeepStream made for it; NVIDIA's release notes."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A DeepStream.

    Attributes:
        root: Its directory.
        version: Such as ``(8, 0)``.
        board: ``"jetson-orin"``, ``"jetson-orin-nano"``, ``"jetson-thor"`` or ``"dgpu"``.
    """

    root: Path
    version: tuple[int, int]
    board: str

    @property
    def words(self) -> str:
        """For people."""
        return f"DeepStream {self.version[0]}.{self.version[1]}"


def has_nvidia(root: Path = Path("/")) -> bool:
    """Whether there is a GPU of NVIDIA, so that DeepStream could be hoped for."""
    return (root / "dev/nvidiactl").exists() or is_jetson(root)


def is_jetson(root: Path = Path("/")) -> bool:
    """Whether this is a Jetson board."""
    return (root / _L4T).exists() or "nvidia,tegra" in _read(root / _TREE / "compatible")


def find_installed(environ: Mapping[str, str], root: Path = Path("/")) -> Installed:
    """The DeepStream of this machine.

    Args:
        environ: The environment; see `ROOT_VARIABLE`.
        root: Of the file system.

    Raises:
        EngineMissing: There is none.
        EngineTooOld: It is older than what is supported.
    """
    release = _RELEASE.search(_read(root / _L4T))
    if release is not None and int(release[1]) < _OLD_L4T:
        raise _too_old(f"JetPack 5 or older (L4T {release[1]})")
    given = environ.get(ROOT_VARIABLE)
    # A configuration of nvinfer names its libraries relative to itself.
    home = Path(given).expanduser().absolute() if given else root / USUAL_ROOT
    if not home.is_dir():
        words = "is no directory" if home.exists() else "is not there"
        raise EngineMissing(f"DeepStream is not installed: {home} {words}", hint=_package(release))
    found = _VERSION.search(_read(home / "version")) or _VERSION.search(home.resolve().name)
    if found is None:
        raise EngineMissing(
            f"DeepStream in {home} is not whole: its file 'version' says none", hint=_GUIDE
        )
    version = int(found[1]), int(found[2])
    if version < OLDEST:
        raise _too_old(f"DeepStream {found[0]}")
    return Installed(home, version, _board(root))


def _board(root: Path) -> str:
    if not is_jetson(root):
        return "dgpu"
    if _THOR in _read(root / _TREE / "compatible"):
        return "jetson-thor"
    nano = "orin nano" in _read(root / _TREE / "model").lower()
    return "jetson-orin-nano" if nano else "jetson-orin"


def _package(release: "re.Match[str] | None") -> str:
    """What to install where nothing is."""
    version = _MADE_FOR.get((int(release[1]), int(release[2] or 0))) if release else None
    if version is None:
        return _GUIDE
    return f"sudo apt install ./deepstream-{version}_{version}.0-1_arm64.deb; {_GUIDE}"


def _too_old(what: str) -> EngineTooOld:
    return EngineTooOld(
        f"{what} is not supported: its Python 3.8 and GStreamer 1.16 are too old",
        hint="Install JetPack 6 or newer, or DeepStream 6.4 or newer",
    )


def _read(path: Path) -> str:
    """What a small file says; nothing where it cannot be read."""
    try:
        return path.read_bytes()[:4096].decode("utf-8", "replace")
    except OSError:
        return ""
