"""The audit log: in order, bounded, and not to be washed away by failing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.access import audit
from smartrec.access.model import Entry
from smartrec.access.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with Vault.open(tmp_path, create=True) as made:
        yield made


def entry(number: int, outcome: str = "ok") -> Entry:
    return Entry(number, "ann", "user", "192.0.2.1", "login", f"object {number}", outcome)


def test_the_newest_come_first_and_the_rest_page_by_page(vault: Vault) -> None:
    for number in range(5):
        vault.audit(entry(number))
    newest = vault.entries(2)
    assert [each.wall_ns for each in newest] == [4, 3]
    assert [each.wall_ns for each in vault.entries(9, newest[-1].number)] == [2, 1, 0]
    assert newest[0].object == "object 4"
    assert (newest[0].who, newest[0].kind, newest[0].address) == ("ann", "user", "192.0.2.1")


def test_what_strangers_say_is_cut_and_can_be_stored(vault: Vault) -> None:
    vault.audit(Entry(1, "x" * 10_000, "user", "\ud800", "login", "<b>\x00", "refused"))
    (kept,) = vault.entries(1)
    assert kept.who == "x" * 200
    assert kept.address == "\\ud800"
    assert kept.object == "<b>\x00"


def test_what_is_written_down_lets_nobody_in_or_out(vault: Vault) -> None:
    vault.roster()
    vault.audit(entry(1))
    assert not vault.changed()


def test_the_oldest_are_forgotten_and_failing_often_forgets_nothing_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_DONE", 200)
    monkeypatch.setattr(audit, "MOST_FAILED", 128)
    with Vault.open(tmp_path, create=True) as vault:
        for number in range(150):
            vault.audit(entry(number))
        for number in range(400):
            vault.audit(entry(number, "refused"))
        kept = vault.entries(10_000)
        assert sum(each.outcome == "ok" for each in kept) >= 136
        refused = [each.wall_ns for each in kept if each.outcome != "ok"]
        assert 64 <= len(refused) <= 128
        assert refused == list(range(399, 399 - len(refused), -1))
        for number in range(400):
            vault.audit(entry(number))
        done = [each for each in vault.entries(10_000) if each.outcome == "ok"]
        assert 136 <= len(done) <= 200


def test_it_is_bounded_at_100_000_lines() -> None:
    assert audit.MOST_DONE + audit.MOST_FAILED == 100_000
