"""Logging in and out, and coming by a link to one clip: what may be asked by whoever is nobody yet.

The page of somebody who may not see a thing asks here first what it is to show.
"""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from smartrec.access.model import ABSOLUTE, Kind, Principal, Scope
from smartrec.units import SECOND
from smartrec.web.clip_models import MS
from smartrec.web.doorman import SESSION_COOKIE, SHARE_COOKIE, Caller, Deed
from smartrec.web.gate import Gate, TooMany
from smartrec.web.rights import Denied, caller_of

_LONGEST_NAME: Final = 200
_LONGEST: Final = 1024
_WRONG: Final = "name or password are wrong"
_NO_LINK: Final = "this link is not valid, or not any more"

_Responses = dict[int | str, dict[str, Any]]


class Standing(BaseModel):
    """Who asks, as far as that is known."""

    login_needed: bool = Field(description="There are users, and who is none of them must log in.")
    name: str | None = Field(description="null: nobody, or anybody.")
    kind: Kind | None = Field(description="How that is known; open: everybody may come in.")
    scope: Scope | None = Field(description="What may be done; each includes those before.")
    clip: str | None = Field(description="The one clip that a link shows; null: all.")
    expires_ms: int | None = Field(default=None, description="When the link is worth nothing.")


class Credentials(BaseModel):
    """Who somebody says to be."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=_LONGEST_NAME)
    password: str = Field(max_length=_LONGEST)


class Link(BaseModel):
    """What stands in a link to one clip."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=_LONGEST)


def routes(gate: Gate, refusals: _Responses, refused: type[BaseModel]) -> APIRouter:
    """See the module.

    Args:
        gate: Knows who there is.
        refusals: How a request with a body may be refused.
        refused: The body of such an answer.
    """
    router = APIRouter()
    router.include_router(_password(gate, refusals, refused))
    router.include_router(_link(gate, refusals, refused))

    @router.get("/session")
    async def standing(request: Request) -> Standing:
        """Who asks, and whether anybody must log in; nobody needs to be anybody to ask that."""
        return _standing(gate, caller_of(request).principal)

    @router.delete("/session", status_code=204)
    async def log_out(request: Request) -> Response:
        """Log out; all that was open with this session is closed."""
        caller = caller_of(request)
        who = caller.principal
        if who is not None and who.kind is Kind.USER:
            caller.deed = Deed("logout")
            await gate.keeper.ask(lambda vault: vault.end_session(who.key))
        response = Response(status_code=204)
        for name in (SESSION_COOKIE, SHARE_COOKIE):
            _set(gate, caller, response, name, "", 0)
        return response

    return router


def _password(gate: Gate, refusals: _Responses, refused: type[BaseModel]) -> APIRouter:
    router = APIRouter()
    limited: _Responses = {
        401: {"model": refused, "description": "Name or password are wrong."},
        429: {
            "model": refused,
            "description": "Too many tries; Retry-After says how many seconds to wait.",
        },
    }

    @router.post("/session", responses={**refusals, **limited})
    async def log_in(request: Request, response: Response, said: Credentials) -> Standing:
        """Log in; the session's cookie comes with the answer."""
        caller = caller_of(request)
        before, caller.principal = caller.principal, None
        caller.deed = Deed("login", who=said.name)
        try:
            secret = await gate.log_in(caller, said.name, said.password)
        except TooMany as error:
            again = {"retry-after": str(error.seconds)}
            raise Denied(429, str(error), error.hint or "", again) from error
        if secret is None:
            raise Denied(401, _WRONG, "Try again; or set another: smartrec user password NAME.")
        caller.principal = gate.doorman.roster.session(secret, gate.wall_ns())
        if before is not None and before.kind is Kind.USER:
            gate.keeper.put(lambda vault: vault.end_session(before.key))
        _set(gate, caller, response, SESSION_COOKIE, secret, ABSOLUTE // SECOND)
        return _standing(gate, caller.principal)

    return router


def _link(gate: Gate, refusals: _Responses, refused: type[BaseModel]) -> APIRouter:
    router = APIRouter()
    none: _Responses = {404: {"model": refused, "description": "The link is worth nothing."}}

    @router.post("/session/share", responses={**refusals, **none})
    async def come_by_link(request: Request, response: Response, link: Link) -> Standing:
        """Come by a link to one clip; its cookie comes with the answer and lasts as long as it."""
        caller = caller_of(request)
        now, roster = gate.wall_ns(), gate.doorman.roster
        caller.deed = Deed("share.open")
        found = roster.share(link.token, now)
        share = None if found is None else roster.share_of(found.key)
        if found is None or share is None:
            raise Denied(404, _NO_LINK, "Ask whoever sent it for another.")
        caller.deed = Deed("share.open", share.clip_id)
        caller.principal = found
        left = max(1, (share.expires_ns - now) // SECOND)
        _set(gate, caller, response, SHARE_COOKIE, link.token, left)
        return _standing(gate, found)

    return router


def _standing(gate: Gate, who: Principal | None) -> Standing:
    needed = gate.doorman.roster.login_needed
    if who is None:
        return Standing(login_needed=needed, name=None, kind=None, scope=None, clip=None)
    share = gate.doorman.roster.share_of(who.key) if who.kind is Kind.SHARE else None
    return Standing(
        login_needed=needed,
        name=who.name or None,
        kind=who.kind,
        scope=who.scope,
        clip=who.clip_id,
        expires_ms=None if share is None else share.expires_ns // MS,
    )


def _set(
    gate: Gate, caller: Caller, response: Response, name: str, value: str, seconds: int
) -> None:
    """A cookie that no script reads and no other site sends; 0 seconds: it goes."""
    response.set_cookie(
        gate.doorman.cookie(name, secure=caller.secure),
        value,
        max_age=seconds,
        path="/",
        secure=caller.secure,
        httponly=True,
        samesite="strict",
    )
