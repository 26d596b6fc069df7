"""What the options of several commands mean alike."""

import os
from datetime import datetime
from pathlib import Path

import click

from smartrec.clock import SystemClock
from smartrec.units import SECOND, duration


class GivenPath(click.Path):
    """A path that was really given: an unset variable must not mean the current directory.

    Args:
        looked_at: Whether it is looked at already here; a disk that hangs would hang the command.
    """

    name = "path"

    def __init__(self, *, looked_at: bool = True) -> None:
        super().__init__(path_type=Path)
        self._looked_at = looked_at

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """See the class."""
        if not os.fspath(value):
            self.fail("an empty path; is a variable unset?", param, ctx)
        if not self._looked_at:
            return Path(value)
        return super().convert(value, param, ctx)


def configured_clips(settings: Path | None) -> Path:
    """The clip directory of the settings; loading them costs what `--clips` saves.

    Raises:
        ConfigError: They are wrong.
    """
    from smartrec.config.load import load

    return load(path=settings, environ=os.environ, overrides={}).config.recording.directory


def moment(_context: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Wall time (ns) of ``"1h"`` ago or of a date."""
    if value is None:
        return None
    try:
        return SystemClock().now().wall_ns - duration(value)
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return int(when.timestamp()) * SECOND
    except (ValueError, OverflowError) as error:
        raise click.BadParameter("write it like 30m, 2h, 1d or 2026-11-22T14:15:00") from error
