"""DeepStream's metadata: opened here, whichever way fits what is installed.

What is read and how it is drawn: see `smartrec.media.engines.deepstream.annotations`.
"""

from pathlib import Path

from smartrec.errors import EngineMissing, MetadataUnreadable
from smartrec.media.engines.deepstream.annotations import (
    UNTRACKED,
    Frame,
    Metadata,
    Object,
    Rgba,
    Text,
)
from smartrec.media.engines.deepstream.native import open_native
from smartrec.media.engines.deepstream.through_pyds import open_pyds

__all__ = [
    "UNTRACKED",
    "Frame",
    "Metadata",
    "MetadataUnreadable",
    "Object",
    "Rgba",
    "Text",
    "open_metadata",
]


def open_metadata(version: str | None, libraries: Path | None = None) -> Metadata:
    """The way to read metadata that fits the DeepStream which is installed.

    Its library is asked whether it lays its structures out as our table says for this version, or
    else for another; if it does so for none, pyds is taken where that is installed.

    Args:
        version: Of DeepStream, such as ``"9.1"``; None where unknown.
        libraries: Directory of libnvds_meta.so; None for where DeepStream puts it.

    Raises:
        EngineMissing: There is no way, and why.
    """
    try:
        return open_native(version, libraries)
    except EngineMissing as error:
        metadata = open_pyds()
        if metadata is None:
            raise
        metadata.how = f"pyds, for {error}"
        return metadata
