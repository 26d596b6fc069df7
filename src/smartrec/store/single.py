"""One clip, found by its id alone, however many there are."""

from smartrec.errors import NoSuchClip
from smartrec.model import Look
from smartrec.store import looks as chunks
from smartrec.store.catalog import Catalog
from smartrec.store.database import damaged
from smartrec.store.gist import text
from smartrec.store.record import ClipRecord, record_of
from smartrec.store.rows import FROM, RECORDS


def record(catalog: Catalog, clip_id: str) -> ClipRecord:
    """All that is known of a clip, in the trash or not.

    Raises:
        NoSuchClip: It is not there, or was deleted.
        CatalogDamaged: What was kept cannot be read.
    """
    rows = catalog.rows(f"{RECORDS} {FROM[None]} AND clip_id = ?", text(clip_id))
    if not rows:
        raise NoSuchClip(f"no clip {clip_id!r}", hint="It was deleted, or never was.")
    try:
        return record_of(rows[0], catalog.directory)
    except (ValueError, TypeError, RecursionError) as error:
        raise damaged(catalog.path, f"a clip makes no sense: {error}") from error


def looks(catalog: Catalog, clip_id: str, most: int) -> tuple[list[Look], bool]:
    """What was seen in a clip, by time; of a very long one not all.

    Args:
        catalog: Of the clip.
        clip_id: Which.
        most: Rows of the catalogue to read, each of some seconds.

    Returns:
        The looks, and whether these are all.

    Raises:
        CatalogDamaged: What was kept cannot be read.
    """
    rows = catalog.rows(
        "SELECT looks FROM tracks WHERE clip_id = ? ORDER BY first_pts LIMIT ?",
        text(clip_id),
        most + 1,
    )
    try:
        # Chunks begin in their order, but for a repeat the last of one may be in the next.
        found = {look.pts: look for row in rows[:most] for look in chunks.unpack(row["looks"])}
    except ValueError as error:
        raise damaged(catalog.path, f"what was seen in a clip makes no sense: {error}") from error
    return [found[pts] for pts in sorted(found)], len(rows) <= most
