"""Clips, as browsers ask for them: lists, a timeline, one of them, and what may be done with it."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request

from smartrec.access.model import Kind, Principal, Scope
from smartrec.clock import SystemClock
from smartrec.errors import NoSuchClip
from smartrec.store import briefs, browsing, keeping, single
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.web import clip_answers as answers
from smartrec.web import clip_models as models
from smartrec.web import frames
from smartrec.web.clip_models import MS
from smartrec.web.doorman import Deed
from smartrec.web.hub import Hub
from smartrec.web.library import Library
from smartrec.web.media_room import MediaRoom
from smartrec.web.rights import Rights, caller_of

MOST_SPANS: Final = 500

ClipId = Annotated[uuid.UUID, Path(description="A clip's id.")]
_NO_CLIPS: Final = briefs.Facets((), (), (), None, None, 0, 0)


_Told = TypeVar("_Told")
_OverTime = tuple[briefs.Density, list[briefs.Span] | None]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes of clips are made of.

    Attributes:
        hub: Told what was changed.
        library: The catalogue.
        media: The files.
        pen: The catalogue, to be changed: who waits to write holds up nobody who reads.
        rights: Who may do what.
    """

    hub: Hub
    library: Library
    media: MediaRoom
    pen: Library
    rights: Rights

    async def record(self, clip_id: uuid.UUID) -> ClipRecord:
        """A clip, in the trash or not.

        Raises:
            NoSuchClip: It is not there, or was deleted.
            StoreError: The catalogue cannot be read.
        """
        return await self.of(clip_id, single.record)

    async def seen(
        self, clip_id: uuid.UUID, look: Callable[[ClipRecord], Awaitable[_Told]]
    ) -> _Told:
        """What `look` finds in a clip's file; once more where it became another meanwhile.

        A journal goes in the moment in which the catalogue learns of the finished clip.

        Raises:
            NoSuchClip: It is not there, or was deleted.
            SmartrecError: As `look` does.
        """
        record = await self.record(clip_id)
        try:
            return await look(record)
        except NoSuchClip:
            again = await self.record(clip_id)
            if again.path == record.path:
                raise
            return await look(again)

    async def of(self, clip_id: uuid.UUID, question: Callable[[Catalog, str], _Told]) -> _Told:
        """What the catalogue says of a clip.

        Raises:
            NoSuchClip: It is not there, or was deleted.
            StoreError: The catalogue cannot be read.
        """
        return await _of(self.library, clip_id, question)

    async def change(
        self, clip_id: uuid.UUID, change: Callable[[Catalog, str], None]
    ) -> models.Brief:
        """Change a clip, and tell every open page.

        Raises:
            NoSuchClip: It is not there, or was deleted.
            UsageError: That cannot be.
            StoreError: The catalogue cannot be written.
        """
        brief = answers.brief_of(await _of(self.pen, clip_id, partial(_changed, change)))
        news = {"type": "clip", "clip": brief.model_dump(mode="json")}
        self.hub.tell(frames.text(news))
        return brief


async def _of(
    library: Library, clip_id: uuid.UUID, question: Callable[[Catalog, str], _Told]
) -> _Told:
    name = str(clip_id)
    told: _Told | None = await library.ask(lambda catalog: question(catalog, name), None)
    if told is None:
        raise NoSuchClip(f"no clip {name!r}", hint="There are no clips yet.")
    return told


def routes(desk: Desk, refusals: dict[int | str, dict[str, Any]]) -> APIRouter:
    """All but media.

    Args:
        desk: Answers.
        refusals: How a request with a body may be refused.
    """
    router = APIRouter()
    router.include_router(_looked_through(desk))
    router.include_router(_changed_by_people(desk, refusals))

    @router.get("/clips/{clip_id}")
    async def clip(
        clip_id: ClipId,
        asked: Annotated[models.Asked, Query()],
        who: Annotated[Principal, shown_to(desk)],
    ) -> models.Clip:
        """All of a clip; filters say which clips are before and after it."""
        try:
            shown = await desk.seen(clip_id, desk.media.described)
        except NoSuchClip as error:  # of the file; or of the clip, which is seen below
            shown = None, str(error)
        found = await desk.of(clip_id, partial(_whole, filters=asked.filters()))
        record, brief, beside = found
        if who.kind is Kind.SHARE:
            beside, brief = (None, None), replace(brief, note="")
        return answers.clip_of(record, brief, beside, shown, await desk.media.zero(record))

    return router


def shown_to(desk: Desk, deed: str = "") -> Any:
    """A dependency of a route that shows the clip in its path, to who has a link to it as well."""

    async def who_sees(
        clip_id: ClipId,
        who: Annotated[Principal, desk.rights.needs(Scope.VIEW, deed, shared=True)],
    ) -> Principal:
        if who.kind is Kind.SHARE and (await desk.record(clip_id)).trashed_ns is not None:
            raise NoSuchClip(f"no clip {str(clip_id)!r}", hint="It was deleted.")
        return who

    return Depends(who_sees)


def _looked_through(desk: Desk) -> APIRouter:
    library = desk.library
    router = APIRouter(dependencies=[desk.rights.needs(Scope.VIEW)])

    @router.get("/clips")
    async def clips(asked: Annotated[models.ListAsked, Query()]) -> models.ClipList:
        """Some clips, newest first."""
        return answers.list_of(await library.ask(partial(_page, asked=asked), []), asked)

    @router.get("/timeline")
    async def timeline(asked: Annotated[models.TimelineAsked, Query()]) -> models.Timeline:
        """How many clips there are over time, and which, where these are few."""
        width, bins = _bins(asked)
        begin, end = asked.from_ms * MS, (asked.from_ms + width * bins) * MS
        empty: _OverTime = briefs.Density(begin, end, width * MS, ()), []
        question = partial(_over_time, filters=asked.filters(), begin=begin, end=end, bins=bins)
        return answers.timeline_of(*await library.ask(question, empty))

    @router.get("/facets")
    async def facets() -> models.Facets:
        """What there is to filter by; of clips that are not in the trash."""
        found = await library.ask(browsing.facets, _NO_CLIPS)
        return answers.facets_of(found, desk.hub.setup.trash)

    return router


def _changed_by_people(desk: Desk, refusals: dict[int | str, dict[str, Any]]) -> APIRouter:
    router = APIRouter(responses=refusals)
    needs = desk.rights.needs

    @router.patch("/clips/{clip_id}", dependencies=[needs(Scope.RECORD, "clip.change")])
    async def change(request: Request, clip_id: ClipId, wanted: models.Change) -> models.Brief:
        """Pin a clip or not; write a note."""
        caller_of(request).deed = Deed(_what(wanted), str(clip_id))
        return await desk.change(clip_id, partial(_amend, wanted=wanted))

    @router.delete("/clips/{clip_id}", dependencies=[needs(Scope.ADMIN, "clip.delete")])
    async def delete(clip_id: ClipId) -> models.Brief:
        """Put a clip into the trash; the recorder deletes it some time later."""
        return await desk.change(clip_id, _trash)

    @router.post("/clips/{clip_id}/restore", dependencies=[needs(Scope.ADMIN, "clip.restore")])
    async def restore(clip_id: ClipId, nothing: models.Nothing) -> models.Brief:
        """Take a clip out of the trash."""
        return await desk.change(clip_id, lambda catalog, name: keeping.restore(catalog, [name]))

    return router


def _page(catalog: Catalog, asked: models.ListAsked) -> list[briefs.Brief]:
    return browsing.page(
        catalog,
        asked.filters(asked.from_ms, asked.to_ms),
        before=models.cursor(asked.before),
        after=models.cursor(asked.after),
        limit=asked.limit + 1,
    )


def _bins(asked: models.TimelineAsked) -> tuple[int, int]:
    """Width of a bin in whole milliseconds, and how many there are; at least one."""
    length = max(1, asked.to_ms - asked.from_ms)
    width = -(-length // asked.bins)
    return width, -(-length // width)


def _over_time(
    catalog: Catalog, filters: briefs.Filters, begin: int, end: int, bins: int
) -> _OverTime:
    density = browsing.density(catalog, filters, begin, end, bins)
    if density.clips > MOST_SPANS:
        return density, None
    return density, browsing.spans(catalog, filters, begin, end, MOST_SPANS)


def _whole(
    catalog: Catalog, name: str, filters: briefs.Filters
) -> tuple[ClipRecord, briefs.Brief, tuple[str | None, str | None]]:
    return (
        single.record(catalog, name),
        browsing.brief(catalog, name),
        browsing.neighbours(catalog, filters, name),
    )


def _changed(change: Callable[[Catalog, str], None], catalog: Catalog, name: str) -> briefs.Brief:
    try:
        change(catalog, name)
    except NoSuchClip as error:
        hint = "It was deleted, or lies in the trash: take it out first."
        raise NoSuchClip(str(error), hint=hint) from error
    return browsing.brief(catalog, name)


def _what(wanted: models.Change) -> str:
    if wanted.pinned is None:
        return "clip.note"
    return "clip.pin" if wanted.pinned else "clip.unpin"


def _amend(catalog: Catalog, name: str, wanted: models.Change) -> None:
    if wanted.pinned is not None:
        keeping.pin(catalog, name, pinned=wanted.pinned)
    if wanted.note is not None:
        keeping.note(catalog, name, wanted.note)


def _trash(catalog: Catalog, name: str) -> None:
    keeping.trash(catalog, [name], SystemClock().now().wall_ns)
