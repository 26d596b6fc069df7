"""Settings behind a page: a real file and the recorder's own code for it, without a recorder."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from smartrec.app.applying import Applied
from smartrec.app.settings import Settings
from smartrec.config import changes
from smartrec.config.changes import Changed
from smartrec.config.load import Given
from smartrec.config.schema import Config
from smartrec.config.table import REBUILDS_WATCH
from smartrec.errors import SmartrecError

HEAD = """# Settings of a recorder that is not there: what is saved on the page goes in here.

[recording]
pre_roll = "{pre_roll}"  # of the next R
post_roll = "10s"
"""
CAMERA = """
[[camera]]
id = "cam{n}"
name = "{name}"
source = "demo"
fps = 30.0  # as it is drawn
"""
Told = Callable[[Config, Applied, tuple[Changed, ...], str], None]
"""Of what was taken: what was done, what is otherwise, and who wanted that."""


def file_in(directory: Path, cameras: int = 1, pre_roll: str = "10s") -> Path:
    """A settings file of some demo cameras, with comments."""
    path = directory / "smartrec.toml"
    directory.mkdir(parents=True, exist_ok=True)
    tables = (CAMERA.format(n=n, name=f"Demo {n}" if n else "Demo") for n in range(cameras))
    path.write_text(HEAD.format(pre_roll=pre_roll) + "".join(tables))
    return path


@dataclass
class Station:
    """A stand-in for a station: it has other settings at once, and tells so.

    Attributes:
        started: What it began with.
        config: What it has.
        refuses: Why it takes nothing, if it does not.
        told: Is told of what it took.
    """

    started: Config
    refuses: SmartrecError | None = None
    told: Told = lambda *_: None
    taken: list[tuple[Config, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = self.started

    def apply(self, config: Config, by: str) -> "Future[Applied]":
        """As a station does."""
        done = Future[Applied]()
        if self.refuses is not None:
            done.set_exception(self.refuses)
            return done
        before, self.config = self.config, config
        self.taken.append((config, by))
        old, new = ([camera.id for camera in each.camera] for each in (before, config))
        watch, news = REBUILDS_WATCH["x-change"], changes.changed(before, config)
        applied = Applied(
            restarted=tuple(sorted(changes.restarted(before, config))),
            added=tuple(each for each in new if each not in old),
            removed=tuple(each for each in old if each not in new),
            watch=any(each.change == watch for each in news),
            pending=changes.pending(self.started, config),
        )
        self.told(config, applied, news, by)
        done.set_result(applied)
        return done


@dataclass
class Settled:
    """A file, the settings of it, and who takes them.

    Args:
        at: Where the file is; None: where it is looked for. It need not be there.
        environ: Environment variables, which come before the file.
        overrides: Of the command line, which come before all.
    """

    at: Path | None
    environ: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = Given(self.at, dict(self.environ), dict(self.overrides), found="demo")
        loaded = given.load()
        self.station = Station(loaded.config)
        self.settings = Settings(given, loaded, self.station.apply)
        self.answer = self.settings.answer
        self.path = given.file()
