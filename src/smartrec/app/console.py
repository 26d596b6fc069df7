"""One line a fact, for the terminal and the log; what repeats is told once and then counted."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

from smartrec.app.arming_events import until_in_words
from smartrec.app.bus import Subscription
from smartrec.app.events import (
    ArmingChanged,
    CameraBack,
    CameraLost,
    CameraPowerCycled,
    CameraSilent,
    CameraStarted,
    ClipClosed,
    ClipDeleted,
    ClipExtended,
    ClipFailed,
    ClipOpened,
    ClipReady,
    CommandRefused,
    DetectorRefused,
    DiskBack,
    DiskHasRoom,
    DiskLost,
    DiskLow,
    DiskRanFull,
    Event,
    MicrophoneBack,
    MicrophoneLost,
    Overrun,
    PageLost,
    PageRefused,
    PageServing,
    PicturesLost,
    SettingsChanged,
    StationStarted,
    StationStopped,
    WatchLost,
    WatchPreparing,
    WatchStarted,
)
from smartrec.clock import Clock
from smartrec.units import SECOND, Ns, in_words

WINDOW: Final = Ns(10 * SECOND)
# Each of the others happens once for a clip or for a run, and every one of them is wanted.
_REPEATING: Final = (
    CameraLost,
    CameraSilent,
    CameraPowerCycled,
    CameraBack,
    MicrophoneLost,
    MicrophoneBack,
    PicturesLost,
    CommandRefused,
    ClipDeleted,
    DiskRanFull,
    DiskHasRoom,
    DiskLow,
    DiskLost,
    DiskBack,
    WatchLost,
    DetectorRefused,
    PageRefused,
    PageLost,
    Overrun,
)


@singledispatch
def line(event: Event) -> str:
    """An event in one line for people; empty for a state."""
    return ""


@line.register
def _(event: StationStarted) -> str:
    return f"watching {_listed(event.cameras) or 'no camera'}; clips go to {event.clip_dir}"


@line.register
def _(event: StationStopped) -> str:
    plural = "s" * (event.frames_lost != 1)
    lost = f", {event.frames_lost} picture{plural} lost" if event.frames_lost else ""
    return f"stopped ({event.reason}): {event.clips} clip{'s' * (event.clips != 1)}{lost}"


@line.register
def _(event: CameraStarted) -> str:
    return f"{event.camera}: {event.description}" + (f" ({event.notice})" if event.notice else "")


@line.register
def _(event: CameraLost) -> str:
    retry = "" if event.retry_s is None else f"; trying again in {event.retry_s:.1f} s"
    stands = "lost" if event.seen_before else "no picture yet"
    return f"{event.camera}: {stands}: {event.reason}{retry}" + _hint(event.hint)


@line.register
def _(event: CameraSilent) -> str:
    return f"{event.camera}: no picture for {event.quiet_s:.1f} s"


@line.register
def _(event: CameraPowerCycled) -> str:
    return f"{event.camera}: the power of USB port {event.port} is switched off and on"


@line.register
def _(event: CameraBack) -> str:
    return f"{event.camera}: back after {event.away_s:.1f} s"


@line.register
def _(event: MicrophoneLost) -> str:
    retry = "" if event.retry_s is None else f"; trying again in {event.retry_s:.1f} s"
    return f"{event.camera}: no sound: {event.reason}{retry}" + _hint(event.hint)


@line.register
def _(event: MicrophoneBack) -> str:
    return f"{event.camera}: sound is back after {event.away_s:.1f} s"


@line.register
def _(event: PicturesLost) -> str:
    where = f" in clip {event.clip_id}" if event.clip_id else ""
    plural = "s" * (event.count != 1)
    return f"{event.camera}: {event.count} picture{plural} lost{where}: {event.cause}"


@line.register
def _(event: CommandRefused) -> str:
    return f"{event.camera or 'all cameras'}: refused: {event.reason}"


@line.register
def _(event: ClipOpened) -> str:
    if event.part > 1:
        return f"{event.camera}: recording goes on in part {event.part}"
    less = f" ({event.asked_pre_s:.1f} s asked)" * (event.pre_roll_s < event.asked_pre_s - 0.05)
    return (
        f"{event.camera}: recording ({event.reason}) from {event.pre_roll_s:.1f} s before it{less}"
    )


@line.register
def _(event: ClipExtended) -> str:
    return f"{event.camera}: extended ({event.reason}), {event.remaining_s:.1f} s to go"


@line.register
def _(event: ClipClosed) -> str:
    return f"{event.camera}: {event.duration_s:.1f} s recorded ({event.state}), finishing"


@line.register
def _(event: ClipReady) -> str:
    lost = _listed(tuple(f"{count} {cause}" for cause, count in event.lost.items() if count))
    return (
        f"{event.camera}: clip ready {event.path}  {event.duration_s:.1f} s, "
        f"{event.frames_written} of {event.frames_expected} frames"
        + (f" (lost: {lost})" if lost else "")
        + (f" [{event.state}]" if event.state != "complete" else "")
    )


@line.register
def _(event: ClipFailed) -> str:
    kept = f"; kept: {event.kept}" if event.kept else ""
    return f"{event.camera}: clip {event.clip_id} failed: {event.reason}{kept}" + _hint(event.hint)


@line.register
def _(event: ClipDeleted) -> str:
    why = {
        "age": "for its age",
        "bytes": "to keep to max_bytes",
        "room": "to make room",
        "trash": "from the trash",
    }
    return f"{event.camera}: deleted {event.path} {why.get(event.reason, event.reason)}"


@line.register
def _(event: DiskRanFull) -> str:
    said = f"clips cannot be written to {event.directory}: {event.reason}; cameras go on"
    return said + _hint(event.hint)


@line.register
def _(event: DiskHasRoom) -> str:
    return f"clips can be written to {event.directory} again"


@line.register
def _(event: DiskLow) -> str:
    return (
        f"the disk is nearly full: {event.free_bytes / 1e6:.0f} MB of {event.directory} are free, "
        f"{event.wanted_bytes / 1e6:.0f} MB shall be; {event.reason}" + _hint(event.hint)
    )


@line.register
def _(event: DiskLost) -> str:
    return f"{event.reason}; cameras go on, clips cannot be written" + _hint(event.hint)


@line.register
def _(event: DiskBack) -> str:
    return f"the disk of {event.directory} is back"


@line.register
def _(event: WatchStarted) -> str:
    note = event.note
    if note and not event.screen:
        note = f"nothing is shown: {note[0].lower()}{note[1:]}"
    sees = f"sees persons from {event.min_confidence:.0%} on ({event.model})"
    parts = ("" if event.engine == "none" else sees, event.engine_note, note)
    return "; ".join(part for part in parts if part)


@line.register
def _(event: WatchPreparing) -> str:
    return f"{event.what}: {event.elapsed_s} s so far"


@line.register
def _(event: WatchLost) -> str:
    return f"{event.reason}; recording goes on, the watch is back in {event.retry_s:.1f} s"


@line.register
def _(event: DetectorRefused) -> str:
    return f"nobody is looked for: {event.reason}" + _hint(event.hint)


@line.register
def _(event: ArmingChanged) -> str:
    until, missed = until_in_words(event.until), event.unrecorded
    seen = f"; {missed} person{'s' * (missed != 1)} not recorded meanwhile" * bool(missed)
    return f"{event.camera}: {'armed' if event.armed else 'disarmed'} ({event.cause}){until}{seen}"


@line.register
def _(event: SettingsChanged) -> str:
    moved = (
        ("starts anew", event.restarted),
        ("comes", event.added),
        ("goes", event.removed),
    )
    parts = [f"{_listed(cameras)} {how}" for how, cameras in moved if cameras]
    parts += ["the watch starts anew"] * event.watch
    waiting = f"{_listed(event.pending)}: only with a new start of smartrec"
    parts += [waiting] * bool(event.pending)
    more = f" and {event.more} more" * bool(event.more)
    return f"settings changed ({event.by}): " + "; ".join([_listed(event.keys) + more, *parts])


@line.register
def _(event: PageServing) -> str:
    known = f" (its certificate: SHA-256 {event.fingerprint})" * bool(event.fingerprint)
    return f"page: {event.address}{known}" + _hint(event.warning)


@line.register
def _(event: PageRefused) -> str:
    return f"no page: {event.reason}" + _hint(event.hint)


@line.register
def _(event: PageLost) -> str:
    return f"{event.reason}; recording goes on, the page is back in {event.retry_s:.1f} s"


@line.register
def _(event: Overrun) -> str:
    return f"{event.lost} messages were not shown: the terminal was too slow"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def _hint(hint: str) -> str:
    return f" - {hint}" if hint else ""


@dataclass(slots=True)
class _Held:
    """What came again within its window."""

    ends: Ns
    times: int = 0
    latest: str = ""


class Repeats:
    """Lets the first of a kind through at once, and then one line for each window. Pure."""

    def __init__(self, window: Ns = WINDOW) -> None:
        self._window = window
        self._held: dict[tuple[str, ...], _Held] = {}

    def take(self, event: Event, now: Ns) -> str:
        """The event's line, or nothing where it is held back until `due`."""
        text = line(event)
        if not isinstance(event, _REPEATING):
            return text
        key = (event.type, event.subject, str(getattr(event, "cause", "")))
        held = self._held.get(key)
        if held is None:
            self._held[key] = _Held(Ns(now + self._window))
            return text
        held.times += 1
        held.latest = text
        return ""

    def due(self, now: Ns, *, all_: bool = False) -> list[str]:
        """A line for each kind whose window is over and in which it came again."""
        lines = []
        for key, held in list(self._held.items()):
            if not all_ and now < held.ends:
                continue
            if held.times:
                times = f"  ({held.times} times in {in_words(self._window)})" * (held.times > 1)
                lines.append(held.latest + times)
                self._held[key] = _Held(Ns(now + self._window))
            else:
                del self._held[key]
        return lines


class Console(threading.Thread):
    """Writes the lines, on its own thread: a terminal that is held up must not hold up cameras.

    It ends when its subscription is closed and read to the end.

    Args:
        subscription: Facts; states are passed over.
        write: Gets each line without its end; an OSError of it (a closed pipe) ends the writing.
        clock: For the windows.
    """

    def __init__(
        self, subscription: Subscription, write: Callable[[str], object], clock: Clock
    ) -> None:
        super().__init__(name="console", daemon=True)
        self._subscription = subscription
        self._write = write
        self._clock = clock

    def run(self) -> None:
        """Write until closed; called by `start`."""
        repeats = Repeats()
        try:
            while True:
                closed = self._subscription.closed  # asked first: then empty means for ever
                published = self._subscription.get(timeout=1.0)
                now = self._clock.monotonic()
                lines = [repeats.take(published.event, now)] if published else []
                ended = closed and published is None
                for text in (*lines, *repeats.due(now, all_=ended)):
                    if text:
                        self._write(text)
                if ended:
                    return
        except OSError:  # nobody reads any more; the recorder does not need to be read
            self._subscription.close()
