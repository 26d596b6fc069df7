"""How the recorder is doing, as the API tells it."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from smartrec.web.clip_models import Moment, Name
from smartrec.web.settings_api import Problem

MOST_POINTS: Final = 600

Status = Literal["ok", "warn", "bad"]

_Counts = list[int | None]
_Values = list[float | None]


class HistoryAsked(BaseModel):
    """Which time, and how finely."""

    model_config = ConfigDict(extra="forbid")

    camera: Name | None = Field(default=None, description="Its id; without: all of them.")
    from_ms: Moment
    to_ms: Moment
    points: int = Field(default=300, ge=1, le=MOST_POINTS, description="Of each row, at most.")


class CameraHistory(BaseModel):
    """How a camera did: one value for each step of `at_ms`, null where nothing is known."""

    id: str
    fps: _Values = Field(description="Pictures a second, in the worst second of the step.")
    fps_mean: _Values = Field(description="The same, on average.")
    lost: _Counts = Field(description="Pictures that were numbered and never came.")
    damaged: _Counts = Field(description="Pictures that came and were not whole.")
    ring_s: _Values = Field(description="Time that the ring held, on average.")
    ring_bytes: _Counts = Field(description="Memory that the ring held, on average.")
    looks: _Counts = Field(description="Pictures in which persons were looked for.")
    infer_ms: _Values = Field(description="Time for which the model was asked, on average.")
    persons: _Counts = Field(description="The most that were seen at once.")


class History(BaseModel):
    """How the cameras did, from the oldest step to the newest."""

    step_ms: int = Field(description="From one step to the next.")
    at_ms: list[int] = Field(description="Where each step begins; the same for all cameras.")
    since_ms: int = Field(
        description="What was before is not known, for the page's process began then."
    )
    cameras: list[CameraHistory]


class CameraDisk(BaseModel):
    """What a camera's clips take."""

    id: str
    name: str
    clips: int
    bytes: int
    per_day_bytes: int | None = Field(description="See below.")


class Kept(BaseModel):
    """The limits of the settings."""

    max_bytes: int | None
    max_age_s: float | None
    min_free_bytes: int = Field(description="To be kept free: never more than a tenth of the disk.")


class Disk(BaseModel):
    """What clips take, and how long there is room for more."""

    total: int | None = Field(description="Of the disk; null where that cannot be told.")
    free: int | None
    clips: int = Field(description="Finished ones, also in the trash.")
    clips_bytes: int
    per_day_bytes: int | None = Field(
        description="Mean of the last seven days, or of as many as there are clips of; null below"
        " one day."
    )
    full_ms: int | None = Field(
        description="When, at that rate, no more room is left but what shall be free; null: never,"
        " for clips are deleted before, or not known."
    )
    begins_to_delete_ms: int | None = Field(
        description="When, at that rate, clips are deleted to keep a limit or to make room; null:"
        " never, or not known."
    )
    why_delete: Literal["age", "bytes", "room"] | None = Field(description="Of that: what for.")
    keeps_days: float | None = Field(
        description="Of how many days there are clips then, at that rate; null: not known."
    )
    limits: Kept
    cameras: list[CameraDisk]


class LogLine(BaseModel):
    """What the recorder said."""

    n: int = Field(description="Counts from 1 from the recorder's start on.")
    at_ms: int
    level: Literal["debug", "info", "warning", "error"] = Field(
        description="info: what happened, as the recorder says it on a terminal."
    )
    text: str


class Log(BaseModel):
    """The newest of what the recorder said, oldest first."""

    run: str = Field(description="Another one: the recorder was started anew, and counts anew.")
    lines: list[LogLine]
    next: int = Field(description="`since` of the next question.")


class Finding(BaseModel):
    """What doctor found."""

    check: str
    status: Status
    what: str
    why: str
    mend: str = Field(description="A command, or what to do; empty where nothing is amiss.")


class Doctor(BaseModel):
    """What doctor found last."""

    state: Literal["never", "running", "done", "failed"]
    begun_ms: int | None
    at_ms: int | None = Field(description="When it was done; null while it is not.")
    status: Status | None = Field(description="The gravest of all.")
    exit: int | None = Field(description="Of smartrec doctor: 0 it can record, 1 it cannot.")
    checks: list[Finding] = Field(description="As in the last run that was done.")
    error: Problem | None = Field(description="Why it failed.")
