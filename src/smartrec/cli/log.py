"""How much the program says on stderr."""

import logging

from smartrec.masking import masked


class _Masking(logging.Formatter):
    """Whatever a line holds, tracebacks included, no password of a camera is in it."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return masked(super().format(record))


def set_log_level(level: str) -> None:
    """Log lines of `level` and above go to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Masking("smartrec: %(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("smartrec").setLevel(level.upper())
