"""The page where other machines reach it: once there is a user, encrypted, and after logging in."""

import json
import re
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from hashlib import sha256

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.e2e.recorder import PROGRAM, SERVING, TIMEOUT, Home, Recorder
from tests.e2e.test_page import numbers

TO_ALL = {**SERVING, "SMARTREC_WEB__ADDRESS": "0.0.0.0"}
PAGE = r"^page: https://([^/:]+):(\d+)/ \(its certificate: SHA-256 ([0-9A-F:]{95})\)$"
PASSWORD = "correct horse battery"


def add_user(home: Home, name: str) -> None:
    command = [*PROGRAM, "user", "add", name, "--password-stdin"]
    subprocess.run(
        command, env=home.environ, input=PASSWORD, text=True, check=True, timeout=TIMEOUT
    )


def pinned(port: int, fingerprint: str) -> ssl.SSLContext:
    """Trusts the one certificate with the fingerprint that the recorder printed."""
    pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=TIMEOUT)
    digest = sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
    assert digest == fingerprint.replace(":", "")
    return ssl.create_default_context(cadata=pem)


def test_other_machines_are_served_encrypted_and_after_logging_in_only(home: Home) -> None:
    add_user(home, "ann")
    with Recorder(home, environ=TO_ALL) as running:
        name, port, fingerprint = running.wait_live().wait_for(PAGE).groups()
        assert name != "0.0.0.0"
        tls = pinned(int(port), fingerprint)
        base = f"https://127.0.0.1:{port}/api/v1"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{base}/status", timeout=TIMEOUT, context=tls)
        login = urllib.request.Request(
            f"{base}/session",
            json.dumps({"name": "ann", "password": PASSWORD}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(login, timeout=TIMEOUT, context=tls) as answer:
            assert json.load(answer)["scope"] == "admin"
            cookie = answer.headers["Set-Cookie"].partition(";")[0]
        with connect(
            f"wss://127.0.0.1:{port}/api/v1/live",
            ssl=tls,
            subprotocols=[Subprotocol("smartrec.live.v1")],
            additional_headers={"Cookie": cookie},
            compression=None,
        ) as live:
            live.send(json.dumps({"watch": ["cam0"]}))
            seen = numbers(live, 15)
        assert seen == sorted(set(seen))
        running.stop()
    assert "Traceback" not in running.everything
    assert PASSWORD not in running.everything


@pytest.mark.long
def test_a_user_that_is_added_is_enough_for_the_page_to_appear(home: Home) -> None:
    with Recorder(home, environ=TO_ALL) as running:
        said = running.wait_live().wait_for(r"no page: .* 0\.0\.0\.0 while there is no user.*")[0]
        assert "smartrec user add NAME" in said
        add_user(home, "ann")
        port = int(running.wait_for(PAGE)[2])
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert re.match(rb"HTTP/1\.1 308 ", plain.recv(1000))
        running.stop()
