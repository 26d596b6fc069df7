"""What programs, and the page's own scripts, may ask: REST, described by OpenAPI.

It has no power of its own: commands go over the recorder's control socket, as those of every other
way in. Imported when the page listens already, for FastAPI takes its time.
"""

import uuid
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from smartrec import __version__
from smartrec.access.model import Kind, Scope
from smartrec.errors import (
    ClipKept,
    ConfigChanged,
    ConfigError,
    ControlError,
    FileOnly,
    NoSuchClip,
    SmartrecError,
    StoreError,
    UsageError,
)
from smartrec.model import Action, Answer, Command, new_id
from smartrec.web import (
    access_api,
    clip_media,
    clips,
    health_api,
    metrics,
    replay_api,
    session_api,
    settings_api,
    zones_api,
)
from smartrec.web.doorman import SESSION_COOKIE, Deed
from smartrec.web.gate import Gate
from smartrec.web.hub import Hub
from smartrec.web.library import Library
from smartrec.web.media_room import MediaRoom
from smartrec.web.recorder import Recorder
from smartrec.web.replays import Replays
from smartrec.web.rights import Denied, Rights, caller_of
from smartrec.web.settings_api import MistakeAt
from smartrec.web.trials import Trials

PREFIX: Final = "/api/v1"
REASON: Final = "page"
"""Of a trigger that a command from here makes."""
_NAME_MAX: Final = 200
_MOST_WRITING: Final = 32
"""Who waits behind so many would wait long where each waits for the catalogue in vain."""


class Mistake(BaseModel):
    """Why a request is not answered."""

    message: str
    hint: str | None = Field(default=None, description="What mends it.")


class Refused(BaseModel):
    """Every answer that is none."""

    error: Mistake
    mistakes: list[MistakeAt] = Field(
        default=[], description="Of settings that would be wrong: where."
    )


class Asked(BaseModel):
    """A command."""

    model_config = ConfigDict(extra="forbid")

    camera: str | None = Field(
        default=None, max_length=_NAME_MAX, description="Id or name; null means every camera."
    )
    action: Action
    id: uuid.UUID | None = Field(
        default=None, description="Chosen by the sender: a command that is repeated is obeyed once."
    )


class Answered(BaseModel):
    """What became of a command at each camera."""

    answers: list[Answer]


class Camera(BaseModel):
    """How a camera stands; further fields may come."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    source: str = Field(description="Without the camera's password.")
    phase: str = Field(description="starting, live, lost or ended.")
    silent: bool = Field(description="No picture comes, but it is not given up.")
    error: str | None
    ring_s: float
    ring_bytes: int
    pictures: int = Field(description="How many came so far.")
    damaged: int
    lost: int
    recording: list[str] = Field(description="Ids of the clips that are being recorded.")
    armed: bool = Field(description="Whether a person begins a clip.")
    armed_by: str = Field(description="What says so: settings, schedule or command.")
    armed_until: str | None = Field(
        description="When the schedule changes that, ISO 8601; null where it does not."
    )
    unrecorded: int = Field(
        description="Persons who came and began no clip since the camera was disarmed."
    )


class Status(BaseModel):
    """How the recorder stands; further fields may come."""

    model_config = ConfigDict(extra="allow")

    version: str
    clips: str
    finishing: int
    disk: str | None = Field(description="Why clips cannot be written; null where they can.")
    cameras: list[Camera]


class Health(BaseModel):
    """Whether all is well."""

    well: bool
    problems: list[str]


_STATUS: Final = (
    (ConfigChanged, 409),
    (ConfigError, 422),
    (FileOnly, 403),
    (NoSuchClip, 404),
    (ClipKept, 409),
    (UsageError, 422),
    (StoreError, 503),
    (ControlError, 503),
)
_HINTS: Final[dict[type[SmartrecError], str]] = {
    ClipKept: "Unpin it, or wait until it is finished.",
}
"""For who cannot be told commands."""
_BODY: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Refused, "description": "The request cannot be read."},
    408: {"model": Refused, "description": "The request did not come to its end."},
    413: {"model": Refused, "description": "The request is too long."},
    415: {"model": Refused, "description": "Only JSON is understood."},
}
_UNFIT: Final[dict[int | str, dict[str, Any]]] = {
    **_BODY,
    422: {"model": Refused, "description": "The request makes no sense."},
}
_KEPT: Final = {"model": Refused, "description": "It is pinned, or not finished."}


def make(hub: Hub, gate: Gate) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="smartrec",
        version=__version__,
        description="What the page of a recorder can be asked. Live pictures and events come over"
        f" the WebSocket {PREFIX}/live.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        responses={
            401: {"model": Refused, "description": "Nobody is logged in."},
            403: {
                "model": Refused,
                "description": "Another site made the request; or who asks may not do that.",
            },
            421: {"model": Refused, "description": "This server is not called by that name."},
            503: {"model": Refused, "description": "Something cannot be read now."},
        },
    )
    recorder = Recorder(hub.setup)
    rights = Rights(gate.doorman.cookie(SESSION_COOKIE, secure=False))
    app.include_router(_rest(recorder, rights), prefix=PREFIX)
    app.include_router(settings_api.routes(recorder, rights, _UNFIT, Refused), prefix=PREFIX)
    directory = Path(hub.setup.clips)
    trials = Trials(directory)
    app.include_router(zones_api.routes(recorder, trials, rights, _UNFIT), prefix=PREFIX)
    replayed = replay_api.routes(recorder, Replays(), directory, rights, _UNFIT, Refused)
    app.include_router(replayed, prefix=PREFIX)
    desk = health_api.Desk(hub, recorder)
    app.include_router(health_api.routes(desk, rights, _UNFIT, Refused), prefix=PREFIX)
    app.include_router(_kept(hub, gate, rights), prefix=PREFIX)
    app.include_router(session_api.routes(gate, _UNFIT, Refused), prefix=PREFIX)
    app.include_router(_watched(hub, recorder, rights))

    @app.get(f"{PREFIX}/openapi.json", dependencies=[rights.needs(Scope.VIEW)])
    async def document() -> dict[str, Any]:
        """What can be asked: this."""
        return app.openapi()

    app.add_exception_handler(SmartrecError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _failed)
    app.add_exception_handler(Exception, _broken)  # logged by the server all the same
    return app


def _rest(recorder: Recorder, rights: Rights) -> APIRouter:
    unreachable: dict[int | str, dict[str, Any]] = {
        503: {"model": Refused, "description": "The recorder does not answer."}
    }
    router = APIRouter(responses=unreachable)
    view = [rights.needs(Scope.VIEW)]

    @router.get("/status", response_model=Status, dependencies=view)
    async def status() -> Any:
        """How the recorder stands."""
        return await recorder.status()

    @router.get("/cameras", response_model=list[Camera], dependencies=view)
    async def cameras() -> Any:
        """How each camera stands."""
        return (await recorder.status())["cameras"]

    @router.post(
        "/commands",
        responses={**_BODY, 422: {"model": Refused, "description": "The command is not one."}},
        dependencies=[rights.needs(Scope.RECORD, "command")],
    )
    async def command(request: Request, asked: Asked) -> Answered:
        """Record, stop, arm or disarm; answers what each camera did, or why it did not."""
        caller_of(request).deed = Deed(f"command.{asked.action.value}", asked.camera or "")
        made = new_id() if asked.id is None else str(asked.id)
        order = Command(made, asked.camera, asked.action, reason=REASON)
        return Answered(answers=list(await recorder.command(order)))

    return router


def _kept(hub: Hub, gate: Gate, rights: Rights) -> APIRouter:
    directory = Path(hub.setup.clips)
    pen = Library(directory, most_waiting=_MOST_WRITING, at_once=1)
    desk = clips.Desk(hub, Library(directory), MediaRoom(hub.setup), pen, rights)
    router = APIRouter(
        responses={
            404: {"model": Refused, "description": "There is no such thing."},
            503: {"model": Refused, "description": "Clips cannot be read now."},
            422: {"model": Refused, "description": "The request makes no sense."},
        }
    )
    router.include_router(clips.routes(desk, {**_BODY, 409: _KEPT}))
    router.include_router(clip_media.routes(desk))
    router.include_router(access_api.routes(gate, desk, _BODY))
    return router


def _watched(hub: Hub, recorder: Recorder, rights: Rights) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz", responses={503: {"model": Health, "description": "All is not well."}})
    async def healthz(request: Request, response: Response) -> Health:
        """Whether the recorder answers, pictures of every camera come, and clips can be written.

        Anybody may ask that; which cameras there are is for those who may see them.
        """
        problems = await _problems(recorder)
        response.status_code = 503 if problems else 200
        who = caller_of(request).principal
        told = problems if who is not None and who.kind is not Kind.SHARE else []
        return Health(well=not problems, problems=told)

    @router.get(
        "/metrics",
        dependencies=[rights.needs(Scope.VIEW)],
        response_class=Response,
        responses={200: {"content": {metrics.MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    )
    async def prometheus() -> Response:
        """For Prometheus."""
        try:
            status = await recorder.status()
        except ControlError:
            status = None
        facts = metrics.Facts(hub.ledger, status, await recorder.disk(), hub.viewers)
        return Response(metrics.exposition(facts), media_type=metrics.MEDIA_TYPE)

    return router


async def _problems(recorder: Recorder) -> list[str]:
    try:
        status = await recorder.status()
    except ControlError:
        return ["the recorder does not answer"]
    disk = [] if status["disk"] is None else [f"clips: {status['disk']}"]
    return disk + [
        f"{camera['id']}: {metrics.standing(camera)}"
        for camera in status["cameras"]
        if not metrics.is_live(camera)
    ]


def _refused(
    status: int, message: str, hint: str | None = None, **more: list[MistakeAt]
) -> JSONResponse:
    refused = Refused(error=Mistake(message=message, hint=hint), **more)
    return JSONResponse(refused.model_dump(exclude_unset=True), status)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, SmartrecError)
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 404)
    hint = _HINTS.get(type(error), error.hint)
    if not isinstance(error, ConfigError):
        return _refused(status, str(error), hint)
    return _refused(status, str(error), hint, mistakes=settings_api.mistakes_of(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        f"{'.'.join(map(str, each['loc'][1:])) or 'the request'}: {each['msg']}"
        for each in error.errors()[:20]
    ]
    return _refused(422, "; ".join(mistakes), f"{PREFIX}/openapi.json says what can be asked.")


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    hint = error.hint if isinstance(error, Denied) else None
    response = _refused(error.status_code, str(error.detail), hint)
    response.headers.update(error.headers or {})
    return response


async def _broken(request: Request, error: Exception) -> Response:
    return _refused(500, "this cannot be answered", "The recorder's log says why: smartrec report.")
