"""What is seen of one camera: persons become triggers, looks go beside the clips they belong to.

Station thread only.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from smartrec.app.clips import LATE
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.config.schema import Config
from smartrec.detection.presence import Presence, Rules
from smartrec.detection.zones import Zone
from smartrec.model import Look, Trigger, new_id
from smartrec.recording.session import OpenClip
from smartrec.units import MILLISECOND, SECOND, Ns

KEEP_EVERY: Final = Ns(2 * SECOND)
"""How much of a clip's looks goes to the catalogue at once."""
_LINGER: Final = Ns(60 * SECOND)
"""How long looks outlast the ring, for a catalogue that takes nothing just now."""
_HOLD_AT_LEAST: Final = Ns(800 * MILLISECOND)
_HOLD_AT_MOST: Final = Ns(5 * SECOND)
"""How long a clip stays open for someone who is there, until the next look has come: looks take
their time on the way, and are rarer than asked for where there is too much to look at. Too short,
and each look would begin a clip of its own, with all of its pre-roll."""

_NEVER: Final = Ns(0)

Keep = Callable[[str, Sequence[Look]], None]


@dataclass(slots=True)
class _Album:
    """The looks of one clip on their way to the catalogue."""

    epoch: int
    clip: OpenClip
    kept_until: Ns
    known: bool = False
    closed_at: Ns | None = None
    over: bool = False


class Sight:
    """One camera's persons.

    Args:
        camera: Its settings.
        config: All settings.
        keep: Takes looks of a clip for the catalogue.

    Attributes:
        persons: How many counted in the newest look.
    """

    def __init__(self, camera: CameraSettings, config: Config, keep: Keep) -> None:
        self._camera = camera
        self._config = config
        self._keep = keep
        self._presence: Presence | None = None
        self._confidence: float | None = None
        self._looks: deque[Look] = deque()
        self._albums: dict[str, _Album] = {}
        self._apart = 0
        self._looked = self._asked = 0
        self._infer_ms = 0.0
        self.persons = 0

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be kept."""
        return not self._albums

    def trust(self, min_confidence: float | None) -> None:
        """Count persons from this confidence on, or none; a change of it forgets who was seen."""
        if self._confidence != min_confidence:
            self._confidence = min_confidence
            self._presence = None
            if min_confidence is not None:
                self._presence = Presence(self._camera.id, *self._rules(min_confidence), new_id)

    def apply(self, camera: CameraSettings, config: Config) -> None:
        """Go by other settings; where these may count others, everybody is to count anew.

        Who does so goes on in the clip that is open.
        """
        before = self._config.trigger, self._camera.zone
        self._camera, self._config = camera, config
        known, confidence = self._presence, self._confidence
        if known is not None and confidence is not None and (config.trigger, camera.zone) != before:
            known.apply(*self._rules(confidence))

    def _rules(self, min_confidence: float) -> tuple[Rules, tuple[Zone, ...]]:
        """Who counts, and where."""
        rules = self._config.trigger
        made = Rules(
            min_confidence=min_confidence,
            frames=rules.frames,
            of=rules.of,
            hysteresis=rules.hysteresis,
            min_area=rules.min_area,
            cooldown=rules.cooldown,
            stationary_after=rules.stationary_after,
        )
        return made, tuple(Zone(z.name, z.polygon, z.kind, z.anchor) for z in self._camera.zone)

    @property
    def _horizon(self) -> Ns:
        """For how long looks are remembered."""
        return Ns(self._config.recording.pre_roll + LATE + _LINGER)

    @property
    def _hold(self) -> Ns:
        """How long somebody may go unseen: she may be missed in a picture."""
        of, fps = self._config.trigger.of, self._config.detector.fps
        return max(_HOLD_AT_LEAST, Ns(round(SECOND * (of + 1) / fps)))

    def take(self, look: Look, infer_ms: float, newest: Ns = _NEVER) -> tuple[Trigger, ...]:
        """Triggers that begin with this look, and those that still last by it.

        Args:
            look: What was seen.
            infer_ms: How long the model took for it.
            newest: The newest picture that came, which tells how late the look is.
        """
        self._looked += 1
        if look.inferred:
            self._asked += 1
            self._infer_ms += infer_ms
        self._apart = look.pts - self._newest if self._looks else 0
        self._looks.append(look)
        while self._looks and look.pts - self._looks[0].pts > self._horizon:
            self._looks.popleft()
        if self._presence is None or not self._config.trigger.person:
            return ()
        triggers = self._presence.take(look)
        self.persons = self._presence.persons
        return tuple(self._held(trigger, newest) for trigger in triggers)

    def renew(self, trigger: Trigger, newest: Ns = _NEVER) -> Trigger | None:
        """A new trigger for one that lasts while its clip has ended; see `Presence.renew`."""
        anew = None if self._presence is None else self._presence.renew(trigger.trigger_id)
        return None if anew is None else self._held(anew, newest)

    def rates(self) -> tuple[int, int, float]:
        """Since the last call: pictures looked at, of those inferred, and mean ms of these."""
        looked, asked, spent = self._looked, self._asked, self._infer_ms
        self._looked = self._asked = 0
        self._infer_ms = 0.0
        return looked, asked, spent / asked if asked else 0.0

    def turn(
        self, now: Ns, clips: Iterable[tuple[int, OpenClip]], known: Callable[[str], bool]
    ) -> None:
        """Give looks of the clips to the catalogue.

        Args:
            now: The time.
            clips: Not written yet, each behind the number of its epoch.
            known: Whether the catalogue has a row of a clip yet.
        """
        unwritten = self.note(clips)
        for clip_id, album in list(self._albums.items()):
            # Once is enough: a short clip may be finished before its last look has come.
            album.known = album.known or known(clip_id)
            if not album.over:
                self._attend(album, now)
            elif clip_id not in unwritten:
                del self._albums[clip_id]

    def note(self, clips: Iterable[tuple[int, OpenClip]]) -> set[str]:
        """Keep looks for these clips, which are not written yet; their ids."""
        noted = set()
        for epoch, clip in clips:
            noted.add(clip.clip_id)
            self._albums.setdefault(clip.clip_id, _Album(epoch, clip, clip.start))
        return noted

    def finish(self, known: Callable[[str], bool]) -> None:
        """Nothing will be seen any more."""
        for clip_id, album in self._albums.items():
            if album.known or known(clip_id):
                self._flush(album)
        self._albums.clear()

    @property
    def _newest(self) -> Ns:
        return self._looks[-1].pts if self._looks else Ns(0)

    def _attend(self, album: _Album, now: Ns) -> None:
        clip = album.clip
        if clip.closed:
            album.closed_at = now if album.closed_at is None else album.closed_at
            waited = now - album.closed_at
            # Of the last pictures the looks may be on their way; so may the catalogue's row.
            late = waited < LATE and self._newest < clip.end
            if late or (not album.known and waited < _LINGER):
                return
            album.over = True
        elif self._newest - album.kept_until < KEEP_EVERY:
            return
        if album.known:
            self._flush(album)

    def _flush(self, album: _Album) -> None:
        looks = [
            look
            for look in self._looks
            if look.epoch == album.epoch and album.kept_until <= look.pts < album.clip.end
        ]
        if looks:
            album.kept_until = Ns(looks[-1].pts + 1)
            self._keep(album.clip.clip_id, looks)

    def _held(self, trigger: Trigger, newest: Ns) -> Trigger:
        """With a post-roll so short that a clip would end between two looks, it ends later."""
        post = self._config.recording.post_roll
        hold = max(self._hold, min(_HOLD_AT_MOST, 2 * self._apart))
        late = newest - trigger.until
        if max(post, hold) <= late < _HOLD_AT_MOST:  # over before anybody could say that it is not
            hold = late + self._hold
        return trigger if post >= hold else replace(trigger, end=Ns(trigger.until + hold))
