"""The `smartrec` command.

Importing the rest of it takes a tenth of a second; Ctrl-C ends that, too, without a traceback.
"""

import sys
from types import TracebackType


def _quiet(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _quiet
