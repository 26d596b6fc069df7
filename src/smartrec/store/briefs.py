"""What `smartrec.store.browsing` is asked and answers: plain values.

Wall times are nanoseconds since 1970 UTC.
"""

from dataclasses import dataclass
from typing import NamedTuple

from smartrec.model import ClipState
from smartrec.units import Ns


@dataclass(frozen=True, slots=True)
class Filters:
    """Which clips are meant: those of which all of this is true.

    Attributes:
        cameras: Of one of these, by id; empty means any.
        reasons: One of these was a trigger; empty means any.
        zones: One of these was named by a trigger; empty means any.
        min_score: A person's best score was at least that, 0 to 1.
        pinned: Pinned, or not.
        text: Stands in the note or in the camera's name; case does not matter.
        since: Begins at or after this wall time.
        until: Begins before this wall time.
        trashed: In the trash, or else not.
    """

    cameras: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    min_score: float | None = None
    pinned: bool | None = None
    text: str | None = None
    since: int | None = None
    until: int | None = None
    trashed: bool = False


class Cursor(NamedTuple):
    """A place in the order of all clips, which stays one when its clip goes."""

    start_wall_ns: int
    clip_id: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a list shows of a clip.

    Attributes:
        start_wall_ns: Of the first picture shown; until it is finished, of where it shall begin.
        duration: From the first picture to the end of the last; None until it is finished.
        event_at: From its start to its first trigger; None where that is not known.
        reason: Of the first trigger; None without any.
        reasons: Of all its triggers, each once, first come first.
        persons: How many were a trigger.
        best_score: The highest of theirs, 0 to 1; None without any.
        zones: That its triggers name, each once.
        bytes: Of the finished file; None until then.
        frames_lost: Pictures that are missing, for whatever cause; None until it is finished.
        codec: What the camera gave: jpeg, h264, h265.
        encoder: Recipe that made the file, or copy, remux; None until it is finished.
        suffix: Of its file, or of its journal until it is finished: ``".mp4"``, ``".mkv"``.
        trashed_ns: Wall time when it was put into the trash; None while it is not.
    """

    clip_id: str
    event_id: str
    part: int
    camera_id: str
    camera_name: str
    state: ClipState
    start_wall_ns: int
    duration: Ns | None
    event_at: Ns | None
    reason: str | None
    reasons: tuple[str, ...]
    persons: int
    best_score: float | None
    zones: tuple[str, ...]
    pinned: bool
    note: str
    bytes: int | None
    frames_lost: int | None
    codec: str
    encoder: str | None
    has_thumbnail: bool
    suffix: str
    trashed_ns: int | None

    @property
    def open(self) -> bool:
        """Whether it is still worked on."""
        return self.state in (ClipState.RECORDING, ClipState.FINISHING)

    @property
    def cursor(self) -> Cursor:
        """Where it stands."""
        return Cursor(self.start_wall_ns, self.clip_id)


@dataclass(frozen=True, slots=True)
class Span:
    """When a clip is, and what of it a timeline shows.

    Attributes:
        start_wall_ns: Its start.
        duration: How long it is; until it is finished, how long it shall be as far as asked.
        state: Says which of the two.
        reason: Of the first trigger; None without any.
    """

    clip_id: str
    camera_id: str
    start_wall_ns: int
    duration: Ns
    state: ClipState
    reason: str | None
    persons: int
    pinned: bool


@dataclass(frozen=True, slots=True)
class CameraDensity:
    """One camera's clips over time; a number for each bin.

    Attributes:
        camera_name: What people called it when the newest of these clips was made.
        clips: Those that begin in a bin; those that began earlier count in the first.
        persons: Of these clips.
        seconds: How much of a bin's time clips hold, of each what lies in it.
    """

    camera_id: str
    camera_name: str
    clips: list[int]
    persons: list[int]
    seconds: list[float]


@dataclass(frozen=True, slots=True)
class Density:
    """Clips over time.

    Attributes:
        begin_ns: Wall time where the first bin begins.
        end_ns: Wall time where clips are no longer counted.
        bin_ns: Length of a bin; the last may reach beyond `end_ns`.
        cameras: By id; only those with clips.
    """

    begin_ns: int
    end_ns: int
    bin_ns: int
    cameras: tuple[CameraDensity, ...]

    @property
    def clips(self) -> int:
        """How many there are."""
        return sum(sum(camera.clips) for camera in self.cameras)


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to filter by, each with the number of clips; trash left out.

    Attributes:
        cameras: Id, newest name, clips; by id.
        reasons: A trigger's reason, clips; most first.
        zones: A zone's name, clips; by name.
        first_ns: Wall time where the first clip begins; None without any.
        last_ns: Where the last begins.
        clips: How many there are.
        trash: How many are in the trash.
    """

    cameras: tuple[tuple[str, str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    zones: tuple[tuple[str, int], ...]
    first_ns: int | None
    last_ns: int | None
    clips: int
    trash: int
