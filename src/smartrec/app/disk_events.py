"""What a recorder tells of its disks; see `smartrec.app.events`."""

from dataclasses import dataclass
from typing import ClassVar

from smartrec.app.event import Fact


@dataclass(frozen=True, slots=True)
class DiskRanFull(Fact):
    """Clips cannot be written; capture goes on. `free_bytes`: some seconds ago."""

    type: ClassVar[str] = "smartrec.disk.full.v1"
    directory: str
    free_bytes: int
    reason: str = "no space left"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DiskHasRoom(Fact):
    """Clips can be written again. `free_bytes`: some seconds ago, perhaps when it was full."""

    type: ClassVar[str] = "smartrec.disk.room.v1"
    directory: str
    free_bytes: int


@dataclass(frozen=True, slots=True)
class DiskLow(Fact):
    """Less is free than shall be, and no clip may be deleted for it; not an error yet."""

    type: ClassVar[str] = "smartrec.disk.low.v1"
    directory: str
    free_bytes: int
    wanted_bytes: int
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DiskLost(Fact):
    """What the clips were on is not mounted any more; capture goes on, nothing is written."""

    type: ClassVar[str] = "smartrec.disk.lost.v1"
    directory: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DiskBack(Fact):
    """There is a disk for the clips again."""

    type: ClassVar[str] = "smartrec.disk.back.v1"
    directory: str
