"""The page's certificate: one of the user's own, or one that is made here (X.509, RFC 5280).

What is made is signed by itself and can sign nothing else, so that who trusts it trusts this page
and no other. Certificate and key are in one file: they are replaced together or not at all.
"""

import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from smartrec.access import machine
from smartrec.access.secrets import new_key
from smartrec.errors import NoPage, StoreError, store_error
from smartrec.store.files import sync_directory
from smartrec.units import SECOND

if TYPE_CHECKING:
    from cryptography import x509

DIRECTORY: Final = "tls"
FILE: Final = "page.pem"
LIFE: Final = timedelta(days=398)
"""The longest that browsers take (CA/Browser Forum)."""
RENEWED: Final = timedelta(days=30)
"""Before its end."""
_EARLIER: Final = timedelta(days=1)
"""It is good already for who has a slow clock."""
_MOST: Final = 1 << 20
_MOST_NAMES: Final = 64
_MOST_LETTERS: Final = 64
"""Of a common name: ub-common-name of RFC 5280."""
_UNREADABLE: Final = "Is it PEM, and may this user read it? openssl x509 -noout -text -in '{}'"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What browsers are shown.

    Attributes:
        path: Of the PEM file with it and those above it.
        key: Of the PEM file with its private key.
        fingerprint: SHA-256 of it as browsers show it: ``"AB:CD:…"``.
        begins: When it becomes good.
        ends: When it no longer is.
        names: Names and addresses that it is for.
        made_here: Whether smartrec made it.
    """

    path: Path
    key: Path
    fingerprint: str
    begins: datetime
    ends: datetime
    names: tuple[str, ...]
    made_here: bool = False


def place(state: Path) -> Path:
    """Where the one that is made is kept below the state directory."""
    return state / DIRECTORY / FILE


def read(path: Path, key: Path, *, made_here: bool = False) -> Certificate:
    """The first certificate in a PEM file; whether it is any good is not asked.

    Args:
        path: Of that file.
        key: Of the one with its private key, which is not read.
        made_here: Whether smartrec made it.

    Raises:
        NoPage: It cannot be read, or is none.
    """
    from cryptography import x509  # late: takes long

    try:
        with path.open("rb") as file:
            first = x509.load_pem_x509_certificates(file.read(_MOST))[0]
        from cryptography.hazmat.primitives.serialization import Encoding

        digest = sha256(first.public_bytes(Encoding.DER)).hexdigest().upper()
        names = _names_in(first)
        begins, ends = first.not_valid_before_utc, first.not_valid_after_utc
    except OSError as error:
        why = error.strerror or str(error)
        raise NoPage(f"cannot read {path}: {why}", hint=_UNREADABLE.format(path)) from error
    except ValueError as error:
        raise NoPage(
            f"{path} is no certificate in PEM: {error}", hint=_UNREADABLE.format(path)
        ) from error
    print_ = ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))
    return Certificate(path, key, print_, begins, ends, names, made_here)


def wanted_names(address: str, hosts: Iterable[str]) -> tuple[str, ...]:
    """All that browsers may call the page by, as far as it is known.

    Args:
        address: Where it listens.
        hosts: Further names, of the settings.
    """
    where = ip_address(address)
    own = () if where.is_unspecified else (str(where),)
    names = (*machine.host_names(), "localhost", *hosts, *own, *machine.addresses())
    return tuple(dict.fromkeys(names))


def made(state: Path, names: Iterable[str], wall_ns: int) -> Certificate:
    """The one that is made here: the present one where it will do, else a new one.

    A new one keeps what the last was for, so that a machine that goes back and forth between two
    networks has one for both.

    Args:
        state: The state directory.
        names: Names and addresses that it must be for, the most important one first.
        wall_ns: Now, nanoseconds since 1970-01-01 UTC.

    Raises:
        StoreError: It cannot be kept there.
    """
    path = place(state)
    now = datetime.fromtimestamp(wall_ns // SECOND, timezone.utc)
    needed = list(dict.fromkeys(names))[:_MOST_NAMES]
    before = _present(path)
    if before is not None:
        fresh = before.begins <= now < before.ends - RENEWED
        if fresh and set(needed) <= set(before.names):
            return before
        needed = list(dict.fromkeys((*needed, *before.names)))[:_MOST_NAMES]
    _write(path, _new(needed, now))
    return read(path, path, made_here=True)


def context(certificate: Path, key: Path, client_ca: Path | None = None) -> ssl.SSLContext:
    """How the page speaks TLS: 1.2 or newer, as OpenSSL and Python think it safe.

    Args:
        certificate: PEM file with it and those above it.
        key: PEM file with its private key.
        client_ca: PEM file with authorities; then browsers need a certificate of theirs.

    Raises:
        NoPage: One cannot be read, is none, or key and certificate do not belong together.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["http/1.1"])
    load(made, certificate, key)
    if client_ca is not None:
        try:
            made.load_verify_locations(client_ca)
        except (OSError, ValueError) as error:
            raise NoPage(
                f"browsers' certificates cannot be checked by {client_ca}: {_why(error)}",
                hint=_UNREADABLE.format(client_ca),
            ) from error
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def load(into: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Take a certificate and its key for all connections from now on.

    Raises:
        NoPage: See `context`; what was taken before stays.
    """
    try:
        # With no passphrase: OpenSSL would ask for one on the terminal, and wait for ever.
        into.load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise NoPage(
            f"the page's certificate {certificate} cannot be used with the key {key}: "
            f"{_why(error)}",
            hint="Do they belong together? The key must be PEM, for this user to read, without a "
            "passphrase.",
        ) from error


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else str(error) or type(error).__name__


def _present(path: Path) -> Certificate | None:
    """The one that is there, if it can be used."""
    if not path.exists():
        return None
    try:
        context(path, path)
        return read(path, path, made_here=True)
    except NoPage:  # half of one, or another's: it is made again
        return None


def _names_in(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    names = found.get_values_for_type(x509.DNSName)
    return (*names, *(str(each) for each in found.get_values_for_type(x509.IPAddress)))


def _new(names: list[str], now: datetime) -> bytes:
    """Key and certificate, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "smartrec"),
            x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_MOST_LETTERS]),
        ]
    )
    usage = dict.fromkeys(
        (
            *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now - _EARLIER + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + certificate.public_bytes(Encoding.PEM)


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509

    with suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{new_key()}")
    try:
        for directory in (path.parent.parent, path.parent):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # Made for its owner only: what others once opened they could go on reading.
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise store_error(path, "cannot keep the page's certificate in", error) from error
    with suppress(StoreError):  # it can be made again
        sync_directory(path.parent)
