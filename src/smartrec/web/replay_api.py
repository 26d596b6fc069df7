"""What other settings would have made of what was recorded; see `smartrec.app.replaying`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from smartrec.access.model import Scope
from smartrec.app import replay_question, settings_question
from smartrec.app.drafting import refuse_other_model
from smartrec.app.replay_outcome import Kind
from smartrec.app.settings_question import MOST_CHANGES, Do
from smartrec.errors import ConfigChanged
from smartrec.web.clip_models import MS, Moment, Name
from smartrec.web.doorman import Deed
from smartrec.web.recorder import Recorder
from smartrec.web.replays import Replay, Replays, State
from smartrec.web.rights import Denied, Rights, caller_of
from smartrec.web.settings_api import Change, Digest, Problem, named

MOST_AT_ONCE: Final = 500
"""Results of an answer."""
_MOST_SINCE: Final = 1_000_000
_BEGIN: Final = "replay"

_Responses = dict[int | str, dict[str, Any]]
Key = Annotated[str, Path(max_length=64)]


class ReplayAsked(BaseModel):
    """Other settings, and the time whose clips they are tried on."""

    model_config = ConfigDict(extra="forbid")

    changes: list[Change] = Field(
        max_length=MOST_CHANGES,
        description="As of PATCH /settings; of detector, trigger and cameras' zones and detect.",
    )
    digest: Digest | None = Field(
        default=None, description="Of the settings file, which must be that still; null: be it any."
    )
    camera: Name | None = Field(default=None, description="Its id; null: of all cameras.")
    from_ms: Moment = Field(description="Clips begin at or after that.")
    to_ms: Moment = Field(description="Clips begin before that.")
    again: bool = Field(
        default=False,
        description="Look at the pictures again, also where what was seen live would do.",
    )
    instead: bool = Field(default=False, description="Of the one that is running, if there is one.")


class ReplayBegun(BaseModel):
    """It is running."""

    id: str


class Hit(BaseModel):
    """Who would have begun the clip."""

    at_s: float = Field(description="Since the first picture; may be a little less than 0.")
    last_s: float = Field(description="When she counted for the last time, likewise.")
    score: float = Field(description="The best of all who would have, 0 to 1.")
    zone: str | None


class Result(BaseModel):
    """What becomes of a clip."""

    clip: str
    camera: str
    camera_name: str
    start_ms: int | None
    outcome: Kind = Field(
        description="Both settings: stays. Only those in force: vanishes; only the others: appears;"
        " none of them: neither, or manual if a key or a command recorded it. unknown: see `why`."
    )
    evidence: Literal["looks", "detector"] | None = Field(
        description="looks: what was seen live; detector: its pictures, looked at again."
    )
    by_hand: bool = Field(description="A key or a command recorded it, too: it is there anyway.")
    shift_s: float | None = Field(
        description="How much later it would begin; below 0: earlier. null but where it stays."
    )
    other_zone: bool = Field(description="It stays, and another zone would be named.")
    now: Hit | None = Field(description="By the settings in force; null: nobody.")
    then: Hit | None = Field(description="By the others.")
    now_best: float | None = Field(description="The highest score that counts, also of nobody.")
    then_best: float | None
    why: str | None = Field(description="Why it is not known; else a remark, if any.")
    thumbnail: bool = Field(description="Whether the clip has one.")


class ReplayTold(BaseModel):
    """A replay, and some of what came of it, newest clips first."""

    id: str
    state: State
    done: int = Field(description="Clips that were tried.")
    of: int = Field(description="All of them, the newest 5000 at most; 0: not known yet.")
    share: float = Field(description="Of the clip that is looked at, 0 to 1.")
    counts: dict[Kind, int] = Field(description="Clips by outcome, so far.")
    results: list[Result] = Field(description=f"From `since` on; {MOST_AT_ONCE} at most.")
    next: int = Field(description="`since` of the next question.")
    more: bool = Field(description="There are further ones now, or will be.")
    error: Problem | None = Field(description="Why it failed.")


def routes(
    recorder: Recorder,
    replays: Replays,
    clips: FilePath,
    rights: Rights,
    refusals: _Responses,
    refused: Any,
) -> APIRouter:
    """See the module.

    Args:
        recorder: Has the settings in force.
        replays: Answers.
        clips: Directory of the clips.
        rights: Who may do what.
        refusals: How a request with a body may be refused.
        refused: Model of a refusal.
    """
    busy = {"model": refused, "description": "Another is running; or see `digest`."}
    gone = {"model": refused, "description": "There is no such replay, or not any more."}
    router = APIRouter(prefix="/replays")
    admin = rights.needs(Scope.ADMIN)

    @router.post(
        "",
        status_code=202,
        dependencies=[rights.needs(Scope.ADMIN, _BEGIN)],
        responses={**refusals, 409: busy},
    )
    async def begin(request: Request, asked: ReplayAsked) -> ReplayBegun:
        """Try other settings on what was recorded; nothing is changed or written.

        Each clip is judged by itself, as if nobody had been there before it.
        """
        caller_of(request).deed = Deed(_BEGIN, named(asked.changes))
        told = await recorder.settings(settings_question.Question(Do.READ))
        question = await asyncio.to_thread(question_of, told, asked, clips)
        if replays.running and not asked.instead:
            hint = 'Wait until it is over, or say "instead": true.'
            raise Denied(409, "another replay is running", hint)
        return ReplayBegun(id=replays.begin(question).key)

    @router.get("/{key}", dependencies=[admin], responses={404: gone})
    async def told(key: Key, since: Annotated[int, Query(ge=0, le=_MOST_SINCE)] = 0) -> ReplayTold:
        """How far it is, and what came of it; nobody asking for two minutes ends it."""
        return told_of(_found(replays, key), since)

    @router.delete("/{key}", status_code=204, dependencies=[admin], responses={404: gone})
    async def cancel(key: Key) -> Response:
        """End it, where it has not ended."""
        replays.cancel(_found(replays, key))
        return Response(status_code=204)

    return router


def question_of(
    told: Mapping[str, Any], asked: ReplayAsked, clips: FilePath
) -> replay_question.Question:
    """What the process is asked; of the settings it learns nothing else, least of all a password.

    Args:
        told: What the recorder says of its settings.
        asked: What shall be otherwise.
        clips: Directory of the clips.

    Raises:
        ConfigChanged: They are not those that were read.
        ConfigError: They would be wrong, or cannot be replayed.
        FileOnly: A model that can be named in the settings file alone.
        UsageError: A change of something that is no key.
    """
    if asked.digest not in (None, told["digest"]):
        raise ConfigChanged(f"{told['file']} was changed meanwhile", hint="Read it again.")
    changes = tuple(each.asked() for each in asked.changes)
    now, then = replay_question.sides(told["values"], changes, FilePath(told["file"]).parent)
    refuse_other_model(now.detector.model, then.detector.model)
    return replay_question.Question(
        now,
        then,
        clips,
        camera=asked.camera,
        since=asked.from_ms * MS,
        until=asked.to_ms * MS,
        again=asked.again,
    )


def told_of(replay: Replay, since: int) -> ReplayTold:
    """What is said of a replay whose first `since` results are known already."""
    results = replay.results[since : since + MOST_AT_ONCE]
    after = since + len(results)
    error = replay.error
    return ReplayTold(
        id=replay.key,
        state=replay.state,
        done=replay.done,
        of=replay.of,
        share=replay.share,
        counts={**replay.counts},
        results=[Result.model_validate_json(each) for each in results],
        next=after,
        more=replay.state == "running" or after < len(replay.results),
        error=None if error is None else Problem(message=error[0], hint=error[1]),
    )


def _found(replays: Replays, key: str) -> Replay:
    replay = replays.asked(key)
    if replay is None:
        raise Denied(404, "there is no such replay, or not any more", "Begin another one.")
    return replay
