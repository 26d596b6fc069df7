"""What who may do: each route says which scope it needs, and OpenAPI repeats it."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.exceptions import HTTPException

from smartrec.access.model import Kind, Principal, Scope
from smartrec.web.doorman import Caller, Deed
from smartrec.web.site import CALLER

_NAMES: Final = ("clip_id", "key")
"""Of what stands in a path and is done something to."""


class Denied(HTTPException):
    """Who asks is not given that.

    Attributes:
        hint: What mends it.
    """

    def __init__(
        self, status: int, message: str, hint: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, message, headers)
        self.hint = hint


class Rights:
    """See the module.

    Args:
        cookie: Name of the cookie of sessions.
    """

    def __init__(self, cookie: str) -> None:
        self._session = APIKeyCookie(
            name=cookie,
            scheme_name="session",
            description="Of who logged in. By https its name begins with __Host-.",
            auto_error=False,
        )
        self._token = HTTPBearer(
            scheme_name="token", description="Made by smartrec token add.", auto_error=False
        )

    def needs(self, scope: Scope, deed: str = "", *, shared: bool = False) -> Any:
        """A dependency of a route: who asks, where he may.

        Args:
            scope: He needs this one, or one that includes it.
            deed: What he does, where that is written down.
            shared: Who has a link to the clip in the path may ask, too.
        """
        return Security(self._right(scope, deed, shared=shared), scopes=[scope.value])

    def _right(
        self, scope: Scope, deed: str, *, shared: bool
    ) -> Callable[..., Coroutine[Any, Any, Principal]]:
        async def right(
            request: Request,
            _session: Annotated[object, Security(self._session)],
            _token: Annotated[object, Security(self._token)],
        ) -> Principal:
            caller = caller_of(request)
            if deed:
                caller.deed = Deed(deed, _object(request))
            who = caller.principal
            if who is None:  # the site lets nobody else come so far
                raise Denied(401, "nobody may do that", "Log in.")
            if who.kind is Kind.SHARE:
                if not shared or request.path_params.get("clip_id", "").lower() != who.clip_id:
                    raise Denied(403, "this link shows one clip alone", "Log in to see more.")
            elif not who.scope.includes(scope):
                hint = f"smartrec user role NAME {scope.value} makes it so, at the recorder."
                raise Denied(403, f"that needs the role {scope.value}", hint)
            return who

        return right


def _object(request: Request) -> str:
    found = (request.path_params[name] for name in _NAMES if name in request.path_params)
    return str(next(found, ""))


def caller_of(request: Request) -> Caller:
    """Who asks."""
    caller = request.scope[CALLER]
    assert isinstance(caller, Caller), caller
    return caller
