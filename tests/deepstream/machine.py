"""A machine with DeepStream, as the environment of a process: stand-ins, and what lies on its disk.

The elements are those of `tests.deepstream.stand_ins`; the libraries of the metadata are NVIDIA's
own, from the wheel. That of the parsers is compiled here and has their names only.
"""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.deepstream.stand_ins.converting import PLATFORM
from tests.deepstream.stand_ins.install import NEW_MUX
from tests.deepstream.stand_ins.meta import LIBRARIES
from tests.deepstream.wheel import libraries

VERSION: Final = "9.1"
"""What the wheel's library has: see `tests.deepstream.stand_ins.meta`."""
_SITE: Final = Path(__file__).parent / "stand_ins" / "site"
_PARSERS: Final = ("NvDsInferParseCustomTfSSD", "NvDsInferParseCustomBatchedNMSTLT")
_META: Final = ("libnvds_meta.so", "libnvdsgst_meta.so")


def deepstream_environment(
    tmp_path: Path, platform: str = "dgpu", *, new_mux: bool = False
) -> dict[str, str]:
    """What comes on top of a process's environment so that it finds DeepStream.

    Skips the test where the wheel is not installed.

    Args:
        tmp_path: Where the directory of DeepStream is made.
        platform: See `tests.deepstream.stand_ins.install`.
        new_mux: Whether nvstreammux is the new one.
    """
    real = libraries()
    if real is None:
        pytest.skip("the wheel nvidia-deepstream-videodecode-cu13 is not installed")
    root = tmp_path / "deepstream"
    if not root.is_dir():
        _make(root, real)
    path = os.environ.get("PYTHONPATH")
    return {
        "SMARTREC_DEEPSTREAM": str(root),
        "PYTHONPATH": f"{_SITE}:{path}" if path else str(_SITE),
        PLATFORM: platform,
        LIBRARIES: str(root / "lib"),
        NEW_MUX: "yes" if new_mux else "no",
    }


def _make(root: Path, real: Path) -> None:
    lib = root / "lib"
    lib.mkdir(parents=True)
    (root / "version").write_text(f"Version: {VERSION}\n")
    for name in _META:
        (lib / name).symlink_to(real / name)
    source = root / "parsers.c"
    source.write_text("".join(f"int {name}(void) {{ return 0; }}\n" for name in _PARSERS))
    target = lib / "libnvds_infercustomparser.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(target), str(source)], check=True)
