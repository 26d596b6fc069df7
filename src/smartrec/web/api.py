"""What programs, and the page's own scripts, may ask: REST, described by OpenAPI.

It has no power of its own: commands go over the recorder's control socket, as those of every other
way in. Imported when the page listens already, for FastAPI takes its time.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from smartrec import __version__
from smartrec.app.wire import ask, ask_status
from smartrec.errors import ControlError
from smartrec.model import Action, Command, new_id
from smartrec.web.hub import Hub

PREFIX: Final = "/api/v1"


class Asked(BaseModel):
    """A command: record, or stop recording."""

    model_config = ConfigDict(extra="forbid")

    camera: str | None = Field(default=None, description="Id or name; null means every camera.")
    action: Action
    id: str | None = Field(default=None, description="Repeated, a command is obeyed once.")


def make(hub: Hub) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="smartrec",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    place, clips = Path(hub.setup.socket), Path(hub.setup.clips)

    async def status_of_recorder() -> dict[str, Any]:
        return await asyncio.to_thread(partial(ask_status, place, clip_dir=clips))

    @app.get(f"{PREFIX}/status")
    async def status() -> dict[str, Any]:
        return await status_of_recorder()

    @app.get(f"{PREFIX}/cameras")
    async def cameras() -> list[dict[str, Any]]:
        found = await status_of_recorder()
        return found["cameras"]

    @app.post(f"{PREFIX}/commands")
    async def command(asked: Asked) -> dict[str, Any]:
        order = Command(asked.id or new_id(), asked.camera, asked.action, reason="page")
        answers = await asyncio.to_thread(partial(ask, place, order, clip_dir=clips))
        return {"answers": answers}

    @app.exception_handler(ControlError)
    async def unreachable(request: Request, error: ControlError) -> JSONResponse:
        return JSONResponse({"error": {"message": str(error), "hint": error.hint}}, 503)

    return app
