"""The real parts of DeepStream that PyPI has, and what they need to load without a GPU.

The wheel `nvidia-deepstream-videodecode-cu13` (x86-64) brings nvv4l2decoder, nvvideoconvert and
the libraries of the metadata. They are linked with CUDA and NPP; `stand_ins` compiles libraries of
those names whose every function answers "no device", so that the elements register on any machine.
Nothing of NVIDIA's is part of this project: the wheel is installed as a dependency of the tests.

A process takes them up by its environment only, so what needs the elements runs in a child process:

    subprocess.run([...], env=environment(libraries(), stand_ins(tmp_path), tmp_path / "registry"))
"""

import os
import re
import subprocess
from collections import defaultdict
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

_SYMBOL: Final = re.compile(r"\*UND\*\s+[0-9a-f]+\s+(?:\((?P<version>\S+)\)|\S+)?\s*(?P<name>\S+)$")
_CUDA_DRIVER: Final = "libcuda.so.1"
_NO_DEVICE: Final = 100  # CUDA_ERROR_NO_DEVICE, cudaErrorNoDevice
_TEXTS: Final = ("cudaGetErrorName", "cudaGetErrorString")


def libraries() -> Path | None:
    """Where the wheel's libraries are; None where it is not installed (it exists for x86-64 only).

    SMARTREC_TEST_DEEPSTREAM names another directory instead, such as /opt/nvidia/deepstream/
    deepstream/lib. The package is found without being imported: it would set GST_PLUGIN_PATH.
    """
    if given := os.environ.get("SMARTREC_TEST_DEEPSTREAM"):
        return Path(given)
    vendor = PathFinder.find_spec("nvidia")
    places = list(vendor.submodule_search_locations or ()) if vendor else []
    package = PathFinder.find_spec("deepstream_videodecode", places)
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "_libs"


def stand_ins(directory: Path) -> Path:
    """Compile libraries in place of CUDA's and NPP's into `directory`, and give it back.

    Each has exactly the functions that the wheel's libraries want of it, with the same symbol
    versions, and each function returns 100, "no device".
    """
    found = libraries()
    assert found is not None, "the wheel is not installed"
    for library, names in _wanted(found).items():
        _compile(directory, library, sorted(names))
    return directory


def environment(libraries: Path, stood_in: Path, registry: Path) -> dict[str, str]:
    """Of a child process in which the real elements register.

    Args:
        libraries: See `libraries`.
        stood_in: See `stand_ins`.
        registry: File for GStreamer's list of plug-ins, so that the user's own is left alone.
    """
    return {
        **os.environ,
        "LD_LIBRARY_PATH": _before(stood_in, os.environ.get("LD_LIBRARY_PATH")),
        "GST_PLUGIN_PATH": _before(libraries, os.environ.get("GST_PLUGIN_PATH")),
        "GST_REGISTRY": str(registry),
        "LIBV4L2_PLUGIN_DIR": str(libraries / "v4l_plugins"),
    }


def _before(first: Path, others: str | None) -> str:
    return f"{first}:{others}" if others else str(first)


def _wanted(found: Path) -> dict[str, set[str]]:
    """Soname -> functions; those of CUDA's driver have no version and are told by their names."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for library in sorted(found.rglob("*.so*")):
        table = subprocess.run(
            ["objdump", "--dynamic-syms", str(library)], check=True, capture_output=True, text=True
        ).stdout
        for symbol in filter(None, map(_SYMBOL.search, table.splitlines())):
            version, name = symbol["version"] or "", symbol["name"]
            if version.startswith(("libcudart.", "libnpp")):
                wanted[version].add(name)
            elif re.fullmatch(r"cu[A-Z]\w+", name):
                wanted[_CUDA_DRIVER].add(name)
    return wanted


def _compile(directory: Path, soname: str, names: list[str]) -> None:
    source, versions = directory / f"{soname}.c", directory / f"{soname}.map"
    source.write_text("".join(map(_function, names)))
    versions.write_text(f"{soname} {{ global: *; }};\n")
    versioned = [] if soname == _CUDA_DRIVER else [f"-Wl,--version-script={versions}"]
    linked = ["-shared", "-fPIC", f"-Wl,-soname,{soname}", *versioned]
    subprocess.run(["cc", *linked, "-o", str(directory / soname), str(source)], check=True)


def _function(name: str) -> str:
    if name in _TEXTS:
        return f'const char *{name}(void) {{ return "stand-in: no device"; }}\n'
    return f"long {name}(void) {{ return {_NO_DEVICE}; }}\n"
