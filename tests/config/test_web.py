"""The settings of the page: who comes in, and by which way."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from smartrec.config.load import load
from smartrec.config.web import Web

PAIR = {"certificate": "/c.pem", "key": "/k.pem"}


@pytest.mark.parametrize(
    ("settings", "encrypted"),
    [
        ({}, False),
        ({"address": "::1"}, False),
        ({"address": "0.0.0.0"}, True),
        ({"address": "192.0.2.1"}, True),
        ({"address": "192.0.2.1", "proxy": ["192.0.2.2"]}, False),
        ({"address": "192.0.2.1", "tls": "off"}, False),
        ({"tls": "on"}, True),
        (PAIR, True),
        ({**PAIR, "tls": "off"}, False),
        ({"client_ca": "/ca.pem"}, True),
        ({"address": "192.0.2.1", "proxy": ["192.0.2.2"], "tls": "on"}, True),
    ],
)
def test_whatever_leaves_the_machine_is_encrypted_unless_said_otherwise(
    settings: dict[str, object], encrypted: bool
) -> None:
    assert Web.model_validate(settings).encrypted is encrypted


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"certificate": "/c.pem"}, "key is missing"),
        ({"key": "/k.pem"}, "certificate is missing"),
        ({"proxy_user_header": "Remote-User"}, "needs proxy"),
        ({"client_ca": "/ca.pem", "proxy": ["127.0.0.1"]}, "exclude each other"),
        ({"client_ca": "/ca.pem", "tls": "off"}, "needs https"),
        ({"proxy": ["0.0.0.0/0"]}, "everybody"),
        ({"proxy": ["::/0"]}, "everybody"),
        ({"proxy": ["10.0.0.1/8"]}, "network such as"),
        ({"proxy": ["nginx"]}, "network such as"),
        ({"proxy": [1]}, "network such as"),
        ({"proxy": 1}, "list"),
        ({"proxy_user_header": "Remote User"}, "header"),
        ({"proxy_user_header": "Remote-User:"}, "header"),
        ({"proxy_user_header": "Cookie"}, "something else"),
        ({"proxy_role": "owner"}, "'view', 'record' or 'admin'"),
        ({"tls": "yes"}, "'auto', 'on' or 'off'"),
    ],
)
def test_what_would_let_the_wrong_ones_in_is_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Web.model_validate(settings)


def test_proxies_are_kept_in_one_form() -> None:
    written = ["127.0.0.1", "10.0.0.0/255.0.0.0", "FD00::/8", "::1/128"]
    kept = ("127.0.0.1", "10.0.0.0/8", "fd00::/8", "::1")
    assert Web.model_validate({"proxy": written}).proxy == kept
    environ = {"SMARTREC_WEB__PROXY": "127.0.0.1, 10.0.0.0/8"}
    assert load(path=None, environ=environ, overrides={}).config.web.proxy == kept[:2]


def test_a_relative_path_starts_at_the_file_that_says_it(tmp_path: Path) -> None:
    file = tmp_path / "smartrec.toml"
    file.write_text('[web]\ncertificate = "tls/page.pem"\nkey = "tls/key.pem"\n')
    web = load(path=file, environ={}, overrides={}).config.web
    assert web.certificate == str(tmp_path / "tls/page.pem")
    assert web.key == str(tmp_path / "tls/key.pem")
