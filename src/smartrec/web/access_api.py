"""What those who may do everything see and do of others: links, sessions, the audit log."""

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from smartrec.access import model
from smartrec.access.model import Principal, Scope
from smartrec.errors import NoSuchClip
from smartrec.units import SECOND
from smartrec.web.clip_models import MS
from smartrec.web.clips import Desk
from smartrec.web.doorman import Deed
from smartrec.web.gate import Gate
from smartrec.web.rights import Denied, Rights, caller_of

_HOURS_MOST: Final = 8760
_HOUR_NS: Final = 3600 * SECOND
_MOST: Final = 500
_LAST: Final = 2**62

_Responses = dict[int | str, dict[str, Any]]
Key = Annotated[str, Path(max_length=64)]


class ShareAsked(BaseModel):
    """A link to one clip, for so long."""

    model_config = ConfigDict(extra="forbid")

    clip: uuid.UUID
    hours: int = Field(ge=1, le=_HOURS_MOST)


class Share(BaseModel):
    """A link to one clip."""

    key: str
    token: str = Field(description="The link is the page's address and #share/TOKEN.")
    clip: str
    by: str = Field(description="Who made it.")
    expires_ms: int


class Shares(BaseModel):
    """Links that can be used now, oldest first."""

    shares: list[Share]


class Session(BaseModel):
    """Where somebody logged in."""

    key: str
    user: str
    address: str
    agent: str = Field(description="What the browser called itself.")
    begun_ms: int
    used_ms: int = Field(description="When it was last used, to some minutes.")
    own: bool = Field(description="Whoever asks that, asks with it.")


class Sessions(BaseModel):
    """Sessions that can be used now, oldest first."""

    sessions: list[Session]


class Entry(BaseModel):
    """What somebody did."""

    number: int
    at_ms: int
    who: str
    kind: str = Field(description="How it is known who it was.")
    address: str
    action: str
    object: str
    outcome: str = Field(description="ok, or why it was not done.")


class Audit(BaseModel):
    """What was done, newest first."""

    entries: list[Entry]
    before: int | None = Field(description="`before` of the next page; null at the end.")


def routes(gate: Gate, desk: Desk, refusals: _Responses) -> APIRouter:
    """See the module.

    Args:
        gate: Knows who there is.
        desk: Knows the clips.
        refusals: How a request with a body may be refused.
    """
    router = APIRouter()
    router.include_router(_links(gate, desk, refusals))
    router.include_router(_sessions(gate, desk.rights))
    admin = desk.rights.needs(Scope.ADMIN)

    @router.get("/audit", dependencies=[admin])
    async def audit(
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
        before: Annotated[int | None, Query(ge=0, le=_LAST)] = None,
    ) -> Audit:
        """What was done by whom, from where, and what came of it."""
        found = await gate.keeper.ask(lambda vault: vault.entries(limit + 1, before))
        shown = found[:limit]
        more = shown[-1].number if len(found) > limit else None
        return Audit(entries=[_entry(each) for each in shown], before=more)

    return router


def _links(gate: Gate, desk: Desk, refusals: _Responses) -> APIRouter:
    router = APIRouter()

    @router.get("/shares", dependencies=[desk.rights.needs(Scope.ADMIN)])
    async def shares(clip: uuid.UUID | None = None) -> Shares:
        """Links to a clip, or to all clips."""
        now = gate.wall_ns()
        found = await gate.keeper.ask(lambda vault: vault.shares())
        name = None if clip is None else str(clip)
        return Shares(
            shares=[
                _share(each)
                for each in found
                if not each.over(now) and name in (None, each.clip_id)
            ]
        )

    @router.post("/shares", responses=refusals)
    async def share(
        request: Request,
        asked: ShareAsked,
        who: Annotated[Principal, desk.rights.needs(Scope.ADMIN, "share.add")],
    ) -> Share:
        """Make a link to one clip; whoever has it sees that clip until then, and nothing else."""
        name = str(asked.clip)
        caller_of(request).deed = Deed("share.add", name)
        if (await desk.record(asked.clip)).trashed_ns is not None:
            raise NoSuchClip(f"clip {name} lies in the trash", hint="Take it out first.")
        end = gate.wall_ns() + asked.hours * _HOUR_NS
        by = who.name or who.kind.value
        return _share(await gate.keeper.ask(lambda vault: vault.add_share(name, by, end)))

    @router.delete(
        "/shares/{key}",
        status_code=204,
        dependencies=[desk.rights.needs(Scope.ADMIN, "share.remove")],
    )
    async def unshare(key: Key) -> Response:
        """Make a link worth nothing, at once."""
        if not await gate.keeper.ask(lambda vault: vault.remove_share(key)):
            raise Denied(404, "there is no such link", "See which there are: GET /api/v1/shares.")
        return Response(status_code=204)

    return router


def _sessions(gate: Gate, rights: Rights) -> APIRouter:
    router = APIRouter()

    @router.get("/sessions")
    async def sessions(who: Annotated[Principal, rights.needs(Scope.ADMIN)]) -> Sessions:
        """Where somebody is logged in."""
        now = gate.wall_ns()
        found = await gate.keeper.ask(lambda vault: vault.sessions())
        return Sessions(sessions=[_session(each, who.key) for each in found if not each.over(now)])

    @router.delete(
        "/sessions/{key}",
        status_code=204,
        dependencies=[rights.needs(Scope.ADMIN, "session.end")],
    )
    async def end(key: Key) -> Response:
        """Log somebody out, at once."""
        if not await gate.keeper.ask(lambda vault: vault.end_session(key)):
            hint = "See which there are: GET /api/v1/sessions."
            raise Denied(404, "there is no such session", hint)
        return Response(status_code=204)

    return router


def _share(share: model.Share) -> Share:
    return Share(
        key=share.key,
        token=share.token,
        clip=share.clip_id,
        by=share.by,
        expires_ms=share.expires_ns // MS,
    )


def _session(session: model.Session, own: str) -> Session:
    return Session(
        key=session.key,
        user=session.user,
        address=session.address,
        agent=session.agent,
        begun_ms=session.begun_ns // MS,
        used_ms=session.used_ns // MS,
        own=session.key == own,
    )


def _entry(entry: model.Entry) -> Entry:
    return Entry(
        number=entry.number,
        at_ms=entry.wall_ns // MS,
        who=entry.who,
        kind=entry.kind,
        address=entry.address,
        action=entry.action,
        object=entry.object,
        outcome=entry.outcome,
    )
