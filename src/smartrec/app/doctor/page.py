"""What `smartrec doctor` looks at of the page: who reaches it, by which way, and who comes in."""

import stat
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from smartrec.access import certificate, machine
from smartrec.access.certificate import Certificate
from smartrec.access.vault import Vault
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.subject import Subject
from smartrec.config.web import Web
from smartrec.errors import NoPage, StoreError
from smartrec.places import state_dir
from smartrec.units import SECOND

_SOON: Final = timedelta(days=14)
_OTHERS: Final = 0o007
_ALL_BUT_OWNER: Final = 0o077


def check_page(subject: Subject) -> Iterator[Finding]:
    """Whether browsers can come, and whether the wrong ones can."""
    web = subject.web
    if not web.enabled:
        yield Finding(Status.OK, "switched off: [web] enabled")
        return
    state = state_dir(subject.environ)
    now = datetime.fromtimestamp(subject.clock.now().wall_ns // SECOND, timezone.utc)
    users, unreadable = _users(state)
    if unreadable is not None:
        yield unreadable
    yield judge_reach(web, users)
    yield from judge_way(web)
    if web.encrypted:
        yield from _certificates(web, state, now)
    yield from _secrets(web, state)


def judge_reach(web: Web, users: int | None) -> Finding:
    """Who reaches the page, and what it asks of them.

    Args:
        web: The settings.
        users: How many there are; None where that cannot be told.
    """
    alone = ip_address(web.address).is_loopback
    who = "this machine alone" if alone else "other machines too"
    who += ", and whoever the proxy lets in" * bool(web.proxy)
    where = f"{_address(web)} for {who}"
    by_others = (web.proxy and web.proxy_user_header) or web.client_ca
    if users == 0 and not by_others and (web.proxy or not alone):
        return amiss("no-user", f"{where}, and there is no user", status=Status.WARN)
    if users:
        asked = f"; {users} user{'s' * (users != 1)}"
    elif web.client_ca:
        asked = "; browsers need a certificate"
    else:
        asked = "; the proxy says who it is" if by_others else "; nobody has to log in"
    return Finding(Status.OK, where + asked * (users is not None))


def judge_way(web: Web) -> Iterator[Finding]:
    """What others could read on the way, and whether a proxy's browsers are refused."""
    alone = ip_address(web.address).is_loopback
    if not (alone or web.encrypted or web.proxy):
        yield amiss("unencrypted", "other machines reach it without https", status=Status.WARN)
    if alone and web.proxy and not web.hosts:
        what = "[web] hosts has no name that browsers call the proxy by"
        yield amiss("nameless-proxy", what, status=Status.WARN)


def judge_certificate(found: Certificate, now: datetime) -> Finding:
    """Whether browsers take it now, and for how long.

    Args:
        found: What they are shown.
        now: With its zone.
    """
    kind = "made here" if found.made_here else str(found.path)
    what = f"certificate ({kind}) until {found.ends:%Y-%m-%d}, SHA-256 {found.fingerprint}"
    if found.made_here or found.begins <= now < found.ends - _SOON:
        return Finding(Status.OK, what)
    if now < found.begins:
        stands = f"is not good before {found.begins:%Y-%m-%d}"
    else:
        stands = "has ended" if now >= found.ends else "ends soon"
    return amiss("certificate-ended", f"{what}: it {stands}", status=Status.WARN)


def _certificates(web: Web, state: Path, now: datetime) -> Iterator[Finding]:
    own = certificate.place(state)
    path, key = Path(web.certificate or own), Path(web.key or own)
    if not web.certificate and not own.exists():
        yield Finding(Status.OK, "its certificate is made when it first starts")
        return
    try:
        certificate.context(path, key, Path(web.client_ca) if web.client_ca else None)
        found = certificate.read(path, key, made_here=not web.certificate)
    except NoPage as error:
        if not web.certificate and not web.client_ca:
            yield Finding(Status.OK, f"its certificate is made anew when it starts: {error}")
        else:
            mend = error.hint or ""
            yield amiss("certificate-unusable", str(error), mend=mend, status=Status.WARN)
        return
    yield judge_certificate(found, now)


def _secrets(web: Web, state: Path) -> Iterator[Finding]:
    """Keys that others must not read; a group may read one that was given to it.

    The file with users closes itself to others whenever it is opened.
    """
    yield from _readable(certificate.place(state), _ALL_BUT_OWNER)
    if web.key is not None:
        yield from _readable(Path(web.key), _OTHERS)


def _readable(path: Path, whom: int) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:  # none, or not ours to see: told elsewhere
        return
    if mode & whom:
        what = f"{path} can be read or written by others: mode {mode:04o}"
        mend = f"`chmod {mode & ~whom:04o} '{path}'`"
        yield amiss("secret-for-all", what, mend=mend, status=Status.WARN)


def _users(state: Path) -> tuple[int | None, Finding | None]:
    try:
        with Vault.open(state, create=False) as vault:
            return len(vault.users()), None
    except StoreError as error:
        return None, amiss("no-users-file", str(error), mend=error.hint or "", status=Status.WARN)


def _address(web: Web) -> str:
    """As `smartrec.web.listening.address_of` says it of a page that is there."""
    host = web.address
    if ip_address(host).is_unspecified:
        host = next(iter(machine.host_names()), "localhost")
    host = f"[{host}]" if ":" in host else host
    port = str(web.port) if web.port else "PORT"
    return f"{'https' if web.encrypted else 'http'}://{host}:{port}/"
