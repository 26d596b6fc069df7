"""What can go wrong with the page; see `smartrec.app.doctor.troubles.table`."""

from collections.abc import Mapping
from typing import Final

from smartrec.app.doctor.troubles.trouble import Trouble

PAGE: Final[Mapping[str, Trouble]] = {
    "no-user": Trouble(
        "`the page is not served at 0.0.0.0 while there is no user`",
        "Whoever reaches that address could see all. It is tried again every ten seconds, so a "
        "user is enough; browsers behind a proxy are asked for a password that nobody has.",
        "`smartrec user add NAME`",
        (r"not served at \S+ while there is no user",),
    ),
    "no-users-file": Trouble(
        "`nobody can be let in: …`",
        "The file with users cannot be read, is damaged, or was written by a newer smartrec. The "
        "page lets nobody in rather than everybody; recording goes on.",
        "`smartrec user list` says what is wrong",
        (r"nobody can be let in",),
    ),
    "unencrypted": Trouble(
        "`not encrypted: whoever shares the network reads passwords and pictures`",
        '`[web] tls = "off"` at an address that other machines reach, and no proxy in between.',
        'Leave `[web] tls = "off"` out; or name the proxy that encrypts: `[web] proxy`',
        (r"not encrypted: whoever shares",),
    ),
    "untrusted-certificate": Trouble(
        "The browser says `Your connection is not private`, `SEC_ERROR_UNKNOWN_ISSUER`, "
        "`self-signed certificate`",
        "smartrec made its certificate itself: no authority vouches for it, so that the first "
        "time you have to. It is the right one if its SHA-256 fingerprint is what `smartrec "
        "doctor` prints.",
        "Compare the fingerprint, then go on; or a certificate of your own: `[web] certificate`, "
        "`key`",
        (
            r"err_cert_authority_invalid",
            r"sec_error_unknown_issuer",
            r"mozilla_pkix_error_self_signed_cert",
            r"self[- ]signed certificate",
            r"connection is not private",
        ),
    ),
    "certificate-unusable": Trouble(
        "`the page's certificate … cannot be used with the key …`",
        "Certificate and key do not belong together, are no PEM, have a passphrase, or this user "
        "may not read them. It is tried again every ten seconds.",
        "`openssl x509 -noout -text -in CERTIFICATE`, `openssl pkey -noout -check -in KEY`",
        (
            r"certificate \S+ cannot be used",
            r"key values mismatch",
            r"is no certificate in pem",
        ),
    ),
    "certificate-ended": Trouble(
        "The browser says `ERR_CERT_DATE_INVALID`, `SEC_ERROR_EXPIRED_CERTIFICATE`",
        "Your own certificate has ended or is not good yet, or a clock is wrong. One that smartrec "
        "made is renewed by itself.",
        "Renew it in its place, such as `sudo certbot renew`; the page takes it within the hour",
        (
            r"err_cert_date_invalid",
            r"sec_error_expired_certificate",
            r"certificate (has|is) expired",
        ),
    ),
    "nameless-proxy": Trouble(
        "`this server is not called by that name` behind a reverse proxy",
        "The proxy hands on the name that browsers call it by, and that is not in the settings.",
        "The name in `[web] hosts`; in the proxy: `proxy_set_header Host $http_host;` (nginx)",
        (r"not called by that name",),
    ),
    "foreign-origin": Trouble(
        "`the request was made by another site`, though the page is your own",
        "A reverse proxy changes Host, or does not say that browsers come by https.",
        "In the proxy: `proxy_set_header Host $http_host;`, `proxy_set_header X-Forwarded-Proto "
        "$scheme;`; its address in `[web] proxy`",
        (r"made by another site",),
    ),
    "secret-for-all": Trouble(
        "The key of the page's certificate can be read by others",
        "Whoever reads it can pretend to be this page.",
        "`chmod 600 FILE`",
    ),
}
