"""What must not be seen is found however it is written; what need not be hidden stays."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.app.doctor.censor import Censor, secrets_of

SECRETS = ("hunter2", "pä ss/w@rd:", 'q"uo\\te', "l0ng+and=odd&", "%41%42%43")


def writings(secret: str) -> list[str]:
    raw = secret.encode()
    return [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote(secret, safe="").lower(),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        raw.hex(),
        *(
            base64.b64encode(lead + raw + b"\nmore").decode()
            for lead in (b"", b"u", b"me:", b"abcd")
        ),
        base64.urlsafe_b64encode(b"a:" + raw).decode(),
    ]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_however_it_is_written(secret: str) -> None:
    censor = Censor([secret])
    for written in writings(secret):
        hidden = censor(f"before {written} after")
        assert hidden.startswith("before ")
        assert "***" in hidden
        assert written not in hidden
        assert secret not in hidden


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=4, max_size=40))
def test_no_secret_is_left_in_any_form(secret: str) -> None:
    text = " ".join((secret, quote(secret, safe=""), json.dumps(secret)))
    hidden = Censor([secret])(text)
    if secret.strip("*"):
        assert secret not in hidden.replace("***", "")


def test_a_short_secret_is_hidden_where_it_stands_alone() -> None:
    assert Censor(["ab"])("ab=ab cab rtsp://u:ab@h/") == "***=*** cab rtsp://u:***@h/"


def test_a_percent_encoded_secret_is_hidden_plain_too() -> None:
    assert "p@ss" not in Censor(["p%40ss"])("the password p@ss")


def test_the_home_directory_names_nobody() -> None:
    assert Censor([], "/home/jane")("/home/jane/clips") == "~/clips"
    assert Censor([], "/")("/etc") == "/etc"


def test_secrets_are_those_of_addresses_named_settings_and_variables() -> None:
    text = '[mqtt]\npassword = "swordfish" # ours\nsource = "rtsp://me:in-url@h/?token=inquery"\n'
    environ = {
        "MQTT_TOKEN": "from-environment",
        "PWD": "/home/jane",
        "TOKENIZERS_PARALLELISM": "true",
        "http_proxy": "http://u:proxy-pass@h:1",
        "EDITOR": "emacs",
    }
    found = secrets_of(text, ["rtsp://x:escaped@h"], environ)
    assert found == {
        "swordfish", "in-url", "inquery", "from-environment", "proxy-pass", "escaped",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("Authorization: Basic YTpi\nCSeq: 1", "Authorization: ***\nCSeq: 1"),
        ('authorization: Digest user="a", response="d0a9"', "authorization: ***"),
        ("password: hunter2, next", "password: ***, next"),
        ("token=abc&x=1", "token=***&x=1"),
        ('{"password": "hunter2"}', '{"password": "***"}'),
        (json.dumps('{"passwd": "x1"}'), json.dumps('{"passwd": "***"}')),
        ("the password is wrong", "the password is wrong"),
    ],
)
def test_what_a_log_calls_a_secret_is_one(said: str, hidden: str) -> None:
    assert Censor([])(said) == hidden
