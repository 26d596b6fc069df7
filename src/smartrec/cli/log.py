"""How much the program says on stderr."""

import logging

from smartrec.masking import masked


class _Masking(logging.Formatter):
    """Whatever a line holds, tracebacks included, no password of a camera is in it.

    What is merely said bears no level: it stands among the recorder's own lines.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """See `logging.Formatter`."""
        level = "" if record.levelno == logging.INFO else f"{record.levelname}: "
        return f"smartrec: {level}{record.message}"

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return masked(super().format(record))


def set_log_level(level: str) -> None:
    """Log lines of `level` and above go to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Masking())
    logging.basicConfig(handlers=[handler])
    logging.getLogger("smartrec").setLevel(level.upper())
