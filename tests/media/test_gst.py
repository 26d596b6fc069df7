"""GStreamer's types are whole before threads use them."""

import re
from pathlib import Path

import smartrec
from smartrec.media.gst import LOADED

NAME = re.compile(r"\bGst\.([A-Z][a-z][A-Za-z]*)\b")


def test_every_type_that_is_used_is_made_at_the_import() -> None:
    sources = Path(smartrec.__file__).parent.rglob("*.py")
    used = {name for source in sources for name in NAME.findall(source.read_text())}
    assert used <= {each.__name__ for each in LOADED}
