"""The catalogue's thread tells what it cannot do, and never leaves anybody waiting."""

import logging
import sqlite3
from pathlib import Path

import pytest

from smartrec.app.keeper import Keeper
from smartrec.errors import StoreError
from smartrec.store.catalog import Catalog
from tests.store.clips import LOOKS, head


@pytest.mark.timeout(20)
def test_a_catalogue_that_opens_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        path = catalog.path
    database = sqlite3.connect(path)
    database.execute("DROP TABLE locations")
    database.close()
    with pytest.raises(StoreError, match="locations"):
        Keeper(tmp_path, print).open()


@pytest.mark.timeout(20)
def test_looks_are_kept_behind_the_row_of_their_clip(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keeper = Keeper(tmp_path, print)
    keeper.open()
    keeper.opened(head(), tmp_path / "journal.mkv")
    keeper.looked(head().clip_id, LOOKS)
    keeper.looked("a clip without a row", LOOKS)
    assert keeper.stop(10.0)
    assert "a clip without a row is not in the catalogue" in caplog.text
    with Catalog.open(tmp_path, create=False) as catalog:
        assert catalog.looks(head().clip_id) == LOOKS
