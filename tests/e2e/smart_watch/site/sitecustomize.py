"""Puts the stand-in in the place of the watch where PYTHONPATH names this directory."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

_WATCH = "smartrec.media.watch.child"
_STAND_IN = Path(__file__).parents[1] / "child.py"


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _WATCH:
            return None
        return importlib.util.spec_from_file_location(_WATCH, _STAND_IN)


sys.meta_path.insert(0, _Finder())
