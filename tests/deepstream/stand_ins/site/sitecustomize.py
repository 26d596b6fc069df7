"""Loads the stand-ins into a process in which PYTHONPATH names this directory.

Nothing happens until `gi` is imported; then the elements are registered before whoever wanted it
has gone on, so before anybody can ask GStreamer's registry for them.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[3]


class _AfterLoading(importlib.abc.Loader):
    """Loads `gi` as ever, and the stand-ins behind it."""

    def __init__(self, real: importlib.abc.Loader) -> None:
        self._real = real

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        sys.path.append(str(_ROOT))
        from tests.deepstream.stand_ins.install import install

        install()


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "gi":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("gi")
        if spec is not None and spec.loader is not None:
            spec.loader = _AfterLoading(spec.loader)
        return spec


def _run_the_next_one() -> None:
    """The system's own sitecustomize, which this one hides."""
    others = [entry for entry in sys.path if Path(entry).resolve() != _HERE.resolve()]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


sys.meta_path.insert(0, _Finder())
_run_the_next_one()
