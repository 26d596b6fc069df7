"""The catalogue's thread tells what it cannot do, and never leaves anybody waiting."""

import sqlite3
from pathlib import Path

import pytest

from smartrec.app.keeper import Keeper
from smartrec.errors import StoreError
from smartrec.store.catalog import Catalog


@pytest.mark.timeout(20)
def test_a_catalogue_that_opens_and_cannot_be_read_is_told(tmp_path: Path) -> None:
    with Catalog.open(tmp_path, create=True) as catalog:
        path = catalog.path
    database = sqlite3.connect(path)
    database.execute("DROP TABLE locations")
    database.close()
    with pytest.raises(StoreError, match="locations"):
        Keeper(tmp_path, print).open()
