"""How much the program says on stderr."""

import logging


def set_log_level(level: str) -> None:
    """Log lines of `level` and above go to stderr."""
    logging.basicConfig(format="smartrec: %(levelname)s: %(message)s")
    logging.getLogger("smartrec").setLevel(level.upper())
