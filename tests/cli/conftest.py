"""What tests of several commands share."""

from pathlib import Path

import pytest


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this machine's vault is; nothing is there yet."""
    monkeypatch.setenv("SMARTREC_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"
