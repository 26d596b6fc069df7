"""How the recorder is doing: its cameras in the last day, its disk, its log, what doctor says."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from smartrec.access.model import Scope
from smartrec.app.housekeeping import limits_of
from smartrec.app.settings_question import Do, Question
from smartrec.clock import SystemClock
from smartrec.config.plain import nested
from smartrec.config.schema import Config
from smartrec.errors import ControlError
from smartrec.recording.forecast import LOOKED_AT, Forecast, Holding, forecast
from smartrec.recording.retention import Limits
from smartrec.store.keeping import holdings
from smartrec.units import seconds
from smartrec.web import health_models as models
from smartrec.web.clip_models import MS
from smartrec.web.errand import Errands, scratch
from smartrec.web.examination import Examination
from smartrec.web.hub import Hub
from smartrec.web.library import Library
from smartrec.web.recorder import Recorder
from smartrec.web.rights import Denied, Rights
from smartrec.web.settings_api import Nothing, Problem

_Responses = dict[int | str, dict[str, Any]]
_REPORT: Final = "report"
_EXAMINE: Final = "doctor"
_FILE: Final = "smartrec-report.zip"
_MOST_REPORT: Final = 20_000_000
"""Bytes."""
_AT_HAND: Final = "At the recorder: smartrec report."
_LINES: Final = 2**53
_ATTACHED: Final = f'attachment; filename="{_FILE}"'
_ZIP: Final = "application/zip"
_ARCHIVE: Final[dict[str, Any]] = {"description": "A ZIP archive.", "content": {_ZIP: {}}}


class Desk:
    """Has what the routes need; the loop's thread only.

    Args:
        hub: Knows the cameras, and what was heard of them.
        recorder: Has the settings, the disk and the log.
    """

    def __init__(self, hub: Hub, recorder: Recorder) -> None:
        self.hub = hub
        self.recorder = recorder
        self.errands = Errands()
        self.clips = Path(hub.setup.clips)
        self.clock = SystemClock()
        self.examination = Examination(self.errands, self.clips, self.clock)
        self.library = Library(self.clips, at_once=1)
        self._making = asyncio.Lock()
        self.reporting = False

    async def values(self) -> Mapping[str, object] | None:
        """The settings in force; None where the recorder does not tell."""
        try:
            told = await self.recorder.settings(Question(Do.READ))
        except ControlError:
            return None
        values: Mapping[str, object] = told["values"]
        return values

    async def history(self, asked: models.HistoryAsked) -> models.History:
        """What was asked of the last day."""
        history = self.hub.history
        # Four at once, of 16 cameras and a day, held up the loop for 100 ms each time; one for 8.
        async with self._making:
            made = history.ask(asked.camera, asked.from_ms, asked.to_ms, asked.points)
            rows = await asyncio.to_thread(made.answer)
        return models.History(
            step_ms=made.step * 1000,
            at_ms=made.at_ms(),
            since_ms=history.since_ms,
            cameras=[
                models.CameraHistory.model_validate({"id": each, **row})
                for each, row in rows.items()
            ],
        )

    async def disk(self) -> models.Disk:
        """What clips take, and for how long there is room for more."""
        told = await self.recorder.settings(Question(Do.READ))
        config = await asyncio.to_thread(_config_of, told["values"])
        now, disk = self.clock.now().wall_ns, await self.recorder.disk()
        nothing: dict[str, Holding] = {}
        held = await self.library.ask(lambda of: holdings(of, now - LOOKED_AT, now), nothing)
        limits = limits_of(config)
        names = {camera.id: camera.name for camera in config.camera}
        every = {each: held.get(each, Holding(0, 0)) for each in sorted({*held, *names})}
        return _disk(every, names, limits, disk, forecast(every, limits, disk, now))

    async def report(self) -> bytes:
        """The archive of ``smartrec report``, of which nothing is left behind.

        Raises:
            ControlError: There is none.
        """
        told = await self.recorder.settings(Question(Do.READ))
        file = ("--config", told["file"]) if told["exists"] else ()
        try:
            async with scratch() as directory:
                path = directory / _FILE
                words = ("report", "--output", str(path), "--clips", str(self.clips), *file)
                done = await self.errands.run(*words)
                made = await asyncio.to_thread(_read, path) if done.status == 0 else None
        except OSError as error:  # no room for what is made, or none to be read
            raise ControlError(f"there is no report: {error.strerror}", hint=_AT_HAND) from error
        if made is not None:
            return made
        why = done.complained or "it is too large"
        raise ControlError(f"there is no report: {why}", hint=_AT_HAND)


def routes(desk: Desk, rights: Rights, refusals: _Responses, refused: Any) -> APIRouter:
    """See the module.

    Args:
        desk: Answers.
        rights: Who may do what.
        refusals: How a request with a body may be refused.
        refused: Model of a refusal.
    """
    busy = {"model": refused, "description": "Another is being made."}
    wrong = {"model": refused, "description": "The request makes no sense."}
    router = APIRouter(
        responses={503: {"model": refused, "description": "That cannot be told now."}}
    )
    admin = [rights.needs(Scope.ADMIN)]

    @router.get("/history", dependencies=[rights.needs(Scope.VIEW)], responses={422: wrong})
    async def history(asked: Annotated[models.HistoryAsked, Query()]) -> models.History:
        """How the cameras did in the last day, as far as the page's process heard of it.

        Of the last ten minutes by the second, of the time before by ten seconds at best.
        """
        return await desk.history(asked)

    @router.get("/disk", dependencies=admin)
    async def disk() -> models.Disk:
        """What clips take, and for how long there is room for more."""
        return await desk.disk()

    @router.get("/log", dependencies=admin, responses={422: wrong})
    async def log(since: Annotated[int, Query(ge=0, le=_LINES)] = 0) -> models.Log:
        """The newest of what the recorder said: its lines after that one, 2000 at most."""
        return models.Log.model_validate(await desk.recorder.log(since))

    @router.get("/doctor", dependencies=admin)
    async def found() -> models.Doctor:
        """What doctor found last."""
        return _doctor(desk.examination)

    @router.post(
        "/doctor",
        status_code=202,
        dependencies=[rights.needs(Scope.ADMIN, _EXAMINE)],
        responses={**refusals},
    )
    async def examine(nothing: Nothing) -> models.Doctor:
        """Have doctor look; where it is looking already, that will do."""
        desk.examination.begin(desk.values)
        return _doctor(desk.examination)

    @router.get(
        "/report",
        dependencies=[rights.needs(Scope.ADMIN, _REPORT)],
        response_class=Response,
        responses={200: _ARCHIVE, 409: busy},
    )
    async def report() -> Response:
        """One file for a bug report: what smartrec report makes, without passwords and pictures."""
        if desk.reporting:
            raise Denied(409, "another report is being made", "Wait until it is done.")
        desk.reporting = True
        try:
            made = await desk.report()
        finally:
            desk.reporting = False
        return Response(made, media_type=_ZIP, headers={"content-disposition": _ATTACHED})

    return router


def _config_of(values: Mapping[str, object]) -> Config:
    return Config.model_validate(nested(values))


def _read(report: Path) -> bytes | None:
    """None of one that is too large."""
    return report.read_bytes() if report.stat().st_size <= _MOST_REPORT else None


def _disk(
    held: Mapping[str, Holding],
    names: Mapping[str, str],
    limits: Limits,
    disk: tuple[int, int] | None,
    expected: Forecast,
) -> models.Disk:
    total, free = disk or (None, None)
    age = limits.station.max_age
    return models.Disk(
        total=total,
        free=free,
        clips=sum(each.clips for each in held.values()),
        clips_bytes=sum(each.bytes for each in held.values()),
        per_day_bytes=expected.per_day,
        full_ms=None if expected.full is None else expected.full // MS,
        begins_to_delete_ms=None if expected.deletes is None else expected.deletes // MS,
        why_delete=expected.why,
        keeps_days=None if expected.keeps is None else seconds(expected.keeps) / 86_400,
        limits=models.Kept(
            max_bytes=limits.station.max_bytes,
            max_age_s=None if age is None else seconds(age),
            min_free_bytes=limits.min_free if total is None else limits.room(total),
        ),
        cameras=[
            models.CameraDisk(
                id=camera,
                name=names.get(camera, camera),
                clips=each.clips,
                bytes=each.bytes,
                per_day_bytes=expected.cameras.get(camera),
            )
            for camera, each in held.items()
        ],
    )


def _doctor(examination: Examination) -> models.Doctor:
    found, error = examination.found, examination.error
    return models.Doctor.model_validate(
        {
            "state": examination.state,
            "begun_ms": examination.begun_ms,
            "at_ms": None if found is None else found.at_ms,
            "status": None if found is None else found.status,
            "exit": None if found is None else found.exit,
            "checks": [] if found is None else found.findings,
            "error": None if error is None else Problem(message=str(error), hint=error.hint),
        }
    )
