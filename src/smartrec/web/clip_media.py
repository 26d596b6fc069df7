"""Pictures of clips, as browsers ask for them: files, single pictures, what was seen."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from smartrec.store import single
from smartrec.web import clip_answers as answers
from smartrec.web import clip_models as models
from smartrec.web.clips import ClipId, Desk, shown_to
from smartrec.web.doorman import Deed
from smartrec.web.footage import MOST_PICTURES
from smartrec.web.media_room import FOR_EVER
from smartrec.web.rights import caller_of

_MOST_LOOKED: Final = 3000
"""Rows of the catalogue, of two seconds each."""
_WHOLE: Final = "bytes=0-"
"""Browsers save a file in parts; it is one deed, which begins with its beginning."""
_JPEG: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
_BYTES: Final = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in ("video/mp4", "video/x-matroska")
}
_VIDEO: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": _BYTES, "description": "The file."},
    206: {"content": _BYTES, "description": "The range of it that was asked for."},
    304: {"description": "It is the one that is known."},
    416: {"description": "The file ends before the range."},
}


def routes(desk: Desk) -> APIRouter:
    """See the module."""
    router = APIRouter(dependencies=[shown_to(desk)])

    @router.get("/clips/{clip_id}/frames")
    async def times(
        clip_id: ClipId, since: Annotated[int, Query(ge=0, le=MOST_PICTURES)] = 0
    ) -> models.Frames:
        """When pictures of a clip are shown, counted from the first; from one on, not all at once.

        Ask again behind the last until `complete`: that clip grows, or has many.
        """
        found = await desk.seen(clip_id, partial(desk.media.times, since=since))
        return models.Frames(first=found.first, at_ms=found.at_ms, complete=found.complete)

    @router.get("/clips/{clip_id}/frames/{n}", response_class=Response, responses=_JPEG)
    async def picture(clip_id: ClipId, n: Annotated[int, Path(ge=0, le=MOST_PICTURES)]) -> Response:
        """A picture of a clip whose `kind` is frames, counted from 0."""
        data = await desk.seen(clip_id, partial(desk.media.picture, n=n))
        return Response(data, media_type="image/jpeg", headers={"cache-control": FOR_EVER})

    @router.get("/clips/{clip_id}/looks")
    async def looks(clip_id: ClipId) -> models.Looks:
        """What was seen in a clip."""
        record = await desk.record(clip_id)
        found, complete = await desk.of(clip_id, partial(single.looks, most=_MOST_LOOKED))
        zero = await desk.media.zero(record)
        return models.Looks(
            looks=[answers.look_of(each, zero) for each in found], complete=complete
        )

    @router.get("/clips/{clip_id}/video", response_class=Response, responses=_VIDEO)
    async def video(
        request: Request, clip_id: ClipId, *, download: bool = False, follow: bool = False
    ) -> Response:
        """A clip's file, to be shown or saved.

        Of a coded camera's clip that is still being recorded, what there is as fragmented MP4; with
        `follow`, all that comes, too.
        """
        if download and request.headers.get("range", _WHOLE).startswith(_WHOLE):
            caller_of(request).deed = Deed("clip.download", str(clip_id))
        give = partial(desk.media.video, request=request, download=download, follow=follow)
        return await desk.seen(clip_id, give)

    @router.get("/clips/{clip_id}/thumbnail", response_class=Response, responses=_JPEG)
    async def thumbnail(clip_id: ClipId) -> Response:
        """A small picture of a clip."""
        return await desk.media.thumbnail(await desk.record(clip_id))

    return router
