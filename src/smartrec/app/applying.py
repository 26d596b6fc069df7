"""The settings that a station goes by, and how it takes others while it runs. Station thread only.

Whatever goes by settings is told of the new ones, and does what follows from the difference itself:
a camera that is the same goes on, and so do clips that are open.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from smartrec.app.arming import Arming
from smartrec.app.cameras import Cameras
from smartrec.app.clips import Recorder
from smartrec.app.finishing import Finishers, Order
from smartrec.app.housekeeping import limits_of
from smartrec.app.keeper import Keeper
from smartrec.app.settings_events import MOST_KEYS, SettingsChanged
from smartrec.app.smart_record import SmartRecord
from smartrec.app.smart_setup import longest_of
from smartrec.app.watching import Watching, latest_of
from smartrec.clock import Instant
from smartrec.config.changes import Changed, changed, in_force, pending, restarted
from smartrec.config.schema import Config
from smartrec.media.watch.messages import Setup
from smartrec.recording.session import Timing
from smartrec.units import Ns


@dataclass(frozen=True, slots=True)
class Applied:
    """What other settings did to a running recorder; cameras are told by their ids.

    Attributes:
        restarted: Cameras whose capture starts anew.
        added: Cameras that come.
        removed: Cameras that go; their clips are finished.
        watch: Whether the watch is made anew: for some seconds nobody is looked for.
        pending: Keys of what is not in force before smartrec is started anew.
    """

    restarted: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    watch: bool = False
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Settings, who wants them, and where it is waited for what comes of it."""

    config: Config
    by: str
    applied: "Future[Applied]" = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a station goes by settings, beside its viewer.

    Attributes:
        setup_of: What the watch is told to do by settings.
    """

    finishers: Finishers
    keeper: Keeper
    cameras: Cameras
    smart: SmartRecord
    watching: Watching
    arming: Arming
    setup_of: Callable[[Config], Setup]


class InForce:
    """See the module.

    Args:
        config: The settings that the station starts with.
        order: How clips are finished by them.
        recorder: How clips are recorded by them.
        parts: Who goes by them.
    """

    def __init__(self, config: Config, order: Order, recorder: Recorder, parts: Parts) -> None:
        self._wanted = self._config = config
        self._order = order
        self._recorder = recorder
        self._parts = parts

    @property
    def config(self) -> Config:
        """The settings in force; any thread."""
        return self._config

    def apply(
        self, wanted: Wanted, instant: Instant, now: Ns
    ) -> tuple[Applied, SettingsChanged | None]:
        """Go by other settings as far as a running recorder can.

        Args:
            wanted: Those.
            instant: The wall time.
            now: The time.

        Returns:
            What came of it, and what is to be told; None where nothing differs.
        """
        changes = changed(self._wanted, wanted.config)
        old, config = self._config, in_force(self._config, wanted.config)
        self._order = order_by(config, self._order)
        self._recorder = recorder_by(config, self._recorder)
        parts = self._parts
        parts.finishers.apply(self._order, config.recording.finishers)
        parts.keeper.limit(limits_of(config))
        moved = parts.cameras.apply(config.camera, self._recorder, restarted(old, config), now)
        present = parts.cameras.present
        parts.smart.apply(config)
        watch = parts.watching.apply(config, present, parts.setup_of(config))
        parts.arming.apply(config, present, instant)
        # Only now: what fails half-way is done as a whole by the next attempt.
        self._wanted, self._config = wanted.config, config
        come = moved.restarted, moved.added, moved.removed
        applied = Applied(*come, watch, pending(config, wanted.config))
        return applied, _told(wanted.by, changes, applied) if changes else None


def timing_of(config: Config) -> Timing:
    """How much is recorded around a trigger."""
    how = config.recording
    return Timing(how.pre_roll, how.post_roll, longest_of(config), config.digest())


def order_by(config: Config, order: Order) -> Order:
    """The same with what the settings say of it."""
    how = config.recording
    return replace(order, format=how.format, encoder=how.encoder, quality=how.quality)


def recorder_by(config: Config, recorder: Recorder) -> Recorder:
    """The same with what the settings say of it."""
    return replace(
        recorder,
        timing=timing_of(config),
        ring_bytes=config.ring.max_bytes,
        late=latest_of(config),
    )


def _told(by: str, changes: tuple[Changed, ...], applied: Applied) -> SettingsChanged:
    keys = list(dict.fromkeys(each.key for each in changes))
    return SettingsChanged(
        by,
        tuple(keys[:MOST_KEYS]),
        len(keys[MOST_KEYS:]),
        applied.restarted,
        applied.added,
        applied.removed,
        applied.watch,
        applied.pending,
    )
