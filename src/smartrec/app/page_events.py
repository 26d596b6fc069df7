"""What a recorder tells of its page."""

from dataclasses import dataclass
from typing import ClassVar, Final

from smartrec.app.event import Fact


@dataclass(frozen=True, slots=True)
class PageServing(Fact):
    """The page is there; `address` is what a browser is given.

    `fingerprint` is that of a certificate that was made here (SHA-256), `warning` what is dangerous
    about how it is served.
    """

    type: ClassVar[str] = "smartrec.page.serving.v1"
    address: str
    fingerprint: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class PageRefused(Fact):
    """There is no page for now; it is tried again, and recording goes on."""

    type: ClassVar[str] = "smartrec.page.refused.v1"
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class PageLost(Fact):
    """The page's process ended; recording goes on, and it is started again in `retry_s`."""

    type: ClassVar[str] = "smartrec.page.lost.v1"
    reason: str
    retry_s: float


TOLD: Final[tuple[type[Fact], ...]] = (PageServing, PageRefused, PageLost)
