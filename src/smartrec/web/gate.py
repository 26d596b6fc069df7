"""The page's gate: who asks, what may be tried how often, and what is written down of it.

The loop's thread only; what needs a disk or a password goes to the keeper's.
"""

from functools import partial
from typing import Final

from smartrec.access.model import DONE, Entry, Kind
from smartrec.access.vault import Vault
from smartrec.clock import Clock
from smartrec.errors import SmartrecError
from smartrec.units import SECOND, Ns
from smartrec.web.doorman import Caller, Doorman, Entrance
from smartrec.web.keeper import Keeper, News
from smartrec.web.limiter import Limiter, Pace

PASSWORDS: Final = Pace(5, Ns(30 * SECOND))
"""Tries of an address; those that were right do not count."""
ALL_PASSWORDS: Final = Pace(30, Ns(2 * SECOND))
_STRANGERS: Final = Pace(30, Ns(20 * SECOND))
_ALL_STRANGERS: Final = Pace(200, Ns(10 * SECOND))
"""What is written down of those who need no password for it, and of what fails."""
_TOUCH_EVERY: Final = Ns(60 * SECOND)
_MOST_TRYING: Final = 8
"""Passwords that wait to be looked at; each takes a moment of a processor."""
_SOON: Final = Ns(SECOND)
_DOWNLOAD: Final = "clip.download"
_READ_AGAIN: Final = Ns(600 * SECOND)
"""Who downloads the same clip again until then did so once."""
_MOST_READ: Final = 4096
_OUTCOMES: Final = {401: "wrong", 403: "not allowed", 404: "not there", 409: "kept", 429: "limited"}
_FAILED: Final = 400


class TooMany(SmartrecError):  # noqa: N818 - a condition
    """A password may not be tried now.

    Attributes:
        seconds: In so many it may.
    """

    def __init__(self, wait: Ns) -> None:
        self.seconds = -(-wait // SECOND)
        super().__init__("too many tries to log in", hint=f"Try again in {self.seconds} s.")


class Gate:
    """See the module.

    Args:
        entrance: What the settings say.
        keeper: Has begun.
        clock: Tells both times.
    """

    def __init__(self, entrance: Entrance, keeper: Keeper, clock: Clock) -> None:
        self.keeper = keeper
        self.doorman = Doorman(entrance, self.wall_ns, keeper.news.roster)
        self._clock = clock
        self._limiter = Limiter(PASSWORDS, ALL_PASSWORDS)
        self._strangers = Limiter(_STRANGERS, _ALL_STRANGERS)
        self._read: dict[object, Ns] = {}
        self._trying = 0
        self._touched_at = clock.monotonic()
        self._learn(keeper.news)
        keeper.listener = self._learn

    def wall_ns(self) -> int:
        """Now, UTC."""
        return self._clock.now().wall_ns

    async def log_in(self, caller: Caller, name: str, password: str) -> str | None:
        """Begin a session; its secret, or None where name or password are wrong.

        Raises:
            TooMany: Not now.
            SmartrecError: Users cannot be read, or no session written.
        """
        now = self._clock.monotonic()
        wait = self._limiter.wait(caller.address, now)
        if wait == 0 and self._trying >= _MOST_TRYING:
            self._limiter.give_back(caller.address)
            wait = _SOON
        if wait:
            raise TooMany(wait)
        self._trying += 1
        try:
            secret = await self.keeper.ask(partial(self._begun, caller, name, password))
        finally:
            self._trying -= 1
        if secret is not None:
            self._limiter.give_back(caller.address)
        return secret

    def write_down(self, caller: Caller, status: int) -> None:
        """What somebody did, once it is known how that was answered.

        Who floods the page shall neither wear its disk nor wash away what others did.
        """
        deed, who = caller.deed, caller.principal
        if deed is None:
            return
        strange = status >= _FAILED or (who is not None and who.kind is Kind.SHARE)
        if strange and self._strangers.wait(caller.address, self._clock.monotonic()):
            return
        if deed.action == _DOWNLOAD and not strange and self._lately((caller.address, who, deed)):
            return
        outcome = DONE if status < _FAILED else _OUTCOMES.get(status, "failed")
        name, kind = (deed.who, "") if who is None else (who.name, who.kind.value)
        entry = Entry(self.wall_ns(), name, kind, caller.address, deed.action, deed.what, outcome)
        self.keeper.put(lambda vault: vault.audit(entry))

    def _lately(self, read: object) -> bool:
        """Whether just that was read lately: whoever may only look could fill the log with it."""
        now = self._clock.monotonic()
        last = self._read.pop(read, None)
        again = last is not None and now - last < _READ_AGAIN
        self._read[read] = last if last is not None and again else now
        if len(self._read) > _MOST_READ:
            del self._read[next(iter(self._read))]
        return again

    def _begun(self, caller: Caller, name: str, password: str, vault: Vault) -> str | None:
        user = vault.check(name, password)
        if user is None:
            return None
        whence = caller.address, caller.agent
        return vault.begin_session(user.name, *whence, self.wall_ns(), user.password_ns)

    def _learn(self, news: News) -> None:
        self.doorman.learn(news.roster, news.problem)
        now = self._clock.monotonic()
        if now - self._touched_at >= _TOUCH_EVERY:
            self._touched_at = now
            used = sorted(self.doorman.used())
            if used:
                self.keeper.put(lambda vault: vault.touch(used, self.wall_ns()))
