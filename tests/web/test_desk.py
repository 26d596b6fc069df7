"""A clip that is finished in the middle of a question about its file."""

import asyncio
import uuid
from pathlib import Path

import pytest

from smartrec.errors import NoSuchClip
from smartrec.model import ClipState
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.web.clips import Desk
from smartrec.web.hub import Hub
from smartrec.web.library import Library
from smartrec.web.media_room import MediaRoom
from smartrec.web.rights import Rights
from tests.store.clips import closed, done, head
from tests.web.child import setup
from tests.web.kept import growing, units

CLIP = uuid.UUID(head().clip_id)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    with Catalog.open(tmp_path, create=True) as catalog:
        writer = growing(catalog, tmp_path, head())
    writer.write(units(head().start, 30))
    writer.abandon()
    made = setup(tmp_path)
    pages = Library(tmp_path), MediaRoom(made), Library(tmp_path)
    return Desk(Hub(made, print), *pages, Rights("session"))


def finish(record: ClipRecord) -> None:
    assert record.path is not None
    directory = record.path.parent.parent
    with Catalog.open(directory, create=False) as catalog:
        catalog.finished(closed(head()), done(directory, head()))
    record.path.unlink()


def test_its_file_is_looked_for_once_more(desk: Desk) -> None:
    seen: list[ClipState] = []

    async def size(record: ClipRecord) -> int:
        seen.append(record.state)
        if record.open:
            finish(record)
            await desk.media.picture(record, 0)
        return len((await desk.media.thumbnail(record)).body)

    assert asyncio.run(desk.seen(CLIP, size)) == 4
    assert seen == [ClipState.RECORDING, ClipState.COMPLETE]


def test_what_is_gone_for_good_is_told(desk: Desk) -> None:
    async def lost(record: ClipRecord) -> None:
        assert record.path is not None
        record.path.unlink(missing_ok=True)
        await desk.media.picture(record, 0)

    with pytest.raises(NoSuchClip, match="is gone"):
        asyncio.run(desk.seen(CLIP, lost))
