"""`smartrec run` and `smartrec demo`: the main job."""

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import click

from smartrec import units
from smartrec.app import identity, mounts
from smartrec.app.bus import Bus
from smartrec.app.console import Console
from smartrec.app.control import ControlServer, socket_path
from smartrec.app.heap import share_arenas
from smartrec.app.keys import TerminalKeys, has_terminal
from smartrec.app.logbook import Logbook
from smartrec.app.page import Page, setup_of
from smartrec.app.patience import patiently
from smartrec.app.recovery import journals_of
from smartrec.app.settings import Settings
from smartrec.app.station import Places, Station
from smartrec.app.wire import listens
from smartrec.cli.log import set_log_level
from smartrec.cli.options import GivenPath
from smartrec.clock import SystemClock
from smartrec.config.load import Given
from smartrec.errors import ControlError, RecorderRunning, StoreError
from smartrec.media import devices
from smartrec.model import Action, Command, new_id
from smartrec.places import cache_dir, state_dir
from smartrec.units import Ns

log = logging.getLogger(__name__)


class Duration(click.ParamType[Ns]):
    """A duration as people write it: ``30s``, ``1m30s``."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Ns:
        """See `smartrec.units.duration`."""
        try:
            return units.duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.option(
                "--source", help="usb | usb:/dev/video0 | file:PATH | demo", metavar="SOURCE"
            ),
            click.option("--config", type=GivenPath(), help="Settings file."),
            click.option("--clips", type=GivenPath(looked_at=False), help="Where clips go."),
            click.option("--for", "length", type=Duration(), help="Record so long, then end."),
            click.option("--headless", is_flag=True, help="Show nothing, even on a screen."),
            click.option("--window", is_flag=True, help="Begin in a window, not full screen."),
            click.option("--no-page", is_flag=True, help="Serve no page to browsers."),
            click.option("--port", type=int, help="Where it is served; 0: any that is free."),
            click.option("--no-detect", is_flag=True, help="Do not look for persons."),
            click.option(
                "--engine",
                type=click.Choice(["auto", "deepstream", "portable"]),
                help="What detects and shows.",
            ),
            click.option("--model", help="ONNX file or DeepStream configuration.", metavar="PATH"),
            click.option(
                "--min-confidence", type=float, help="From which a person counts, 0 to 1."
            ),
            click.option("--size", help="Picture size to ask for, such as 1280x720."),
            click.option("--fps", type=float, help="Pictures a second to ask for."),
            click.option("--pre-roll", help="Seconds kept from before an event."),
            click.option("--post-roll", help="Seconds kept after it."),
            click.option("--max-length", help="Of one clip; longer events go on in another."),
            click.option(
                "--format",
                "format_",
                type=click.Choice(["mp4", "copy"]),
                help="H.264 in MP4, or the camera's own bits in Matroska.",
            ),
            click.option(
                "--recorder",
                type=click.Choice(["ring", "nvdssr"]),
                help="smartrec's own, or DeepStream's Smart Record.",
            ),
            click.option(
                "--new-disk",
                is_flag=True,
                help="Clips go to the disk that is there, whatever was there before.",
            ),
        )
    ):
        command = option(command)
    return command


@click.command()
@_options
def run(**given: object) -> None:
    """Watch the cameras and record events: a clip around every person.

    With no settings: the first camera that gives video, full screen where there is a screen. Keys:
    R records now (again: longer), S stops, ESC or Q ends; on the screen F is full screen or window,
    1 to 9 one camera, 0 all.
    """
    _record(given)


@click.command()
@_options
def demo(**given: object) -> None:
    """Like run, with the built-in demo camera: a hall in which a person comes and goes.

    Every camera that the settings file names shows that hall; its other settings hold.
    """
    given["source"] = given["source"] or "demo"
    _record(given)


def overrides_of(given: Mapping[str, object]) -> dict[str, object]:
    """The dotted settings that the options of `run` and `demo` stand for; None is not given.

    Raises:
        click.UsageError: Two of them contradict each other.
    """
    if given["headless"] and given["window"]:
        raise click.UsageError("--headless has no window: leave one of the two out")
    if given["no_page"] and given["port"] is not None:
        raise click.UsageError("--no-page has no port: leave one of the two out")
    return {
        "camera.source": given["source"],
        "camera.size": given["size"],
        "camera.fps": given["fps"],
        "recording.directory": given["clips"],
        "recording.pre_roll": given["pre_roll"],
        "recording.post_roll": given["post_roll"],
        "recording.max_length": given["max_length"],
        "recording.format": given["format_"],
        "recording.recorder": given["recorder"],
        "detector.engine": given["engine"],
        "detector.model": given["model"],
        "detector.min_confidence": given["min_confidence"],
        "detector.enabled": False if given["no_detect"] else None,
        "web.enabled": False if given["no_page"] else None,
        "web.port": given["port"],
        "screen.show": "off" if given["headless"] else None,
        "screen.fullscreen": False if given["window"] else None,
    }


def _record(given: dict[str, object]) -> None:
    overrides = overrides_of(given)
    path, length, new_disk = given["config"], given["length"], bool(given["new_disk"])
    assert path is None or isinstance(path, Path)
    assert length is None or isinstance(length, int)
    length = None if length is None else Ns(length)
    record(overrides, path=path, length=length, new_disk=new_disk)


def record(
    overrides: dict[str, object],
    *,
    path: Path | None = None,
    length: Ns | None = None,
    new_disk: bool = False,
    origin: str = "command line",
) -> None:
    """Record until ESC, a signal, the end of every source, or `length`.

    Args:
        overrides: Dotted settings that come before all others; None means not given.
        path: Settings file; None looks for one.
        length: How long; None means until told to stop.
        new_disk: Use the disk that is there, were the clips on another before.
        origin: What to call the source of `overrides`.

    Raises:
        SmartrecError: It cannot begin; once it runs, a camera's or the disk's trouble does not end
            it.
    """
    share_arenas()
    book = Logbook(SystemClock())
    with book.listening():
        _recorded(book, settled(path, overrides, origin=origin), length, new_disk=new_disk)


def _recorded(book: Logbook, given: Given, length: Ns | None, *, new_disk: bool) -> None:
    loaded = given.load()
    config = loaded.config
    context = click.get_current_context(silent=True)
    by_settings = context is None or context.find_root().obj is None
    if by_settings:
        set_log_level(config.log.level)
    directory, elsewhere = config.recording.directory, config.recording.journal_dir
    lock, places = patiently(lambda: _claimed(directory, elsewhere, new_disk=new_disk), directory)
    clips = places.clips
    with lock:
        clock = SystemClock()
        bus = Bus(clock)
        say = book.beside(_say)
        if (other := given.unread()) is not None:
            say(f"settings: those of {loaded.path}; nothing of {other} is read here")
        console = Console(bus.subscribe(durable_only=True), say, clock)
        console.start()
        station_id = identity.station_id(state_dir())
        station = Station(config, places, station_id, clock, bus, terminal_keys=has_terminal())
        if by_settings:
            station.set_log_level = set_log_level
        page = None
        if config.web.enabled:
            setup = setup_of(config, places, station_id, _control_path(clips))
            station.viewer = page = Page(setup, bus, clock, station.inform)
        settings = Settings(given, loaded, station.apply)
        _serve(station, _control(station, settings, book, clips), length, page)
        bus.close()
        console.join(timeout=5)


def _claimed(
    directory: Path, elsewhere: Path | None, *, new_disk: bool
) -> tuple[identity.DirectoryLock, Places]:
    """The clip directory, owned, and where all is kept."""
    for each in (directory, *([] if elsewhere is None else [elsewhere])):
        mounts.settle(each, state_dir(), new_disk=new_disk)
    lock = identity.DirectoryLock.acquire(directory)
    try:
        # A link on the way may be changed meanwhile: all goes where the lock is.
        clips = Path(os.path.realpath(directory))
        _refuse_second(clips)
        journals = _made(Path(os.path.realpath(journals_of(clips, elsewhere))))
    except BaseException:
        lock.release()
        raise
    return lock, Places(clips, journals, cache_dir(), state_dir())


def _refuse_second(clips: Path) -> None:
    """A lock goes with the file that it is on; who had it goes on, and would lose its journals."""
    try:
        answers = listens(socket_path(clips, os.environ))
    except ControlError:  # of which `_control` tells
        return
    if answers:
        raise RecorderRunning(
            f"another recorder still keeps its clips in {clips}",
            hint="Its directory was removed, or its disk changed, while it ran: stop it first",
        )


def _made(journals: Path) -> Path:
    try:
        journals.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"journals cannot be kept in {journals}: {error.strerror}",
            hint="Change journal_dir in [recording], or leave it out: see smartrec config show",
        ) from error
    return journals


def settled(
    path: Path | None,
    overrides: dict[str, object],
    *,
    origin: str = "command line",
    told: Callable[..., object] = log.warning,
) -> Given:
    """What the settings are made of, with a camera: a real one where there is any, else the demo.

    Which of the two is settled here, for as long as the program runs.

    Args:
        path: Settings file; None looks for one.
        overrides: Dotted settings that come before all others; None means not given.
        origin: What to call their source.
        told: Takes the warning that it is the demo camera.

    Raises:
        ConfigError: They are wrong.
    """
    given = Given(path, dict(os.environ), overrides, origin)
    loaded = given.load()
    if loaded.config.camera and loaded.origins.get("camera[0].source") != "default":
        return given
    source = "usb" if devices.cameras() else "demo"
    if source == "demo":
        told("no camera is plugged in: this is the demo camera (see: smartrec cameras)")
    return replace(given, found=source)


def _serve(
    station: Station, control: AbstractContextManager[None], length: Ns | None, page: Page | None
) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda signum, _: station.stop(signal.Signals(signum).name))
    with control, TerminalKeys(_on_key(station)) as keys, _shown(page):
        with suppress(OSError):  # a recorder does not need to be read
            _say(keys.explain())
        station.run(length=length)


@contextmanager
def _shown(page: Page | None) -> Iterator[None]:
    if page is None:
        yield
        return
    page.start()
    try:
        yield
    finally:
        page.close()


def _control_path(clips: Path) -> str:
    """Where commands reach the recorder; empty where they cannot, of which `_control` tells."""
    try:
        return str(socket_path(clips, os.environ))
    except ControlError:
        return ""


@contextmanager
def _control(station: Station, settings: Settings, book: Logbook, clips: Path) -> Iterator[None]:
    """Let `smartrec trigger` reach the station; a recorder that cannot be reached still records."""

    def status() -> Mapping[str, object]:
        return {**station.status(), "settings": settings.status()}

    try:
        place = socket_path(clips, os.environ)
        server = ControlServer(place, station.submit, status, settings.answer)
    except ControlError as error:
        hint = f" ({error.hint})" if error.hint else ""
        log.warning("smartrec trigger will not reach this recorder: %s%s", error, hint)
        yield
        return
    server.log = book.since
    server.start()
    try:
        yield
    finally:
        settings.close()
        server.close()


def _on_key(station: Station) -> Callable[[str], None]:
    def on_key(key: str) -> None:
        if key in ("esc", "q"):
            station.stop("ESC" if key == "esc" else "Q")
        elif key in ("r", "s"):
            action = Action.START if key == "r" else Action.STOP
            station.submit(Command(new_id(), None, action, reason=f"key-{key.upper()}"))

    return on_key


def _say(line: str) -> None:
    """Print a line. An OSError means that nobody will read the next one either."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:  # a log on a full disk takes the next line, or a later one
            raise
