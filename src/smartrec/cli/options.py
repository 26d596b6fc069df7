"""What the options of several commands mean alike."""

import os
from pathlib import Path

import click


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
