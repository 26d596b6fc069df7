"""Users, sessions, tokens, links and the audit log, kept in one file."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from smartrec.access import audit, naming, passwords, rows, secrets
from smartrec.access import database as file
from smartrec.access.model import DAY, Entry, Scope, Session, Share, Token, User
from smartrec.access.roster import Roster
from smartrec.clock import Clock, SystemClock
from smartrec.errors import StoreError, UsageError
from smartrec.units import SECOND

USERS_MOST: Final = 1000
TOKENS_MOST: Final = 1000
SHARES_MOST: Final = 10_000
TOUCH_EVERY: Final = 600 * SECOND
"""Last use is written no more often: every write wears a card."""
_TYPED_MOST: Final = 4 * naming.NAME_MOST
"""Characters of a name as it is typed, not composed yet."""
_OVER_FOR: Final = 30 * DAY
"""Links are listed for so long when their time is over; also, the clock may have been wrong."""
log = logging.getLogger(__name__)


class Vault:
    """One connection to the file, for the thread that opened it; every method may wait for a disk.

    Any number of processes may have it open: each sees what the others wrote, and whoever is
    killed leaves the state before or after. Where there is no file, there are no users; the first
    thing written makes it. All methods raise `StoreError` (with `AccessTooNew`, `AccessDamaged`,
    `DiskFull`) where the file cannot be read or written: then let nobody in.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._database: sqlite3.Connection | None = None
        self._file: file.Identity | None = None
        self._was_there = False
        self._seen: int | None = None
        self._unchanged = False

    @staticmethod
    def open(state: Path, *, create: bool, clock: Clock | None = None) -> "Vault":
        """The vault in a state directory (see `smartrec.places`).

        Args:
            state: The directory; made where it is missing and there is something to write.
            create: Whether the file is made at once rather than with the first thing written.
            clock: Dates what is added.

        Raises:
            StoreError: It cannot be opened.
        """
        vault = Vault(state / file.FILE_NAME, clock or SystemClock())
        if create:
            file.make(vault._path)
        vault._look()
        return vault

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def absent(self) -> bool:
        """Whether there was no file, so that there are no users."""
        return self._database is None

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
        self._database = self._file = self._seen = None

    def __enter__(self) -> "Vault":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def changed(self) -> bool:
        """Whether `roster` may say something else than it did last, whoever wrote."""
        if not self._unchanged or file.which(self._path) != self._file:
            return True
        if self._database is None:
            return False
        with file.our_errors(self._path):
            return file.data_version(self._database) != self._seen

    def roster(self) -> Roster:
        """All that is needed to let people in, of one moment."""
        self._unchanged = False
        database = self._look()
        if database is None:
            self._unchanged = True
            return Roster()
        self._file, which = None, self._file  # what is damaged is opened anew: a copy may come
        with file.our_errors(self._path):
            seen = file.data_version(database)
            with file.transaction(database, "DEFERRED"):
                roster = self._read(database)
        self._file = which
        self._seen, self._unchanged = seen, True
        return roster

    # --- users

    def users(self) -> list[User]:
        """All, by name."""
        return [rows.user(row) for row in self._rows(rows.USERS)]

    def add_user(self, name: str, password: str, scope: Scope | None = None) -> User:
        """Add one; without a scope the first may do everything, all others look.

        Raises:
            UsageError: The name is taken or cannot be one, the password cannot be one.
        """
        name = naming.normal(name)
        naming.check_password(password)
        kept, now = passwords.kept(password), self._now()
        with self._writing() as database:
            count = rows.count(database, "users", USERS_MOST)
            scope = scope or (Scope.VIEW if count else Scope.ADMIN)
            added = database.execute(
                "INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?, ?)",
                (naming.folded(name), name, scope.value, kept, now, now),
            )
            if not added.rowcount:
                raise UsageError(
                    f"there is a user {name!r} already",
                    hint=f"Set another password: smartrec user password '{name}'",
                )
        return User(name, scope, now, now)

    def set_password(self, name: str, password: str) -> User:
        """Set another; all sessions of that user end.

        Raises:
            UsageError: There is no such user, or the password cannot be one.
        """
        naming.check_password(password)
        kept = passwords.kept(password)
        with self._writing() as database:
            user = rows.the_user(database, name)
            database.execute(
                "UPDATE users SET password = ?, password_ns = ? WHERE name_key = ?",
                (kept, self._now(), naming.folded(name)),
            )
            rows.end_sessions(database, name)
        return user

    def set_scope(self, name: str, scope: Scope) -> User:
        """Let a user do more or less; all their sessions end.

        Raises:
            UsageError: There is no such user.
        """
        with self._writing() as database:
            user = rows.the_user(database, name)
            database.execute(
                "UPDATE users SET scope = ? WHERE name_key = ?",
                (scope.value, naming.folded(name)),
            )
            rows.end_sessions(database, name)
        return User(user.name, scope, user.added_ns, user.password_ns)

    def remove_user(self, name: str) -> User:
        """Remove one with all sessions; links that they made stay.

        Raises:
            UsageError: There is no such user.
        """
        with self._writing() as database:
            user = rows.the_user(database, name)
            database.execute("DELETE FROM users WHERE name_key = ?", (naming.folded(name),))
        return user

    def check(self, name: str, password: str) -> User | None:
        """The user, if that is the password.

        Costs the same for a name that nobody has. Takes a processor and 19 MiB for a moment: one
        at a time.
        """
        if len(password) > naming.PASSWORD_MOST:
            return None
        key = naming.folded(name) if len(name) <= _TYPED_MOST else ""
        found = self._rows("SELECT * FROM users WHERE name_key = ?", (rows.text(key),))
        kept = str(found[0]["password"]) if found else passwords.NOBODY
        if not passwords.matches(kept, password) or not found:
            return None
        if passwords.outdated(kept):
            self._keep_anew(key, kept, password)
        return rows.user(found[0])

    # --- sessions

    def begin_session(
        self, user: str, address: str, agent: str, now_ns: int, password_ns: int | None = None
    ) -> str:
        """Begin one, and return its secret; only a digest of that is kept.

        Args:
            user: Name of the user.
            address: Where it begins.
            agent: What the browser calls itself.
            now_ns: Nanoseconds since 1970-01-01 UTC.
            password_ns: When the password was set that was checked: who sets another ends all
                sessions, one too that is about to begin.

        Raises:
            UsageError: There is no such user (any more), or the password is another by now.
        """
        secret, key = secrets.new_session(), naming.folded(user)
        with self._writing() as database:
            if password_ns not in (None, rows.the_user(database, user).password_ns):
                raise UsageError("the password was changed meanwhile", hint="Log in with the new.")
            rows.make_room(database, user, now_ns)
            database.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(secrets.new_key(), secrets.digest(secret), key),
                    *(rows.text(address), rows.text(agent), now_ns, now_ns),
                ),
            )
        return secret

    def touch(self, keys: Sequence[str], now_ns: int) -> None:
        """Write down that sessions with these public ids were used now, if that is some time on."""
        late = now_ns - TOUCH_EVERY
        used = {session.key: session.used_ns for session in self.sessions()}
        known = [(now_ns, key) for key in keys if key in used and used[key] <= late]
        if known:
            with self._writing() as database:
                database.executemany("UPDATE sessions SET used_ns = ? WHERE key = ?", known)

    def sessions(self) -> list[Session]:
        """All, oldest first; those too that are over."""
        return [rows.session(row) for row in self._rows(rows.SESSIONS)]

    def end_session(self, key: str) -> bool:
        """End the one with that public id; return whether it was there."""
        return self._delete("DELETE FROM sessions WHERE key = ?", key)

    def end_sessions(self, user: str) -> bool:
        """End all of a user's; return whether there was one."""
        return self._delete("DELETE FROM sessions WHERE name_key = ?", naming.folded(user))

    # --- tokens

    def add_token(self, name: str, scope: Scope, expires_ns: int | None) -> str:
        """Make one, and return its secret; only a digest of that is kept.

        Raises:
            UsageError: The name is taken by one that still counts, or cannot be one.
        """
        name, secret, now = naming.normal(name), secrets.new_token(), self._now()
        key = naming.folded(name)
        with self._writing() as database:
            rows.count(database, "tokens", TOKENS_MOST)
            database.execute(
                "DELETE FROM tokens WHERE name_key = ? AND expires_ns <= ?", (key, now)
            )
            row = (key, secrets.new_key(), name, secrets.digest(secret), scope.value, now)
            added = database.execute(
                "INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, expires_ns)
            )
            if not added.rowcount:
                raise UsageError(
                    f"there is a token {name!r} already",
                    hint=f"Remove it first: smartrec token remove '{name}'",
                )
        return secret

    def tokens(self) -> list[Token]:
        """All, by name; those too whose time is over."""
        return [rows.token(row) for row in self._rows(rows.TOKENS)]

    def remove_token(self, name: str) -> None:
        """Make one worth nothing.

        Raises:
            UsageError: There is none of that name.
        """
        if not self._delete("DELETE FROM tokens WHERE name_key = ?", naming.folded(name)):
            raise UsageError(f"there is no token {name!r}", hint="List them: smartrec token list")

    # --- links

    def add_share(self, clip_id: str, by: str, expires_ns: int) -> Share:
        """Make a link to one clip; that there is such a clip is not looked at."""
        key, now = secrets.new_key(), self._now()
        with self._writing() as database:
            rows.count(database, "shares", SHARES_MOST)
            database.execute("DELETE FROM shares WHERE expires_ns < ?", (now - _OVER_FOR,))
            row = (key, rows.text(clip_id), rows.text(by), now, expires_ns)
            database.execute("INSERT INTO shares VALUES (?, ?, ?, ?, ?)", row)
            signing_key = rows.signing_key_of(database, self._path)
        return Share(key, clip_id, by, now, expires_ns, secrets.sign(signing_key, key))

    def shares(self) -> list[Share]:
        """All, oldest first; for a month those too whose time is over."""
        if (found := self._rows(rows.SHARES)) and (database := self._database):
            signing_key = rows.signing_key_of(database, self._path)
            return [rows.share(row, signing_key) for row in found]
        return []

    def remove_share(self, key: str) -> bool:
        """Make the one with that public id worth nothing; return whether it was there."""
        return self._delete("DELETE FROM shares WHERE key = ?", key)

    # --- audit

    def audit(self, entry: Entry) -> None:
        """Write down what somebody did; the oldest are forgotten beyond 100,000."""
        with self._writing(roster=False) as database:
            audit.write(database, entry)

    def entries(self, limit: int, before: int | None = None) -> list[Entry]:
        """The newest entries first; those `before` the number of another, if one is given."""
        if (database := self._look()) is None:
            return []
        with file.our_errors(self._path):
            return audit.read(database, limit, before)

    # --- the file

    def _look(self) -> sqlite3.Connection | None:
        """The connection to the file that has its name now; None where there never was one."""
        found = file.which(self._path)
        self._was_there = self._was_there or found is not None
        if found is None and self._was_there:
            # To be moved away under a running page opens it to nobody, damaged or not.
            raise StoreError(
                f"{self._path} is gone: nobody knows who may come in",
                hint="Put it back; or start the recorder again to begin without users.",
            )
        if self._database is not None and found != self._file:
            self.close()
        if self._database is None and found is not None:
            self._database = file.connect(self._path)
            self._file = found
        return self._database

    @contextmanager
    def _writing(self, *, roster: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction; `roster`: whether it may change that."""
        if (database := self._look()) is None:
            file.make(self._path)
            database = self._look()
            assert database is not None, "it was just made"
        with file.our_errors(self._path), file.transaction(database, "IMMEDIATE"):
            yield database
        self._unchanged = self._unchanged and not roster

    def _read(self, database: sqlite3.Connection) -> Roster:
        try:
            return rows.roster(database, self._path)
        except ValueError as error:  # a disk that loses bits: SQLite looks for that at the start
            raise file.damaged(self._path, "a value in it cannot be") from error

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        if (database := self._look()) is None:
            return []
        with file.our_errors(self._path):
            return database.execute(query, values).fetchall()

    def _delete(self, statement: str, value: str) -> bool:
        if self._look() is None:
            return False
        with self._writing() as database:
            return database.execute(statement, (rows.text(value),)).rowcount > 0

    def _keep_anew(self, key: str, kept: str, password: str) -> None:
        """With today's parameters; a disk that takes nothing keeps nobody out."""
        try:
            with self._writing() as database:
                database.execute(
                    "UPDATE users SET password = ? WHERE name_key = ? AND password = ?",
                    (passwords.kept(password), key, kept),
                )
        except StoreError as error:
            log.warning("a password is kept as before: %s", error)

    def _now(self) -> int:
        return self._clock.now().wall_ns
