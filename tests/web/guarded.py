"""A page where one must log in, and everybody who comes to it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smartrec.access.model import Scope
from smartrec.access.vault import Vault
from smartrec.clock import SystemClock
from smartrec.units import SECOND
from tests.web.child import Child, setup
from tests.web.http import Answer, ask
from tests.web.kept import Kept, kept_in
from tests.web.recorder import JSON, Behind

PASSWORD = "a password of nobody"
HOUR = 3600 * SECOND
API = "/api/v1"


@dataclass
class Guarded:
    """A page with a user and a token of each scope, named as it is, and a link to a clip.

    Attributes:
        behind: Its recorder.
        kept: Its clips.
        sessions: Secrets, by scope.
        tokens: By scope.
        link: To `kept.movie`.
    """

    behind: Behind
    kept: Kept
    sessions: Mapping[Scope, str]
    tokens: Mapping[Scope, str]
    link: str

    @property
    def page(self) -> Child:
        return self.behind.page

    @property
    def port(self) -> int:
        return self.page.port

    def vault(self) -> Vault:
        """As another process has it."""
        return Vault.open(Path(self.page.setup.state), create=False)

    def session(self, scope: Scope) -> dict[str, str]:
        """Headers of a browser that is logged in."""
        return cookie(self.port, self.sessions[scope])

    def token(self, scope: Scope) -> dict[str, str]:
        """Headers of a program."""
        return bearer(self.tokens[scope])

    def shared(self) -> dict[str, str]:
        """Headers of a browser that came by the link."""
        return {"Cookie": f"smartrec-share-{self.port}={self.link}"}

    def ask(
        self,
        path: str,
        method: str = "GET",
        who: Mapping[str, str] | None = None,
        said: object = None,
    ) -> Answer:
        """One request; of the API where `path` says nothing else."""
        path = path if path.startswith("/") else f"{API}/{path}"
        body = None if said is None else json.dumps(said).encode()
        headers = {**(who or {}), **({} if body is None else JSON)}
        return ask(self.port, path, method, headers=headers, body=body)

    def log_in(self, name: str, password: str, **headers: str) -> Answer:
        return self.ask("session", "POST", headers, {"name": name, "password": password})


def cookie(port: int, secret: str) -> dict[str, str]:
    return {"Cookie": f"smartrec-{port}={secret}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def given(answer: Answer) -> str:
    """The value of the cookie that came."""
    return answer.headers["set-cookie"].split(";")[0].partition("=")[2]


@contextmanager
def guarded_in(directory: Path, **web: object) -> Iterator[Guarded]:
    """Such a page; it listens when it is first asked."""
    made = setup(directory, **web)  # type: ignore[arg-type]
    kept = kept_in(Path(made.clips))
    sessions, tokens, now = {}, {}, SystemClock().now().wall_ns
    with Vault.open(Path(made.state), create=False) as vault:  # before the page: it knows them all
        for scope in Scope:
            vault.add_user(scope.value, PASSWORD, scope)
            sessions[scope] = vault.begin_session(scope.value, "192.0.2.1", "test", now)
            tokens[scope] = vault.add_token(scope.value, scope, None)
        link = vault.add_share(kept.movie, "admin", now + HOUR).token
    with Child(made) as page, Behind(page).listening() as behind:
        yield Guarded(behind, kept, sessions, tokens, link)
