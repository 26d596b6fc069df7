"""What the API says of clips: times are milliseconds since 1970 UTC (``_ms``), lengths seconds.

Where a moment of a clip is meant, it counts from the first picture shown.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from smartrec.model import ClipState
from smartrec.store.briefs import Cursor, Filters

MS: Final = 1_000_000
"""Nanoseconds."""
LATEST: Final = 2**62 // MS
"""In the year 2116: nanoseconds a little behind it still have 63 bits."""
CURSOR: Final = r"^[0-9]{1,19}_[0-9a-f-]{36}$"
_TEXT_MAX: Final = 200
_NAMES_MAX: Final = 50
_NOTE: Final = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"

Moment = Annotated[int, Field(ge=0, le=LATEST)]
Name = Annotated[str, Field(max_length=_TEXT_MAX)]
Kind = Literal["video", "frames"]


class Asked(BaseModel):
    """Which clips are meant: those of which all of this is true."""

    model_config = ConfigDict(extra="forbid")

    camera: list[Name] = Field([], max_length=_NAMES_MAX, description="Ids; of one of these.")
    reason: list[Name] = Field(
        [], max_length=_NAMES_MAX, description="Of triggers; one of these is among them."
    )
    zone: list[Name] = Field([], max_length=_NAMES_MAX, description="A trigger names one of these.")
    min_score: float | None = Field(
        None, ge=0, le=1, description="A person's best score is at least that."
    )
    pinned: bool | None = None
    text: str | None = Field(
        None, max_length=_TEXT_MAX, description="Stands in the note or in the camera's name."
    )
    trash: bool = Field(False, description="In the trash, instead of not.")

    def filters(self, since: int | None = None, until: int | None = None) -> Filters:
        """As the catalogue is asked; `since` and `until` in milliseconds."""
        return Filters(
            cameras=frozenset(self.camera),
            reasons=frozenset(self.reason),
            zones=frozenset(self.zone),
            min_score=self.min_score,
            pinned=self.pinned,
            text=self.text,
            since=None if since is None else since * MS,
            until=None if until is None else until * MS,
            trashed=self.trash,
        )


class ListAsked(Asked):
    """Which page of a list of clips."""

    from_ms: Moment | None = Field(None, description="They begin at or after that.")
    to_ms: Moment | None = Field(None, description="They begin before that.")
    limit: int = Field(50, ge=1, le=200)
    before: str | None = Field(None, pattern=CURSOR, description="Older ones: `older`.")
    after: str | None = Field(None, pattern=CURSOR, description="Newer ones: `newer`.")


class TimelineAsked(Asked):
    """Which clips over which time."""

    from_ms: Moment
    to_ms: Moment
    bins: int = Field(200, ge=1, le=2000, description="In so many parts at most.")


class Brief(BaseModel):
    """What a list shows of a clip."""

    id: str
    event_id: str = Field(description="Parts of one event share it.")
    part: int = Field(description="Of the event, from 1.")
    camera: str = Field(description="Its id.")
    camera_name: str = Field(description="What it was called then.")
    state: ClipState
    open: bool = Field(description="It is being recorded or finished.")
    start_ms: int = Field(description="Of its first picture; while open, of where it begins.")
    duration_s: float | None = Field(description="null while open.")
    event_at_s: float | None = Field(description="Of its first trigger.")
    reason: str | None = Field(description="Of its first trigger.")
    reasons: list[str] = Field(description="Of all its triggers, each once.")
    persons: int = Field(description="How many were a trigger.")
    score: float | None = Field(description="The highest of theirs, 0 to 1.")
    zones: list[str]
    pinned: bool = Field(description="Never deleted to keep a limit.")
    note: str
    bytes: int | None = Field(description="Of its file; null while open.")
    lost: int | None = Field(description="Pictures that are missing; null while open.")
    kind: Kind | None = Field(
        description="video: /video plays. frames: JPEGs, /frames/N. null: there is no file."
    )
    thumbnail: bool = Field(description="Whether there is one.")
    trashed_ms: int | None = Field(description="When it was put into the trash.")


class ClipList(BaseModel):
    """Some clips, newest first."""

    clips: list[Brief]
    older: str | None = Field(description="`before` of the next page; null at the end.")
    newer: str | None = Field(description="`after` of the page before; null at the newest.")


class CameraTime(BaseModel):
    """One camera's clips over time; a number for each bin."""

    id: str
    name: str
    clips: list[int] = Field(description="That begin in the bin, or earlier for the first.")
    persons: list[int] = Field(description="In these clips.")
    seconds: list[float] = Field(description="Of the bin that clips hold.")


class Span(BaseModel):
    """When a clip is."""

    id: str
    camera: str
    start_ms: int
    duration_s: float = Field(description="While open, how long it will be as far as known.")
    open: bool
    reason: str | None
    persons: int
    pinned: bool


class Timeline(BaseModel):
    """Clips over time."""

    from_ms: int
    to_ms: int = Field(description="End of the last bin; at or a little after what was asked.")
    bin_ms: int
    total: int = Field(description="Clips in all bins.")
    cameras: list[CameraTime] = Field(description="By id; those with clips.")
    spans: list[Span] | None = Field(description="Oldest first; null where there are too many.")


class CameraFacet(BaseModel):
    """A camera that made clips."""

    id: str
    name: str = Field(description="The newest.")
    clips: int


class ReasonFacet(BaseModel):
    """A reason for clips."""

    reason: str
    clips: int


class ZoneFacet(BaseModel):
    """A zone that triggers name."""

    zone: str
    clips: int


class Facets(BaseModel):
    """What there is to filter by."""

    cameras: list[CameraFacet]
    reasons: list[ReasonFacet]
    zones: list[ZoneFacet]
    first_ms: int | None = Field(description="Where the first clip begins.")
    last_ms: int | None = Field(description="Where the last clip begins.")
    clips: int
    trash: int = Field(description="Clips in the trash.")
    trash_s: float = Field(
        description="So long each stays there at most; where room is needed, it goes sooner."
    )


class Media(BaseModel):
    """A clip's file, and what is to be done to see it."""

    kind: Kind
    mime: str
    rotate: int = Field(
        default=0, description="Degrees clockwise that the viewer must turn the picture."
    )
    flip: bool = Field(default=False, description="Then mirror it left to right.")
    width: int = Field(description="Pixels, before that.")
    height: int = Field(description="Pixels, before that.")
    complete: bool = Field(default=False, description="Whether it grows no more.")
    size: int = Field(default=0, description="Bytes; while it grows, so far.")
    first_s: float = Field(
        default=0.0,
        description="Media time of the first picture shown: what a video that is still growing"
        " has before it is to be skipped. 0 for all else.",
    )


class Why(BaseModel):
    """A trigger of a clip."""

    id: str
    reason: str
    at_s: float
    last_s: float | None = Field(description="For what lasts, when it was so last.")
    why: dict[str, Any] = Field(description="What led to it.")


class ClockTold(BaseModel):
    """How well the wall clock was known."""

    source: str
    synced: bool
    max_error_us: int | None


class Proof(BaseModel):
    """What is known of the clip's exactness."""

    expected: int | None
    written: int | None
    lost: dict[str, int] = Field(description="By cause.")
    surplus: int
    sha256: str | None
    encoder: str | None
    codec: str
    engine: str
    model_digest: str | None
    config_digest: str
    version: str
    clock: ClockTold
    boot_id: str
    silent_s: float | None = Field(description="Of its sound, silence filled in.")


class Clip(Brief):
    """All of a clip."""

    media: Media | None = Field(description="null where it cannot be shown.")
    problem: str | None = Field(description="Why it cannot be shown.")
    pre_s: float | None = Field(description="From the first picture to the first trigger.")
    post_s: float | None = Field(description="From the last trigger's end to the clip's end.")
    asked_pre_s: float
    asked_post_s: float
    triggers: list[Why]
    proof: Proof
    error: str | None = Field(description="Why it could not be finished.")
    file_name: str
    older: str | None = Field(description="Id of the clip before it.")
    newer: str | None = Field(description="Id of the clip after it.")


class Frames(BaseModel):
    """When pictures of a clip are shown."""

    first: int = Field(description="Which picture `at_ms` begins with, from 0.")
    at_ms: list[float] = Field(description="To the microsecond.")
    complete: bool = Field(description="Whether no more come behind these.")


class Person(BaseModel):
    """A person in a picture."""

    track: int
    box: list[float] = Field(
        description="Left, top, right and bottom, as fractions of the upright picture."
    )
    score: float


class Look(BaseModel):
    """What was found in a picture."""

    at_ms: float
    inferred: bool = Field(description="False: nothing had moved, so the model was not asked.")
    persons: list[Person]


class Looks(BaseModel):
    """What was seen in a clip, by time."""

    looks: list[Look]
    complete: bool = Field(description="False where a clip is so long that the rest is left out.")


class Change(BaseModel):
    """What is to be otherwise of a clip; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    pinned: bool | None = None
    note: str | None = Field(None, max_length=2000, pattern=_NOTE)


class Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")


def cursor(text: str | None) -> Cursor | None:
    """What `cursor_text` wrote; any that has its form is a place."""
    if text is None:
        return None
    moment, _, clip_id = text.partition("_")
    return Cursor(min(int(moment), 2**63 - 1), clip_id)


def cursor_text(place: Cursor) -> str:
    """A place in a list, as it is handed out."""
    return f"{max(0, place.start_wall_ns)}_{place.clip_id}"
