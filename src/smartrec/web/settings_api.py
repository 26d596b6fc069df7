"""The settings, as those who may do everything read and change them; the recorder does all of it.

It edits its file, checks it as a whole, writes it and takes it; nothing is known of settings here
but the form in which they are shown.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from smartrec.access.model import Principal, Scope
from smartrec.app import settings_question
from smartrec.app.settings_question import MOST_CHANGES, Do, Question
from smartrec.config import form
from smartrec.config.suggest import dotted
from smartrec.errors import ConfigError
from smartrec.web.doorman import Deed
from smartrec.web.recorder import Recorder
from smartrec.web.rights import Rights, caller_of

_KEY_MAX: Final = 300
_MOST_NAMED: Final = 20
"""Keys that the audit log names."""
_CHANGE: Final = "settings.change"
_RELOAD: Final = "settings.reload"

_Responses = dict[int | str, dict[str, Any]]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class MistakeAt(BaseModel):
    """What is wrong, and where."""

    key: str | None = Field(description="Of the setting; null where it is of none.")
    message: str


class _Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str = Field(
        min_length=1,
        max_length=_KEY_MAX,
        description="As in `values`; also of a camera's zones as a whole, camera[0].zone, and of a"
        " camera as a whole: camera[2] of two cameras adds one, unset removes it.",
    )


class Set(_Change):
    """Another value of a setting."""

    value: bool | int | float | str | list[Any] | dict[str, Any] = Field(
        description="As it stands in a settings file."
    )

    def asked(self) -> settings_question.Change:
        """As the recorder is told."""
        return settings_question.Change(self.key, self.value)


class Unset(_Change):
    """No value: the file shall not say anything of it any more."""

    unset: Literal[True]

    def asked(self) -> settings_question.Change:
        """As the recorder is told."""
        return settings_question.Change(self.key, unset=True)


Change = Set | Unset


class Changes(BaseModel):
    """What shall be otherwise in the file that was read."""

    model_config = ConfigDict(extra="forbid")

    digest: Digest = Field(description="Of the file that was read.")
    changes: list[Change] = Field(
        max_length=MOST_CHANGES, description="Made in this order: numbers of cameras may shift."
    )

    def question(self, do: Do, by: str = "") -> Question:
        """As the recorder is asked."""
        return Question(do, self.digest, tuple(each.asked() for each in self.changes), by)


class Settings(BaseModel):
    """What the settings file says, and what else says something."""

    file: str = Field(description="Where it is; or would be made.")
    exists: bool
    writable: bool
    why_not: str | None = Field(description="Why it cannot be written.")
    digest: str = Field(description="SHA-256 of the file, to be sent with changes of it.")
    unloaded: bool = Field(description="The recorder has not taken it as it is now: reload it.")
    mistakes: list[MistakeAt] = Field(description="Of the file as it is; then `values` are others.")
    values: dict[str, Any] = Field(description="By key, as they stand in a settings file.")
    origins: dict[str, str] = Field(
        description="Who says so, by key: FILE:LINE, default, found at the start; or what comes"
        " before the file and cannot be changed here: a variable, command line, usb_cam.py."
    )
    pending: list[str] = Field(description="Keys of what waits for a new start of the recorder.")
    cameras: list[str] = Field(description="Ids, in the order of the settings.")


class Effect(BaseModel):
    """A setting that is otherwise then."""

    key: str = Field(description="Of a whole camera where one is added or removed.")
    change: str = Field(
        description="takes effect at once, restarts the capture, rebuilds the watch, or needs a new"
        " start of smartrec."
    )
    before: Any = Field(description="null: it was not there.")
    after: Any = Field(description="null: it is not there any more.")


class Checked(BaseModel):
    """What changes would do."""

    mistakes: list[MistakeAt] = Field(description="With any, nothing of them can be saved.")
    effects: list[Effect]


class Applied(BaseModel):
    """What the recorder did."""

    restarted: list[str] = Field(description="Ids of cameras whose capture began anew.")
    added: list[str]
    removed: list[str]
    watch: bool = Field(description="Whether the watch began anew.")
    pending: list[str] = Field(description="Keys of what waits for a new start of the recorder.")


class Problem(BaseModel):
    """Why what stands in the file is not in force."""

    message: str
    hint: str | None


class Saved(BaseModel):
    """What was done; the file is as it was asked for."""

    digest: str = Field(description="Of the file as it is now.")
    effects: list[Effect]
    applied: Applied | None = Field(description="null where it is not in force.")
    problem: Problem | None


class Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(extra="forbid")


def routes(recorder: Recorder, rights: Rights, refusals: _Responses, refused: Any) -> APIRouter:
    """See the module.

    Args:
        recorder: Has the settings.
        rights: Who may do what.
        refusals: How a request with a body may be refused.
        refused: Model of a refusal.
    """
    changed = {"model": refused, "description": "The file was changed meanwhile: read it again."}
    router = APIRouter(
        responses={
            422: {"model": refused, "description": "The settings would be wrong; `mistakes` are."},
            503: {"model": refused, "description": "The recorder does not answer."},
        }
    )
    admin = rights.needs(Scope.ADMIN)

    @router.get("/settings", dependencies=[admin])
    async def read() -> Settings:
        """What the settings are, and who says so."""
        return Settings.model_validate(await recorder.settings(Question(Do.READ)))

    @router.get(
        "/settings/form",
        dependencies=[admin],
        responses={304: {"description": "It is the one that is known."}},
    )
    async def described(request: Request) -> list[dict[str, Any]]:
        """What can be set: a table for each table of the settings file."""
        body, tag = _form()
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)  # type: ignore[return-value]
        return Response(body, 200, headers, "application/json")  # type: ignore[return-value]

    @router.post("/settings/check", dependencies=[admin], responses={**refusals, 409: changed})
    async def check(asked: Changes) -> Checked:
        """What changes would do; nothing is changed."""
        return Checked.model_validate(await recorder.settings(asked.question(Do.CHECK)))

    @router.patch("/settings", responses={**refusals, 409: changed})
    async def change(
        request: Request,
        asked: Changes,
        who: Annotated[Principal, rights.needs(Scope.ADMIN, _CHANGE)],
    ) -> Saved:
        """Change the settings file, and have the recorder take it."""
        caller_of(request).deed = Deed(_CHANGE, named(asked.changes))
        question = asked.question(Do.SAVE, _by(who))
        return Saved.model_validate(await recorder.settings(question))

    @router.post("/settings/reload", responses=refusals)
    async def reload(
        nothing: Nothing, who: Annotated[Principal, rights.needs(Scope.ADMIN, _RELOAD)]
    ) -> Saved:
        """Have the recorder take the settings file as it is now."""
        question = Question(Do.RELOAD, by=_by(who))
        return Saved.model_validate(await recorder.settings(question))

    return router


def mistakes_of(error: ConfigError) -> list[MistakeAt]:
    """Where settings would be wrong."""
    return [
        MistakeAt(key=None if each.place is None else dotted(each.place), message=each.words)
        for each in error.mistakes
    ]


def named(changes: Sequence[Change]) -> str:
    """Which keys, for the audit log; their values are nobody's business."""
    more = len(changes) - _MOST_NAMED
    keys = [each.key for each in changes[:_MOST_NAMED]]
    return ", ".join([*keys, f"and {more} more"] if more > 0 else keys)


@cache
def _form() -> tuple[str, str]:
    """The form, and how it is told from another."""
    body = json.dumps(form.tables(), separators=(",", ":"), ensure_ascii=False)
    return body, f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'


def _by(who: Principal) -> str:
    return who.name or "page"
