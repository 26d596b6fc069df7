"""What zones that are being drawn would have made of the clips that there are."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from smartrec.access.model import Scope
from smartrec.detection import zones
from smartrec.detection.presence import Rules
from smartrec.detection.trial import anchor, spread
from smartrec.units import SECOND, Ns
from smartrec.web import trials
from smartrec.web.clip_answers import kind_of
from smartrec.web.clip_models import CURSOR, MS, Kind, Moment, Name, cursor, cursor_text
from smartrec.web.recorder import Recorder
from smartrec.web.rights import Rights
from smartrec.web.trials import Page, Trials, Tried, Wanted

_MOST_ZONES: Final = 64
_MOST_CORNERS: Final = 200
_DIGITS: Final = 4
_USUAL: Final[dict[str, Any]] = {
    "min_confidence": 0.5,
    "frames": 2,
    "of": 3,
    "hysteresis": 0.1,
    "min_area": 0.0,
}
"""While the recorder says nothing of its own: its watch may not be there yet."""

_Responses = dict[int | str, dict[str, Any]]
Share = Annotated[float, Field(ge=0, le=1)]
Looks = Annotated[int, Field(ge=1, le=100)]


class Zone(BaseModel):
    """As in the settings; one that is being drawn may have any form."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=32)
    polygon: list[tuple[Share, Share]] = Field(max_length=_MOST_CORNERS)
    kind: Literal["include", "exclude"] = "include"
    anchor: Literal["bottom", "center", "any"] = "bottom"

    def zone(self) -> zones.Zone:
        """As the trigger logic takes it."""
        return zones.Zone(self.name, tuple(self.polygon), self.kind, self.anchor)


class Trigger(BaseModel):
    """Other rules than those in force; what is null stays."""

    model_config = ConfigDict(extra="forbid")

    min_confidence: Share | None = None
    frames: Looks | None = Field(
        default=None, description="So many of the newest `of` looks must count."
    )
    of: Looks | None = Field(default=None, description="At least `frames`.")
    hysteresis: Share | None = None
    min_area: Share | None = None


class TrialAsked(BaseModel):
    """Zones of a camera, and the time whose clips they are tried on."""

    model_config = ConfigDict(extra="forbid")

    camera: Name = Field(description="Its id.")
    zones: list[Zone] = Field(max_length=_MOST_ZONES)
    trigger: Trigger = Trigger()
    from_ms: Moment = Field(description="Clips begin at or after that.")
    to_ms: Moment = Field(description="Clips begin before that.")
    cursor: str | None = Field(None, pattern=CURSOR, description="Of the page before.")
    points: int = Field(trials.MOST_SEEN, ge=0, le=trials.MOST_SEEN, description="Of a clip.")


class ClipTried(BaseModel):
    """What would have become of a clip."""

    id: str
    start_ms: int
    state: trials.State = Field(
        description="kept: a person would have begun it. dropped: nobody would. manual: a key or a"
        " command did, so it is there all the same. unknown: nobody looked for persons."
    )
    score: float | None = Field(description="The highest that counts; null where none does.")
    points: list[tuple[float, float, bool]] = Field(
        description="Where persons were, some of them, as shares of the upright picture: the point"
        " that must lie in a zone, and whether it counts."
    )
    kind: Kind | None = Field(description="As in the clip's own answer.")
    thumbnail: bool = Field(description="Whether the clip has one.")


class Trial(BaseModel):
    """Some clips, newest first."""

    clips: list[ClipTried]
    cursor: str | None = Field(description="`cursor` of the next page; null at the end.")


def routes(recorder: Recorder, tried: Trials, rights: Rights, refusals: _Responses) -> APIRouter:
    """See the module.

    Args:
        recorder: Knows the rules in force.
        tried: Answers.
        rights: Who may do what.
        refusals: How a request with a body may be refused.
    """
    router = APIRouter(prefix="/zones", responses=refusals)

    @router.post("/trial", dependencies=[rights.needs(Scope.ADMIN)])
    async def trial(asked: TrialAsked) -> Trial:
        """Which clips there would be, had these zones been the camera's: a page of them.

        Each clip is judged by itself, as if nobody had been there before it.
        """
        wanted = Wanted(
            camera=asked.camera,
            since=asked.from_ms * MS,
            until=asked.to_ms * MS,
            before=cursor(asked.cursor),
            rules=_rules(await recorder.status(), asked.trigger),
            zones=tuple(each.zone() for each in asked.zones if len(each.polygon) > 2),
        )
        return _told(await tried.ask(wanted), wanted, asked.points)

    return router


def _rules(status: dict[str, Any], asked: Trigger) -> Rules:
    """Those in force, where nothing else is asked for."""
    own = status.get("settings", {}).get("trigger", {})
    of_model = (status.get("watch") or {}).get("min_confidence")
    rules = dict(_USUAL)
    for told in ({"min_confidence": of_model}, own, asked.model_dump()):
        rules |= {name: told[name] for name in _USUAL if told.get(name) is not None}
    rest = Ns(round(own.get("stationary_after_s", 0) * SECOND))
    rules["of"] = max(rules["of"], rules["frames"])
    return Rules(**rules, cooldown=Ns(0), stationary_after=rest)


def _told(page: Page, wanted: Wanted, points: int) -> Trial:
    last = page.tried[-1].clip.cursor if page.more else None
    return Trial(
        clips=[_clip(each, wanted.zones, points) for each in page.tried],
        cursor=None if last is None else cursor_text(last),
    )


def _clip(tried: Tried, among: tuple[zones.Zone, ...], points: int) -> ClipTried:
    shown = spread(tried.seen, points)
    at = [(*anchor(each.box, among), each.counts) for each in shown]
    return ClipTried(
        id=tried.clip.clip_id,
        start_ms=tried.clip.start_wall_ns // MS,
        state=tried.state,
        score=tried.score,
        points=[(round(x, _DIGITS), round(y, _DIGITS), counts) for x, y, counts in at],
        kind=kind_of(tried.clip),
        thumbnail=tried.clip.has_thumbnail,
    )
