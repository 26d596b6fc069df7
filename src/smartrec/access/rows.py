"""Rows of the vault's file as values, and statements that several of its methods need."""

import sqlite3
from pathlib import Path
from typing import Final, Literal

from smartrec.access import database as file
from smartrec.access import secrets
from smartrec.access.model import ABSOLUTE, IDLE, TEXT_MOST, Scope, Session, Share, Token, User
from smartrec.access.naming import folded
from smartrec.access.roster import Roster
from smartrec.errors import UsageError

SESSIONS_MOST: Final = 50
"""Of one user; the one that was not used for longest ends."""

USERS: Final = "SELECT name, scope, added_ns, password_ns FROM users ORDER BY name_key"
SESSIONS: Final = (
    "SELECT sessions.key, users.name AS user, address, agent, begun_ns, used_ns, digest"
    " FROM sessions JOIN users USING (name_key) ORDER BY begun_ns, sessions.key"
)
TOKENS: Final = (
    "SELECT key, name, scope, added_ns, expires_ns, digest FROM tokens ORDER BY name_key"
)
SHARES: Final = (
    "SELECT key, clip_id, made_by, added_ns, expires_ns FROM shares ORDER BY added_ns, key"
)


def roster(database: sqlite3.Connection, path: Path) -> Roster:
    """All of them; inside a transaction of the caller's, so that they belong together."""
    signing_key = signing_key_of(database, path)
    return Roster(
        [user(row) for row in database.execute(USERS)],
        {bytes(row["digest"]): session(row) for row in database.execute(SESSIONS)},
        {bytes(row["digest"]): token(row) for row in database.execute(TOKENS)},
        [share(row) for row in database.execute(SHARES)],
        signing_key,
    )


def user(row: sqlite3.Row) -> User:
    """A row of `USERS`."""
    return User(row["name"], Scope(row["scope"]), row["added_ns"], row["password_ns"])


def session(row: sqlite3.Row) -> Session:
    """A row of `SESSIONS`."""
    begun, used = row["begun_ns"], row["used_ns"]
    return Session(row["key"], row["user"], row["address"], row["agent"], begun, used)


def token(row: sqlite3.Row) -> Token:
    """A row of `TOKENS`."""
    scope = Scope(row["scope"])
    return Token(row["key"], row["name"], scope, row["added_ns"], row["expires_ns"])


def share(row: sqlite3.Row, signing_key: bytes | None = None) -> Share:
    """A row of `SHARES`; with the key, what stands in the link too."""
    return Share(
        *(row["key"], row["clip_id"], row["made_by"], row["added_ns"], row["expires_ns"]),
        "" if signing_key is None else secrets.sign(signing_key, row["key"]),
    )


def signing_key_of(database: sqlite3.Connection, path: Path) -> bytes:
    """With which links are signed.

    Raises:
        AccessDamaged: It is not there; without it anybody could sign.
    """
    row = database.execute("SELECT key FROM signing").fetchone()
    if row is None:
        raise file.damaged(path, "it has no key")
    return bytes(row["key"])


def the_user(database: sqlite3.Connection, name: str) -> User:
    """The one of that name.

    Raises:
        UsageError: There is none.
    """
    row = database.execute(
        "SELECT name, scope, added_ns, password_ns FROM users WHERE name_key = ?",
        (text(folded(name)),),
    ).fetchone()
    if row is None:
        raise UsageError(f"there is no user {name!r}", hint="List them: smartrec user list")
    return user(row)


def end_sessions(database: sqlite3.Connection, name: str) -> None:
    """End all of a user's."""
    database.execute("DELETE FROM sessions WHERE name_key = ?", (text(folded(name)),))


def make_room(database: sqlite3.Connection, name: str, now_ns: int) -> None:
    """Forget all sessions that are over, and of one user's so many that one more fits."""
    database.execute(
        "DELETE FROM sessions WHERE used_ns < ? OR begun_ns < ?", (now_ns - IDLE, now_ns - ABSOLUTE)
    )
    database.execute(
        "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE name_key = ?"
        " ORDER BY used_ns DESC, begun_ns DESC LIMIT -1 OFFSET ?)",
        (folded(name), SESSIONS_MOST - 1),
    )


def count(
    database: sqlite3.Connection, table: Literal["users", "tokens", "shares"], most: int
) -> int:
    """How many there are.

    Raises:
        UsageError: There may be no more.
    """
    there = int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    if there >= most:
        raise UsageError(f"there are {there} {table} already", hint="Remove one.")
    return there


def text(value: str) -> str:
    """Bounded, and text that can be stored: JSON can hold half a character."""
    return value[:TEXT_MOST].encode("utf-8", "backslashreplace").decode()
